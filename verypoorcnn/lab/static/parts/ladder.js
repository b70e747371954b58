// The engines as rungs of a ladder, each with the best speed that was measured on this page.  A bar
// grows with the logarithm: from one rung to the next it is ten times or more.

import { fill, h } from "../lib/dom.js";
import { count } from "../lib/numbers.js";

const [SLOWEST, FASTEST] = [10, 1e7]; // images a second at the ends of a bar
const ABOUT = {
  textbook: "the loops as they stand, in CPython",
  python: "the same loops, specialised",
  native: "the same loops, as machine code",
};

/** A choice of engines; onchoose(name) when another is taken. */
export function ladder(onchoose) {
  const element = h("fieldset", { class: "ladder" });
  let shown = "";

  function show(rungs, chosen) {
    const now = JSON.stringify([rungs, chosen]);
    if (now === shown) return;
    const held = element.contains(document.activeElement);
    shown = now;
    fill(
      element,
      h("legend", {}, "Engine: same loss, other speed"),
      rungs.map((one) => rung(one, rungs, chosen)),
    );
    if (held) element.querySelector("input:checked")?.focus();
  }

  function rung({ engine, obstacle, samples_per_second: speed }, rungs, chosen) {
    const part = speed ? Math.log(speed / SLOWEST) / Math.log(FASTEST / SLOWEST) : 0;
    const slowest = rungs.find((other) => other.samples_per_second)?.samples_per_second;
    return h(
      "label",
      { class: obstacle ? "rung missing" : "rung", title: obstacle ?? ABOUT[engine] },
      h("input", {
        type: "radio",
        name: "engine",
        value: engine,
        checked: engine === chosen,
        disabled: Boolean(obstacle),
        onchange: () => onchoose(engine),
      }),
      h("span", { class: "rung-name" }, engine),
      h(
        "span",
        { class: "rung-track", "aria-hidden": "true" },
        h("span", { class: "rung-bar", style: { width: `${Math.max(0, part) * 100}%` } }),
      ),
      h("span", { class: "rung-speed" }, obstacle ? "not here" : words(speed, slowest)),
    );
  }

  return { element, show };
}

function words(speed, slowest) {
  if (!speed) return "not yet measured";
  const factor = speed / slowest;
  const times = factor >= 1.5 ? ` (×${count(Number(factor.toPrecision(2)))})` : "";
  return `${count(Number(speed.toPrecision(3)))} a second${times}`;
}
