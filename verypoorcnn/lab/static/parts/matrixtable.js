// A confusion matrix as a table.  Every cell is a button; the arrow keys go from cell to cell.

import { READING, sentence, share, support } from "../lib/confusion.js";
import { fill, h } from "../lib/dom.js";
import { roving } from "../lib/roving.js";

const WIDE = 12; // classes whose cells may be wide

export class MatrixTable {
  constructor(names, onpick) {
    Object.assign(this, { names, onpick });
    this.cells = []; // rows of buttons
    this.chosen = null;
    const look = names.length > WIDE ? "cells matrix narrow" : "cells matrix";
    this.table = h("table", { class: look });
    this.element = h("div", { class: "matrix-scroll" }, this.table);
  }

  /** @param {number[][]} counts @param {{percents?: boolean}} [options]  of each row */
  show(counts, { percents = false } = {}) {
    if (!this.cells.length) this.build();
    this.cells.forEach((row, truth) =>
      row.forEach((cell, predicted) => this.write(cell, counts, truth, predicted, percents)),
    );
  }

  /** @param {[number, number]|null} cell  truth and predicted */
  choose(cell) {
    this.chosen = cell;
    if (this.cells.length) this.mark();
  }

  build() {
    const { names } = this;
    this.cells = names.map((_, truth) =>
      names.map((__, predicted) => this.button(truth, predicted)),
    );
    this.stopAt = roving(this.cells);
    const columns = names.map((name) => h("th", { scope: "col" }, h("span", {}, name)));
    fill(
      this.table,
      h("caption", {}, READING),
      h("thead", {}, h("tr", {}, h("td", {}), columns)),
      h(
        "tbody",
        {},
        this.cells.map((row, truth) => this.row(row, names[truth])),
      ),
    );
    this.mark();
  }

  row(cells, name) {
    const columns = cells.map((cell) => h("td", {}, cell));
    return h("tr", {}, h("th", { scope: "row" }, name), columns);
  }

  button(truth, predicted) {
    const pick = () => {
      this.choose([truth, predicted]);
      this.onpick(truth, predicted);
    };
    return h("button", { type: "button", onclick: pick });
  }

  write(cell, counts, truth, predicted, percents) {
    const count = counts[truth][predicted];
    const part = share(counts, truth, predicted);
    const percent = support(counts, truth) ? String(Math.round(100 * part)) : "–";
    const label = sentence(this.names, counts, truth, predicted);
    cell.className = `cell ${truth === predicted ? "right" : "wrong"} ${count ? "" : "none"}`;
    cell.textContent = percents ? percent : String(count);
    cell.title = label;
    cell.setAttribute("aria-label", label);
    cell.style.setProperty("--part", Math.sqrt(part)); // so that rare mistakes are seen
  }

  mark() {
    if (this.chosen) this.stopAt(...this.chosen);
    const own = this.chosen && this.cells[this.chosen[0]][this.chosen[1]];
    for (const cell of this.cells.flat()) cell.setAttribute("aria-pressed", cell === own);
  }
}
