// Switches that silence the filters of a layer, or the units of a dense one.

import { button, fill, h } from "../lib/dom.js";

const MANY = 64; // of more filters not all are offered

export class SilenceSwitches {
  /** @param {(which: import("../lib/trials.js").Silenced) => void} onsilence  one was pressed */
  constructor(onsilence) {
    this.onsilence = onsilence;
    this.element = h("div", { class: "picker-filters", role: "group", "aria-label": "Filters" });
  }

  /**
   * A switch for each filter; of many, for the chosen weight's own and for those that are silent.
   * @param {{layer: string, count: number, chosen: number}} filters
   * @param {import("../lib/trials.js").Silenced[]} silence
   */
  show({ layer, count, chosen }, silence) {
    const silent = new Set(
      silence.filter((each) => each.layer === layer).map(({ filter }) => filter),
    );
    const offered = count <= MANY ? [...Array(count).keys()] : [...new Set([chosen, ...silent])];
    const which = count <= MANY ? layer : `${layer}, of the chosen weight:`;
    const focused = [...this.element.children].indexOf(document.activeElement);
    fill(
      this.element,
      h("span", { class: "quiet-text" }, which),
      offered.map((filter) => this.toggle(layer, filter, silent.has(filter))),
    );
    if (focused >= 0) this.element.children[focused]?.focus();
  }

  toggle(layer, filter, pressed) {
    const label = { "aria-pressed": pressed, "aria-label": `Silence ${layer}[${filter}]` };
    return button(filter, () => this.onsilence({ layer, filter }), { class: "chip", ...label });
  }
}
