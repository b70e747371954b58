// A heat map of accuracies over two settings.  Every cell is a button; the arrow keys go from cell
// to cell.  Colours are cividis': one order of lightness, the same for every kind of eye.

import { brightness } from "../lib/colours.js";
import { fill, h } from "../lib/dom.js";
import { percent } from "../lib/numbers.js";
import { roving } from "../lib/roving.js";

const CIVIDIS = [
  [0, 34, 78],
  [53, 69, 108],
  [102, 105, 112],
  [148, 142, 119],
  [200, 184, 102],
  [254, 232, 56],
];
const ROUND = 20; // the scale ends at twentieths

/** [red, green, blue] of a part from 0 to 1. */
function cividis(part) {
  const place = Math.min(1, Math.max(0, part)) * (CIVIDIS.length - 1);
  const k = Math.min(CIVIDIS.length - 2, Math.floor(place));
  return CIVIDIS[k].map((from, c) => Math.round(from + (CIVIDIS[k + 1][c] - from) * (place - k)));
}

/** @typedef {{i: number, j: number, accuracy: number|null}} Cell  null: no number came out */

export class HeatMap {
  /**
   * @param {object} options
   * @param {(i: number, j: number, cell: Cell|undefined) => string} options.describe
   * @param {(i: number, j: number) => void} options.onpick  a cell was clicked
   */
  constructor({ describe, onpick }) {
    Object.assign(this, { describe, onpick });
    this.buttons = new Map(); // by "i,j"
    this.known = new Map(); // cells, likewise
    this.table = h("table", { class: "cells heat" });
    this.legend = h("div", { class: "heat-scale" });
    this.readout = h("p", { class: "figures heat-readout", role: "status" });
    const scroll = h("div", { class: "heat-scroll" }, this.table);
    this.element = h("div", {}, scroll, this.legend, this.readout);
  }

  /** Lay out an empty map: axes {label, values}. */
  layOut(x, y) {
    this.buttons.clear();
    const cells = y.values.map((_, j) => x.values.map((__, i) => this.button(i, j)));
    const rows = cells.map((row, j) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, y.values[j]),
        row.map((cell) => h("td", {}, cell)),
      ),
    );
    const columns = x.values.map((value) => h("th", { scope: "col" }, value));
    fill(
      this.table,
      h("caption", {}, `Accuracy.  Rows: ${y.label}, columns: ${x.label}.`),
      h("tbody", {}, rows.toReversed()),
      h("tfoot", {}, h("tr", {}, h("td", {}), columns)),
    );
    roving(cells.toReversed())(cells.length - 1, 0); // the least of both first
  }

  button(i, j) {
    const button = h("button", {
      type: "button",
      class: "heat-cell",
      onclick: () => this.onpick(i, j),
      onpointerenter: () => this.tell(i, j),
      onfocus: () => this.tell(i, j),
    });
    this.buttons.set(`${i},${j}`, button);
    return button;
  }

  tell(i, j) {
    fill(this.readout, this.describe(i, j, this.known.get(`${i},${j}`)));
  }

  /** Show what is known of the cells. @param {Cell[]} cells */
  show(cells) {
    this.known = new Map(cells.map((cell) => [`${cell.i},${cell.j}`, cell]));
    const values = cells.map(({ accuracy }) => accuracy).filter((value) => value !== null);
    const low = Math.floor(Math.min(1, ...values) * ROUND) / ROUND;
    const high = Math.max(low + 1 / ROUND, Math.ceil(Math.max(0, ...values) * ROUND) / ROUND);
    for (const [place, button] of this.buttons) this.dress(button, place, low, high);
    fill(this.legend, values.length ? scale(low, high) : null);
  }

  dress(button, place, low, high) {
    const [i, j] = place.split(",").map(Number);
    const cell = this.known.get(place);
    const accuracy = cell?.accuracy ?? null;
    const colour = accuracy === null ? null : cividis((accuracy - low) / (high - low));
    button.setAttribute("aria-label", this.describe(i, j, cell));
    button.textContent = accuracy === null ? (cell ? "×" : "·") : (100 * accuracy).toFixed(1);
    button.style.background = colour ? `rgb(${colour.join(" ")})` : "";
    button.style.color = colour ? legible(colour) : "";
  }
}

function legible(colour) {
  return brightness(colour) > 125 ? "#101214" : "#ffffff";
}

function scale(low, high) {
  const bar = h("canvas", { width: 101, height: 1, class: "heat-bar", "aria-hidden": "true" });
  const pen = bar.getContext("2d");
  for (let i = 0; i <= 100; i += 1) {
    pen.fillStyle = `rgb(${cividis(i / 100).join(" ")})`;
    pen.fillRect(i, 0, 1, 1);
  }
  return [h("span", {}, percent(low)), bar, h("span", {}, percent(high))];
}
