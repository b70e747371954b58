// A heat map of accuracies over two settings.  Every cell is a button; the arrow keys go from cell
// to cell.  Colours are cividis': one order of lightness, the same for every kind of eye.

import { fill, h } from "../lib/dom.js";
import { percent } from "../lib/numbers.js";

const CIVIDIS = [
  [0, 34, 78],
  [53, 69, 108],
  [102, 105, 112],
  [148, 142, 119],
  [200, 184, 102],
  [254, 232, 56],
];
const STEPS = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
const ROUND = 20; // the scale ends at twentieths

/** [red, green, blue] of a part from 0 to 1. */
export function cividis(part) {
  const place = Math.min(1, Math.max(0, part)) * (CIVIDIS.length - 1);
  const k = Math.min(CIVIDIS.length - 2, Math.floor(place));
  return CIVIDIS[k].map((from, c) => Math.round(from + (CIVIDIS[k + 1][c] - from) * (place - k)));
}

/**
 * @param {{describe: (i: number, j: number, cell: object|undefined) => string,
 *   onpick: (i: number, j: number) => void}} options
 */
export function heatMap({ describe, onpick }) {
  const table = h("table", { class: "heat" });
  const legend = h("div", { class: "heat-scale" });
  const readout = h("p", { class: "heat-readout", role: "status" });
  const element = h("div", {}, h("div", { class: "heat-scroll" }, table), legend, readout);
  let buttons = new Map();
  let known = new Map();
  let chosen = [0, 0];

  /** Lay out an empty map: axes {name, label, values}. */
  function layOut(x, y) {
    chosen = [0, 0];
    buttons = new Map();
    const rows = y.values
      .map((value, j) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, value),
          x.values.map((_, i) => h("td", {}, button(i, j))),
        ),
      )
      .reverse();
    fill(
      table,
      h("caption", {}, `Accuracy.  Rows: ${y.label}, columns: ${x.label}.`),
      h("tbody", {}, rows),
      h(
        "tfoot",
        {},
        h(
          "tr",
          {},
          h("td", {}),
          x.values.map((value) => h("th", { scope: "col" }, value)),
        ),
      ),
    );
    choose(0, 0);
  }

  function button(i, j) {
    const one = h("button", {
      type: "button",
      class: "heat-cell",
      onclick: () => onpick(i, j),
      onpointerenter: () => tell(i, j),
      onfocus: () => tell(i, j),
      onkeydown: (event) => move(event, i, j),
    });
    buttons.set(`${i},${j}`, one);
    return one;
  }

  function choose(i, j) {
    buttons.get(chosen.join())?.setAttribute("tabindex", -1);
    chosen = [i, j];
    for (const [place, one] of buttons) one.tabIndex = place === chosen.join() ? 0 : -1;
  }

  function move(event, i, j) {
    const step = STEPS[event.key];
    const next = step && buttons.get(`${i + step[0]},${j + step[1]}`);
    if (!step) return;
    event.preventDefault();
    if (!next) return;
    choose(i + step[0], j + step[1]);
    next.focus();
  }

  function tell(i, j) {
    fill(readout, describe(i, j, known.get(`${i},${j}`)));
  }

  /** Show what is known of the cells. */
  function show(cells) {
    known = new Map(cells.map((cell) => [`${cell.i},${cell.j}`, cell]));
    const values = cells.map(({ accuracy }) => accuracy).filter((value) => value !== null);
    const low = Math.floor(Math.min(1, ...values) * ROUND) / ROUND;
    const high = Math.max(low + 1 / ROUND, Math.ceil(Math.max(0, ...values) * ROUND) / ROUND);
    for (const [place, one] of buttons) dress(one, place, known.get(place), low, high);
    fill(legend, values.length ? scale(low, high) : null);
  }

  function dress(one, place, cell, low, high) {
    const [i, j] = place.split(",").map(Number);
    one.setAttribute("aria-label", describe(i, j, cell));
    one.textContent = cell
      ? cell.accuracy === null
        ? "×"
        : (100 * cell.accuracy).toFixed(1)
      : "·";
    const colour =
      cell?.accuracy === null || !cell ? null : cividis((cell.accuracy - low) / (high - low));
    one.style.background = colour ? `rgb(${colour.join(" ")})` : "";
    one.style.color = colour ? legible(colour) : "";
  }

  return { element, layOut, show };
}

function legible([red, green, blue]) {
  return 0.299 * red + 0.587 * green + 0.114 * blue > 125 ? "#101214" : "#ffffff";
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
