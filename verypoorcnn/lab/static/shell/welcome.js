// The first visit: an offer of the tour.  A link into the tour opens it where the link says.

import { fill, h } from "../lib/dom.js";

const VISITED = "verypoorcnn-lab-visited";

/** Offer the tour once to each visitor. */
export function welcome(lab) {
  if (lab.state.get("step")) openTour();
  else if (!visited()) offer();
}

function offer() {
  const host = document.getElementById("tour-host");
  const decline = () => fill(host);
  const accept = () => {
    decline();
    openTour();
  };
  fill(
    host,
    h(
      "div",
      { class: "tour-card", role: "region", "aria-label": "An offer" },
      h("p", {}, "Here for the first time? Eight steps show what this page can do."),
      h(
        "div",
        { class: "tour-foot" },
        h("button", { type: "button", onclick: decline }, "No, thanks"),
        h("button", { type: "button", class: "primary", onclick: accept }, "Take the tour"),
      ),
    ),
  );
}

function openTour() {
  document.getElementById("open-tour").click();
}

/** Whether this browser was here before; from now on it was. */
function visited() {
  try {
    const before = localStorage.getItem(VISITED) !== null;
    localStorage.setItem(VISITED, "1");
    return before;
  } catch {
    return true; // a browser that keeps nothing would be asked every time
  }
}
