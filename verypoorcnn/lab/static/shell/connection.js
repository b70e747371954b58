// The line beneath the tabs that says when the server is gone, until it is back.

const GONE =
  "The server does not answer: is `verypoorcnn lab` still running?  " +
  "Until it does, the page shows how things stood.";
const ANOTHER = "The lab was started anew: open the address that it printed this time.";
const CROWDED = "Too many pages of this lab are open to keep this one up to date: close another.";

/** Say in this element how the connection stands whenever it breaks. */
export function watchConnection(line, { on }) {
  let whole = true;
  on("lost", async ({ refused }) => {
    whole = false;
    const why = refused ? await whyRefused() : GONE;
    if (!whole) line.textContent = why;
  });
  on("reopened", () => {
    whole = true;
    line.textContent = "";
  });
}

/** Events were refused: whoever may not ask for anything has the key of a lab that is no more. */
async function whyRefused() {
  try {
    const { status } = await fetch("/api/session", { credentials: "same-origin" });
    return status === 403 ? ANOTHER : CROWDED;
  } catch {
    return GONE;
  }
}
