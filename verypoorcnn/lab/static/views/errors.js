// Errors first: which classes are taken for which, the images behind every number, the mistakes the
// model is surest of, and how each class fared over the epochs.

import { Superseded } from "../lib/api.js";
import { confusion } from "../lib/confusion.js";
import { button, fill, h } from "../lib/dom.js";
import { latest } from "../lib/latest.js";
import { percent, short } from "../lib/numbers.js";
import { ClassTable } from "../parts/classtable.js";
import { gallery } from "../parts/gallery.js";
import { confusionMatrix, hasNumbers } from "../parts/matrix.js";
import { sheet } from "../parts/sheet.js";

const SHOWN = 24; // images at once
const PAUSE = 500; // milliseconds between two questions for the history
const SUREST = "Most confident mistakes";

export const id = "errors";
export const title = "Errors";
export const key = "6";

/** @returns {{destroy(): void}} */
export function mount(root, lab) {
  return new ErrorsView(root, lab);
}

class ErrorsView {
  constructor(root, lab) {
    this.lab = lab;
    this.names = lab.session().class_names;
    this.matrix = confusionMatrix(this.names, (truth, predicted) => this.pick(truth, predicted));
    this.classes = new ClassTable(this.names);
    this.lower = [this.imageSheet(), this.classSheet()];
    fill(root, h("div", { class: "errors" }, this.matrixSheet(), this.lower));
    this.hideAll(true);
    const told = (ask) => () => ask().catch(lab.complain);
    const reload = told(() => this.load());
    this.history = latest(() => this.showHistory(), lab.complain, PAUSE);
    this.stops = [
      lab.model.on(reload),
      lab.on("epochs", this.history),
      lab.on("reopened", this.history),
      lab.state.on(
        ["cellTrue", "cellPredicted"],
        told(() => this.showImages()),
      ),
    ];
    reload();
  }

  destroy() {
    this.stops.forEach((stop) => stop());
    this.matrix.destroy?.();
  }

  // What is on the page.

  matrixSheet() {
    this.summary = h("p", { role: "status" });
    this.worst = h("ol", { class: "confusions" });
    this.details = h("div", {}, h("h3", {}, "Most often confused"), this.worst);
    this.percents = h("input", { type: "checkbox", onchange: () => this.draw() });
    this.choice =
      hasNumbers(this.names.length) &&
      h("label", { class: "check" }, this.percents, "Percent of each row");
    const shown = [this.summary, this.matrix.element, this.choice, this.details];
    return sheet("errors-matrix", "Confusion matrix", shown);
  }

  classSheet() {
    return sheet("errors-classes", "Class by class", this.classes.element);
  }

  imageSheet() {
    this.cellTitle = h("h2", { id: "cell-title" });
    this.cards = h("div", { class: "cards", role: "group", "aria-labelledby": "cell-title" });
    const surest = { class: "quiet", id: "surest" };
    this.surest = button(SUREST, () => this.pick(null, null), surest);
    this.more = button("Show more", () => this.showMore(), { class: "quiet" });
    return h(
      "section",
      { class: "sheet errors-images" },
      h("div", { class: "section-head" }, this.cellTitle, this.surest),
      this.cards,
      this.more,
    );
  }

  pick(truth, predicted) {
    this.lab.state.set({ cellTrue: truth, cellPredicted: predicted });
  }

  // What is shown.

  /** Everything here rests on the confusion matrix: without one, only why is said. */
  async load() {
    try {
      this.confusion = await this.lab.api.get("/api/confusion");
    } catch (error) {
      if (error instanceof Superseded) return;
      fill(this.summary, `There is no confusion matrix: ${error.message}`);
      this.hideAll(true);
      return;
    }
    this.hideAll(false);
    const { accuracy, loss, counts, most_confused: pairs, per_class: classes } = this.confusion;
    const total = counts.flat().reduce((a, b) => a + b, 0);
    const right = `${percent(accuracy)} of ${total} test images are right`;
    fill(this.summary, `${right}; mean loss ${short(loss, 4)}.`);
    fill(
      this.worst,
      pairs.map((pair) => this.pair(pair)),
    );
    this.draw();
    this.classes.show(classes);
    await this.showImages();
    await this.history();
  }

  hideAll(hidden) {
    const parts = [this.matrix.element, this.choice, this.details, ...this.lower];
    for (const part of parts) if (part) part.hidden = hidden;
  }

  draw() {
    if (this.confusion) {
      this.matrix.show(this.confusion.counts, { percents: this.percents.checked });
    }
  }

  pair({ true: truth, predicted, count }) {
    const text = `${count} × ${confusion(this.names, truth, predicted)}`;
    const show = () => this.pick(truth, predicted);
    return h("li", {}, button(text, show, { class: "link" }));
  }

  /** The images of the chosen cell, or the surest mistakes. */
  async showImages(start = 0) {
    this.start = start;
    const cell = this.chosen();
    this.matrix.choose(cell);
    const answer = await this.ask(cell, start);
    fill(this.cellTitle, cell ? this.titleOf(cell) : SUREST);
    this.surest.hidden = !cell;
    const found = gallery(this.lab, answer);
    const none = h("p", { class: "quiet-text" }, "There is no such image.");
    if (start) this.cards.append(...found);
    else fill(this.cards, found.length ? found : none);
    this.more.hidden = start + answer.images.length >= answer.total;
  }

  ask(cell, start) {
    const { get } = this.lab.api;
    const page = { start, count: SHOWN };
    if (!cell) return get("/api/mistakes", page, "images");
    const [truth, predicted] = cell;
    return get("/api/cell", { true: truth, predicted, ...page }, "images");
  }

  showMore() {
    this.showImages(this.start + SHOWN).catch(this.lab.complain);
  }

  async showHistory() {
    this.classes.showHistory(await this.lab.api.get("/api/classes"));
  }

  /** The cell that the address names: [truth, predicted], or null. */
  chosen() {
    const cell = ["cellTrue", "cellPredicted"].map((name) => {
      const text = this.lab.state.get(name, "");
      return /^\d+$/.test(text) && Number(text) < this.names.length ? Number(text) : null;
    });
    return cell.includes(null) ? null : cell;
  }

  titleOf([truth, predicted]) {
    if (truth === predicted) return `${this.names[truth]}, found`;
    return confusion(this.names, truth, predicted);
  }
}
