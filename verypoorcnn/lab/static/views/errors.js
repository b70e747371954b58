// Errors first: which classes are taken for which, the images behind every number, the mistakes the
// model is surest of, and how each class fared over the epochs.

import { fill, h } from "../lib/dom.js";
import { percent, short } from "../lib/numbers.js";
import { gallery } from "../parts/gallery.js";
import { confusionMatrix } from "../parts/matrix.js";
import { sparkline } from "../parts/sparkline.js";

const SHOWN = 24; // images at once

export const id = "errors";
export const title = "Errors";
export const key = "6";

export function mount(root, lab) {
  const names = lab.session().class_names;
  const view = { confusion: null, from: 0 };
  const summary = h("p", { class: "lead", role: "status" });
  const worst = h("ol", { class: "confusions" });
  const matrix = confusionMatrix(names, (truth, predicted) =>
    lab.state.set({ cellTrue: truth, cellPredicted: predicted }));
  const shares = h("input", { type: "checkbox", onchange: () => draw() });
  const cellTitle = h("h2", { id: "cell-title" });
  const cards = h("div", { class: "cards", "aria-labelledby": "cell-title" });
  const more = h("button", { type: "button", class: "quiet", onclick: () => showMore() }, "Show more");
  const perClass = h("div", { class: "per-class" });

  fill(root,
    h("div", { class: "errors" },
      h("section", { class: "sheet errors-matrix" },
        h("h2", {}, "Confusion matrix"), summary, matrix.element,
        h("label", { class: "check" }, shares, "Percent of each row"),
        h("h3", {}, "Most often confused"), worst),
      h("section", { class: "sheet errors-images" },
        h("div", { class: "section-head" }, cellTitle,
          h("button", { type: "button", class: "quiet", id: "surest",
            onclick: () => lab.state.set({ cellTrue: null, cellPredicted: null }) },
          "Most confident mistakes")),
        cards, more),
      h("section", { class: "sheet errors-classes" }, h("h2", {}, "Class by class"), perClass)));

  function draw() {
    if (!view.confusion) return;
    matrix.show(view.confusion.counts, { share: shares.checked });
  }

  async function load() {
    view.confusion = await lab.api.get("/api/confusion");
    const { accuracy, loss, counts, most_confused: pairs } = view.confusion;
    const total = counts.flat().reduce((a, b) => a + b, 0);
    fill(summary, `${percent(accuracy)} of ${total} test images are right; mean loss ${short(loss, 4)}.`);
    fill(worst, pairs.map((pair) => confusion(lab, names, pair)));
    draw();
    fill(perClass, classTable(names, view.confusion.per_class));
    await showCell();
    await showHistory();
  }

  async function showCell(from = 0) {
    const [truth, predicted] = chosenCell(lab, names.length);
    view.from = from;
    const cell = truth !== null;
    const answer = cell
      ? await lab.api.get("/api/cell", { true: truth, predicted, start: from, count: SHOWN }, "cell")
      : await lab.api.get("/api/mistakes", { count: SHOWN }, "cell");
    if (cell) matrix.choose(truth, predicted);
    fill(cellTitle, cell ? titleOf(names, truth, predicted) : "Most confident mistakes");
    const found = gallery(lab, answer);
    if (from) cards.append(...found);
    else fill(cards, found.length ? found : h("p", { class: "quiet-text" }, "There is no such image."));
    more.hidden = !cell || from + answer.images.length >= answer.total;
  }

  function showMore() {
    showCell(view.from + SHOWN).catch(lab.complain);
  }

  async function showHistory() {
    const { epochs, recall } = await lab.api.get("/api/classes");
    if (epochs.length < 2) return;
    const lines = names.map((name, k) => sparkline(epochs, recall.map((row) => row[k]), {
      label: `${name}: share found, epochs ${epochs[0]} to ${epochs.at(-1)}` }));
    perClass.querySelectorAll("td.history").forEach((td, k) => fill(td, lines[k]));
  }

  const reload = () => load().catch(lab.complain);
  const stops = [
    lab.model.on(reload),
    lab.on("epochs", () => showHistory().catch(lab.complain)),
    lab.state.on(["cellTrue", "cellPredicted"], () => showCell().catch(lab.complain)),
  ];
  reload();
  return { destroy: () => stops.forEach((stop) => stop()) };
}

function chosenCell(lab, classes) {
  const read = (name) => {
    const text = lab.state.get(name);
    return text !== null && /^\d+$/.test(text) && Number(text) < classes ? Number(text) : null;
  };
  const [truth, predicted] = [read("cellTrue"), read("cellPredicted")];
  return predicted === null ? [null, null] : [truth, predicted];
}

function titleOf(names, truth, predicted) {
  if (truth === predicted) return `${names[truth]}, found`;
  return `${names[truth]} taken for ${names[predicted]}`;
}

function confusion(lab, names, { true: truth, predicted, count }) {
  const show = () => lab.state.set({ cellTrue: truth, cellPredicted: predicted });
  return h("li", {}, h("button", { type: "button", class: "link", onclick: show },
    `${count} × ${names[truth]} taken for ${names[predicted]}`));
}

function classTable(names, rows) {
  const heads = ["Class", "Precision", "Recall", "F1", "Images", "Recall over the epochs"];
  return h("table", { class: "numbers" },
    h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, rows.map((row, k) => h("tr", {}, h("th", { scope: "row" }, names[k]),
      [row.precision, row.recall, row.f1].map((value) => h("td", {}, percent(value))),
      h("td", {}, row.support),
      h("td", { class: "history" }, h("span", { class: "quiet-text" }, "after some training"))))));
}
