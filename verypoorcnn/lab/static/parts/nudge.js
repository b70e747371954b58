// Under the gradient of a parameter: what the next step of training makes of it, and a slider that
// moves it a little, to see the loss move as the gradient foretold.

import { post } from "../lib/api.js";
import { fill, h, oncePerFrame } from "../lib/dom.js";
import { short } from "../lib/numbers.js";
import { number } from "./operands.js";

const MOST = 0.5; // the farthest that the slider moves a weight

export class Nudge {
  constructor(lab) {
    this.lab = lab;
    this.by = 0.05;
    this.ask = oncePerFrame(() => this.fetch());
  }

  /** Show it for a gradient of a parameter, nothing for another number. */
  show(box, explained, target) {
    const [, name] = target.key.split(":");
    if (!name.includes(".")) {
      fill(box);
      this.target = null;
      return;
    }
    this.target = { parameter: name, index: target.index };
    this.gradient = explained.value;
    if (!box.contains(this.element)) this.build(box);
    this.ask();
  }

  build(box) {
    this.result = h("dl", { class: "nudge-result" });
    this.update = h("p", { class: "nudge-update" });
    this.label = h("output", {});
    const slider = h("input", {
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
    this.element = h(
      "section",
      { class: "nudge", "aria-label": "The step, and a trial of it" },
      h("div", {}, h("h2", { class: "head" }, "The step of training"), this.update),
      h(
        "div",
        {},
        h(
          "h2",
          { class: "head" },
          h("label", { for: "nudge" }, "Move this weight by ", this.label),
        ),
        slider,
        this.result,
      ),
    );
    fill(box, this.element);
  }

  async fetch() {
    const { target } = this;
    if (!target) return;
    try {
      const [answer, { update }] = await Promise.all([
        post("/api/nudge", { image: this.lab.model.image(), ...target, by: this.by }),
        this.lab.model.backward(),
      ]);
      if (target === this.target) this.display(answer, update.learning_rate);
    } catch (error) {
      this.lab.complain(error);
    }
  }

  display({ value, loss, after, predicted, difference }, rate) {
    this.label.textContent = short(this.by, 2);
    const stepped = value - rate * this.gradient;
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
      number(stepped),
    );
    const row = (term, text) => [h("dt", {}, term), h("dd", {}, text)];
    fill(
      this.result,
      row("loss now", number(loss)),
      row("loss foretold", number(predicted)),
      row("loss then", number(after)),
      row("apart", number(difference)),
    );
  }
}
