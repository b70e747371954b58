// The confusion matrix: rows are what the images show, columns what the model took them for.  Every
// cell is a button; the arrow keys go from cell to cell.

import { fill, h } from "../lib/dom.js";
import { percent } from "../lib/numbers.js";

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/**
 * A matrix; show() puts numbers into it.
 * @param {string[]} names  of the classes
 * @param {(truth: number, predicted: number) => void} onpick
 */
export function confusionMatrix(names, onpick) {
  const table = h("table", { class: "matrix" });
  const scroll = h("div", { class: "matrix-scroll" }, table);
  let chosen = [0, 0];
  let cells = [];

  function choose(truth, predicted, { focus = false } = {}) {
    chosen = [truth, predicted];
    cells.forEach((row, i) => row.forEach((cell, j) => {
      const here = i === truth && j === predicted;
      cell.tabIndex = here ? 0 : -1;
      cell.setAttribute("aria-pressed", here);
    }));
    if (focus) cells[truth][predicted].focus();
  }

  function move(event, truth, predicted) {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const [i, j] = [truth + step[0], predicted + step[1]];
    if (cells[i]?.[j]) choose(i, j, { focus: true });
  }

  function show(counts, { share = false } = {}) {
    const held = table.contains(document.activeElement);
    cells = counts.map((row, i) => {
      const sum = row.reduce((a, b) => a + b, 0);
      return row.map((count, j) => cellOf(count, sum, i, j, share));
    });
    fill(table, caption(), head(names), h("tbody", {}, cells.map((row, i) => h("tr", {},
      h("th", { scope: "row" }, names[i]), row.map((cell) => h("td", {}, cell))))));
    choose(...chosen, { focus: held });
  }

  function cellOf(count, sum, i, j, share) {
    const part = sum ? count / sum : 0;
    const text = share ? (sum ? `${Math.round(100 * part)}` : "–") : String(count);
    const label = `${names[i]} taken for ${names[j]}: ${count} of ${sum}, ${percent(part)}`;
    const kind = i === j ? "right" : "wrong";
    const classes = `cell ${kind} ${count ? "" : "none"}`;
    return h("button", { type: "button", class: classes, title: label, "aria-label": label,
      style: { "--part": Math.sqrt(part) }, onkeydown: (event) => move(event, i, j),
      onclick: () => { choose(i, j); onpick(i, j); } }, text);
  }

  return { element: scroll, show, choose };
}

function caption() {
  return h("caption", {}, "Rows: what the images show.  Columns: what the model takes them for.");
}

function head(names) {
  return h("thead", {}, h("tr", {}, h("td", {}), names.map((name) =>
    h("th", { scope: "col" }, h("span", {}, name)))));
}
