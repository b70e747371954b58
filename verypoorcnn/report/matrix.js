// The confusion matrix: counts or shares, arrow keys from cell to cell, and the images of a cell.

import { card, make } from "./tiles.js";

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/** Bring the matrix to life; `content` is the report's. */
export function confusionMatrix(content) {
  const table = document.getElementById("matrix");
  if (!table) return; // the run was not tested
  const panel = document.getElementById("cell");
  const cells = buttons(table, content);
  const open = (key) => openCell(content, key, cells, panel);

  for (const choice of document.getElementsByName("cells")) {
    choice.addEventListener("change", () => {
      table.classList.toggle("shares", choice.value === "shares" && choice.checked);
    });
  }
  for (const [key, button] of cells) button.addEventListener("click", () => open(key));
  for (const button of document.querySelectorAll("[data-open]")) {
    button.addEventListener("click", () => open(button.dataset.open));
  }
  arrowKeys(table, cells, content.classes.length);
  tellCells(table, document.getElementById("cell-readout"));
  const [first] = content.confusions;
  if (first) open(`${first.true},${first.predicted}`);
}

/** Make a button of every cell that is not empty; by the cell's key, "row,column". */
function buttons(table, { classes, test }) {
  const made = new Map();
  test.confusion.forEach((counts, row) => {
    const cells = table.tBodies[0].rows[row].cells;
    const all = counts.reduce((sum, count) => sum + count, 0);
    counts.forEach((count, column) => {
      if (!count) return;
      const button = cellButton(count, all);
      const fate = row === column ? "recognised" : `taken for ${classes[column]}`;
      const said = `${count} of ${all} images of ${classes[row]} ${fate}`;
      button.setAttribute("aria-label", said);
      button.title = said;
      button.dataset.cell = `${row},${column}`;
      cells[column + 1].replaceChildren(button); // the row's heading comes first
      made.set(button.dataset.cell, button);
    });
  });
  return made;
}

function cellButton(count, all) {
  const button = make(
    "button",
    "",
    make("span", "count", count.toLocaleString("en")),
    make("span", "percent", `${((100 * count) / all).toFixed(0)}\u202f%`),
  );
  button.type = "button";
  return button;
}

/** One stop of the Tab key; arrow keys go to the next cell that is not empty. */
function arrowKeys(table, cells, classes) {
  let stop = null;
  const stopAt = (chosen) => {
    if (stop) stop.tabIndex = -1;
    stop = chosen;
    stop.tabIndex = 0;
  };
  for (const button of cells.values()) button.tabIndex = -1;
  stopAt(cells.values().next().value);
  table.addEventListener("focusin", (event) => stopAt(event.target));
  table.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step || !event.target.dataset.cell) return;
    event.preventDefault();
    let [row, column] = event.target.dataset.cell.split(",").map(Number);
    for (let k = 0; k < classes; k += 1) {
      row += step[0];
      column += step[1];
      const next = cells.get(`${row},${column}`);
      if (next) return next.focus();
    }
  });
}

/** What a cell says, in words, where it is too small for its number. */
function tellCells(table, output) {
  if (!output) return;
  for (const kind of ["focusin", "pointerover"]) {
    table.addEventListener(kind, (event) => {
      const said = event.target.closest("[data-cell]")?.getAttribute("aria-label");
      if (said) output.textContent = said;
    });
  }
}

function openCell(content, key, cells, panel) {
  for (const [other, button] of cells) button.setAttribute("aria-pressed", other === key);
  if (!panel) return;
  const [truth, taken] = key.split(",").map(Number);
  const count = content.test.confusion[truth][taken];
  const shown = content.tests.filter((test) => test.true === truth && test.predicted === taken);
  const [name, other] = [content.classes[truth], content.classes[taken]];
  const heading = truth === taken ? `${name}, recognised` : `${name}, taken for ${other}`;
  panel.replaceChildren(
    make("h3", "", `${heading}: ${count} ${count === 1 ? "image" : "images"}`),
    make("p", "note", order(truth === taken, shown.length, count)),
    make("ul", "cards", ...shown.map((test) => card(content, test))),
  );
}

/** How the images are ordered, and how many are left out. */
function order(right, shown, count) {
  const first = right ? "least" : "most";
  const left = count - shown;
  const rest = left > 0 ? ` ${left} more ${left === 1 ? "is" : "are"} not in this file.` : "";
  if (!shown) return `${count === 1 ? "It is" : "They are"} not in this file, which must stay small.`;
  return `The ${first} confident first, with the most probable classes; the true one is bold.${rest}`;
}
