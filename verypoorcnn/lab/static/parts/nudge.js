// Under the gradient of a parameter: what the next step of training makes of it, and a slider that
// moves it a little, to see the loss move as the gradient foretold.

import { fill, h, oncePerFrame } from "../lib/dom.js";
import { brackets, short } from "../lib/numbers.js";
import { number } from "./operands.js";

const MOST = 0.5; // the farthest that the slider moves a weight

export class Nudge {
  constructor(lab) {
    this.lab = lab;
    this.by = 0.05;
    this.ask = oncePerFrame(() => this.fetch());
  }

  /**
   * Ask for what will be shown of this number, before its arithmetic is there.
   * @param {{key: string, index: number[]}} target
   * @param {string} image
   * @returns {Promise<object>|null}  the answer
   */
  askAhead(target, image) {
    const weight = weightOf(target);
    return weight && this.lab.model.nudge(weight, this.by, image);
  }

  /**
   * Show it for a gradient of a parameter, nothing for another number.
   * @param {HTMLElement} box  to show it in
   * @param {object} explained  the answer of /api/explain
   * @param {{key: string, index: number[]}} target
   */
  show(box, explained, target) {
    this.target = weightOf(target);
    if (!this.target) {
      fill(box);
      return;
    }
    this.gradient = explained.value;
    if (!box.contains(this.element)) this.build(box);
    this.fetch();
  }

  build(box) {
    this.result = h("dl", { class: "nudge-result" });
    this.update = h("p", { class: "nudge-update" });
    this.label = h("output", {});
    this.element = h(
      "section",
      { class: "nudge", "aria-label": "The step, and a trial of it" },
      h("div", {}, h("h2", { class: "head" }, "The step of training"), this.update, this.opener()),
      h(
        "div",
        {},
        h(
          "h2",
          { class: "head" },
          h("label", { for: "nudge" }, "Move this weight by ", this.label),
        ),
        this.slider(),
        this.result,
      ),
    );
    fill(box, this.element);
  }

  slider() {
    return h("input", {
      type: "range",
      min: -MOST,
      max: MOST,
      step: 0.01,
      value: this.by,
      id: "nudge",
      oninput: (event) => {
        this.by = Number(event.target.value);
        this.ask();
      },
    });
  }

  /** To the step of this very weight, with its arithmetic and its code. */
  opener() {
    const open = () => {
      const { parameter, index } = this.target;
      this.lab.state.set({ of: "update", cell: null, target: parameter + brackets(index) });
    };
    return h("button", { type: "button", class: "link", onclick: open }, "Its arithmetic and code");
  }

  async fetch() {
    const { target } = this;
    if (!target) return;
    try {
      const [answer, { update }] = await Promise.all([
        this.lab.model.nudge(target, this.by),
        this.lab.model.backward(target.parameter.split(".")[0]),
      ]);
      if (target === this.target) this.display(answer, update.learning_rate);
    } catch (error) {
      this.lab.complain(error);
    }
  }

  display({ value, loss, after, predicted, difference }, rate) {
    this.label.textContent = short(this.by, 2);
    fill(
      this.update,
      h("i", {}, "w"),
      " ← ",
      number(value),
      " − ",
      String(rate),
      " × ",
      number(this.gradient),
      " = ",
      number(value - rate * this.gradient),
    );
    const row = (term, value) => [h("dt", {}, term), h("dd", {}, number(value))];
    fill(
      this.result,
      row("loss now", loss),
      row("loss foretold", predicted),
      row("loss then", after),
      row("apart", difference),
    );
  }
}

/** The weight whose gradient this number is; null for any other number. */
function weightOf({ key, index }) {
  const [of, name] = key.split(":");
  return of === "gradient" && name.includes(".") ? { parameter: name, index } : null;
}
