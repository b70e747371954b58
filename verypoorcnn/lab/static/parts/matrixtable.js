// A confusion matrix as a table.  Every cell is a button; the arrow keys go from cell to cell.

import { READING, images, sentence, share } from "../lib/confusion.js";
import { fill, h } from "../lib/dom.js";

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const WIDE = 12; // classes whose cells may be wide

export class MatrixTable {
  constructor(names, onpick) {
    Object.assign(this, { names, onpick });
    this.cells = []; // rows of buttons
    this.stop = [0, 0]; // the cell that the tabulator key comes to
    this.chosen = null;
    this.table = h("table", { class: names.length > WIDE ? "matrix narrow" : "matrix" });
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
    if (cell) this.stop = cell;
    this.mark();
  }

  build() {
    const { names } = this;
    this.cells = names.map((_, truth) =>
      names.map((__, predicted) => this.button(truth, predicted)),
    );
    const rows = this.cells.map((row, truth) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, names[truth]),
        row.map((cell) => h("td", {}, cell)),
      ),
    );
    fill(
      this.table,
      h("caption", {}, READING),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("td", {}),
          names.map((name) => h("th", { scope: "col" }, h("span", {}, name))),
        ),
      ),
      h("tbody", {}, rows),
    );
    this.mark();
  }

  button(truth, predicted) {
    return h("button", {
      type: "button",
      onkeydown: (event) => this.key(event, truth, predicted),
      onclick: () => {
        this.choose([truth, predicted]);
        this.onpick(truth, predicted);
      },
    });
  }

  write(cell, counts, truth, predicted, percents) {
    const count = counts[truth][predicted];
    const part = share(counts, truth, predicted);
    const percent = images(counts, truth) ? String(Math.round(100 * part)) : "–";
    const label = sentence(this.names, counts, truth, predicted);
    cell.className = `cell ${truth === predicted ? "right" : "wrong"} ${count ? "" : "none"}`;
    cell.textContent = percents ? percent : String(count);
    cell.title = label;
    cell.setAttribute("aria-label", label);
    cell.style.setProperty("--part", Math.sqrt(part)); // so that rare mistakes are seen
  }

  mark() {
    const same = (place, truth, predicted) => place?.[0] === truth && place[1] === predicted;
    this.cells.forEach((row, truth) =>
      row.forEach((cell, predicted) => {
        cell.tabIndex = same(this.stop, truth, predicted) ? 0 : -1;
        cell.setAttribute("aria-pressed", same(this.chosen, truth, predicted));
      }),
    );
  }

  key(event, truth, predicted) {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const [down, right] = step;
    const next = this.cells[truth + down]?.[predicted + right];
    if (!next) return;
    this.stop = [truth + down, predicted + right];
    this.mark();
    next.focus();
  }
}
