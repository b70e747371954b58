// The confusion matrix: counts or shares, arrow keys from cell to cell, and the images of a cell.

import { card, make } from "./tiles.js";

/** Bring the matrix to life; `content` is the report's. */
export function confusionMatrix(content) {
  const table = document.getElementById("matrix");
  const panel = document.getElementById("cell");
  const cells = new Map(
    [...table.querySelectorAll("[data-cell]")].map((button) => [button.dataset.cell, button]),
  );
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
  const [first] = content.confusions;
  if (first) open(`${first.true},${first.predicted}`);
}

/** One stop of the Tab key; arrow keys go to the next cell that is not empty. */
function arrowKeys(table, cells, classes) {
  const buttons = [...cells.values()];
  const stopAt = (chosen) => {
    for (const button of buttons) button.tabIndex = button === chosen ? 0 : -1;
  };
  stopAt(buttons[0]);
  table.addEventListener("focusin", (event) => stopAt(event.target));
  table.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[
      event.key
    ];
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
  const rest = left > 0 ? ` ${left} more are not in this file.` : "";
  return `The ${first} confident first, with the most probable classes; the true one is bold.${rest}`;
}
