// The classes one by one: precision, recall, F1, and how each fared over the epochs.

import { fill, h } from "../lib/dom.js";
import { percent } from "../lib/numbers.js";
import { sparkline } from "./sparkline.js";

const FEW = 16; // classes that stay in their order; of more, the worst come first
const HEADS = ["Class", "Precision", "Recall", "F1", "Images", "Recall over the epochs"];

export class ClassTable {
  /** @param {string[]} names  of the classes */
  constructor(names) {
    this.names = names;
    this.histories = []; // the cells of the last column, by class
    this.element = h("div", { class: "per-class", tabindex: 0, role: "region" });
    this.element.setAttribute("aria-label", "Class by class");
  }

  /** @param {{precision: number, recall: number, f1: number, support: number}[]} classes */
  show(classes) {
    const order = [...classes.keys()];
    if (order.length > FEW) order.sort((a, b) => classes[a].f1 - classes[b].f1);
    this.histories = this.names.map(() =>
      h("td", { class: "history" }, h("span", { class: "quiet-text" }, "after some training")),
    );
    const heads = HEADS.map((head) => h("th", { scope: "col" }, head));
    fill(
      this.element,
      h(
        "table",
        { class: "numbers" },
        h("thead", {}, h("tr", {}, heads)),
        h(
          "tbody",
          {},
          order.map((k) => this.row(classes[k], k)),
        ),
      ),
    );
  }

  row({ precision, recall, f1, support }, k) {
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, this.names[k]),
      [precision, recall, f1].map((value) => h("td", {}, percent(value))),
      h("td", {}, support),
      this.histories[k],
    );
  }

  /** @param {{epochs: number[], recall: number[][]}} history  recall of each class in each epoch */
  showHistory({ epochs, recall }) {
    if (epochs.length < 2) return;
    const span = `share found, epochs ${epochs[0]} to ${epochs.at(-1)}`;
    this.histories.forEach((cell, k) => {
      const shares = recall.map((row) => row[k]);
      fill(cell, sparkline(epochs, shares, { label: `${this.names[k]}: ${span}` }));
    });
  }
}
