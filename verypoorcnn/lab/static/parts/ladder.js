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
export class Ladder {
  /** @param {(engine: string) => void} onchoose */
  constructor(onchoose) {
    this.onchoose = onchoose;
    this.element = h("fieldset", { class: "ladder" });
  }

  /** @param {{engine: string, obstacle: string|null, samples_per_second: number|null}[]} rungs */
  show(rungs, chosen) {
    const now = JSON.stringify([rungs, chosen]);
    if (now === this.shown) return;
    this.shown = now;
    const held = this.element.contains(document.activeElement);
    const slowest = rungs.find((rung) => rung.samples_per_second)?.samples_per_second;
    fill(
      this.element,
      h("legend", {}, "Engine: same loss, other speed"),
      rungs.map((rung) => this.rung(rung, chosen, slowest)),
    );
    if (held) this.element.querySelector("input:checked")?.focus();
  }

  rung({ engine, obstacle, samples_per_second: speed }, chosen, slowest) {
    const part = speed ? Math.log(speed / SLOWEST) / Math.log(FASTEST / SLOWEST) : 0;
    return h(
      "label",
      { class: obstacle ? "rung missing" : "rung", title: obstacle ?? ABOUT[engine] },
      h("input", {
        type: "radio",
        name: "engine",
        value: engine,
        checked: engine === chosen,
        disabled: Boolean(obstacle),
        onchange: () => this.onchoose(engine),
      }),
      h("span", {}, engine),
      h(
        "span",
        { class: "rung-track", "aria-hidden": "true" },
        h("span", { class: "rung-bar", style: { width: `${Math.max(0, part) * 100}%` } }),
      ),
      h("span", { class: "rung-speed" }, obstacle ? "not here" : words(speed, slowest)),
    );
  }
}

function words(speed, slowest) {
  if (!speed) return "not yet measured";
  const factor = speed / slowest;
  const times = factor >= 1.5 ? ` (×${count(Number(factor.toPrecision(2)))})` : "";
  return `${count(Number(speed.toPrecision(3)))} a second${times}`;
}
