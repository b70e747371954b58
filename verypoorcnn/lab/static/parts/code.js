// The code beside the picture: the textbook's lines, the one that is carried out highlighted, with
// the loop variables and the running total; and the same function at every level below it.

import { get } from "../lib/api.js";
import { button, calm, fill, h } from "../lib/dom.js";
import { isElsewhere } from "../shell/keys.js";
import { number } from "./operands.js";
import { Listing } from "./listing.js";

export const LEVELS = [
  ["textbook", "Textbook"],
  ["loops", "Loops"],
  ["schedule", "Schedule"],
  ["python", "Python"],
  ["assembly", "Assembly"],
];
const RATES = [
  ["slow", 700],
  ["normal", 250],
  ["fast", 60],
];
const RESULT = ["multiply-add", "+", "-", "*", "/", "max", "min", "exp", "log", "sqrt"];

/** Shows the functions of an explanation. `onterm(number)` at every step that takes in a term. */
export class CodePanel {
  constructor(lab, { onterm }) {
    this.lab = lab;
    this.onterm = onterm;
    this.step = -1;
    this.rate = 250;
    this.body = h("div", { class: "code-body" });
    this.variables = h("div", { class: "variables", "aria-live": "off" });
    this.controls = this.buildControls();
    this.tabs = this.buildTabs();
    this.element = h(
      "section",
      { class: "code", "aria-label": "Code" },
      this.tabs,
      this.body,
      this.controls,
      this.variables,
    );
    this.listen = (event) => this.key(event);
    document.addEventListener("keydown", this.listen);
  }

  destroy() {
    this.pause();
    document.removeEventListener("keydown", this.listen);
  }

  get level() {
    return this.lab.state.get("level", "textbook");
  }

  buildTabs() {
    return h(
      "div",
      { class: "code-tabs", role: "group", "aria-label": "Level" },
      LEVELS.map(([id, title]) =>
        button(title, () => this.choose(id), { class: "chip", dataset: { level: id } }),
      ),
    );
  }

  buildControls() {
    this.counter = h("span", { class: "quiet-text", role: "status" });
    this.play = button("Play", () => this.toggle(), { class: "quiet" });
    const step = (text, key, by) => {
      const keys = { "aria-keyshortcuts": key, title: `${text} (${key})` };
      return button(text, () => this.move(by), { class: "quiet", ...keys });
    };
    const props = { class: "code-controls", role: "group", "aria-label": "Go through the steps" };
    const steps = [step("Back", ",", -1), this.play, step("Step", ".", 1)];
    return h("div", props, steps, this.buildRates(), this.counter);
  }

  buildRates() {
    const choose = ({ target }) => {
      this.rate = Number(target.value);
      if (this.timer) this.start();
    };
    return h(
      "select",
      { "aria-label": "Speed", onchange: choose },
      RATES.map(([name, rate]) => h("option", { value: rate, selected: rate === this.rate }, name)),
    );
  }

  key(event) {
    if (isElsewhere(event) || !this.steps?.length) return;
    const act = { ",": () => this.move(-1), ".": () => this.move(1), p: () => this.toggle() }[
      event.key
    ];
    if (!act) return;
    event.preventDefault();
    act();
  }

  choose(level) {
    this.lab.state.set({ level: level === "textbook" ? null : level }, { replace: true });
    this.render().catch(this.lab.complain);
  }

  /**
   * Show an explanation's functions; `calls` are the layer's: [{layer, call, function}].
   * The step is kept while the pointer moves from value to value of the same kind.
   */
  show(explained, calls = []) {
    const same = signature(explained) === signature(this.explained);
    this.explained = explained;
    this.calls = calls;
    this.steps = explained.steps?.rows ?? [];
    this.names = explained.steps?.variables ?? [];
    if (this.timer && !same) this.pause();
    if (this.step >= this.steps.length) this.step = -1;
    if (!same || !this.listing) this.render().catch(this.lab.complain);
    else this.follow();
  }

  async render() {
    for (const tab of this.tabs.children) {
      tab.setAttribute("aria-pressed", String(tab.dataset.level === this.level));
    }
    const { functions } = this.explained;
    if (!functions.length) {
      fill(
        this.body,
        h("p", { class: "note" }, "Nothing is computed here: these numbers are given."),
      );
      this.listing = null;
    } else {
      this.textbook = functions.map(
        (each) => new Listing(each.name, each.file, each.source, each.first_line),
      );
      this.listing = this.textbook;
      if (this.level === "textbook")
        fill(
          this.body,
          this.textbook.map(({ element }) => element),
        );
      else await this.renderLevel(functions);
    }
    this.follow();
  }

  async renderLevel(functions) {
    const level = this.level;
    fill(this.body, h("p", { class: "note" }, "The compiler is at work …"));
    const parts = [];
    for (const { name } of functions) {
      const call = this.calls.find((each) => each.function === name);
      if (call) parts.push(await this.fetchLevel(call, level));
    }
    if (level !== this.level) return;
    this.listing = parts;
    fill(
      this.body,
      parts.map(({ element }) => element),
    );
  }

  async fetchLevel({ layer, call }, level) {
    const answer = await get("/api/code", { layer, call, level }, `code ${layer} ${call}`);
    const listing = new Listing(answer.function, level, answer.text, 1, answer.lines);
    return listing.linkLines();
  }

  toggle() {
    if (this.timer) this.pause();
    else this.start();
  }

  start() {
    clearInterval(this.timer);
    if (this.step >= this.steps.length - 1) this.step = -1;
    this.timer = setInterval(() => this.move(1), calm() ? Math.max(this.rate, 250) : this.rate);
    this.play.textContent = "Pause";
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.play.textContent = "Play";
  }

  move(by) {
    this.step = Math.max(-1, Math.min(this.steps.length - 1, this.step + by));
    if (this.step === this.steps.length - 1) this.pause();
    this.follow();
    const term = this.steps[this.step]?.[4];
    this.onterm(term ?? null);
  }

  /** Highlight the line of the step, and write down what the variables are. */
  follow() {
    const row = this.steps[this.step];
    this.counter.textContent = this.steps.length
      ? `step ${this.step + 1} of ${this.steps.length}`
      : "";
    const name = row && this.explained.functions[row[0]]?.name;
    for (const listing of this.listing ?? []) {
      listing.highlight(row && listing.name === name ? row[1] : null);
    }
    fill(this.variables, row ? this.valuesOf(row) : null);
  }

  valuesOf([, , operation, value, , values]) {
    const known = this.names.map((name, i) => [name, values[i]]).filter(([, v]) => v !== null);
    const label = RESULT.includes(operation) ? "total" : operation === "=" ? "result" : operation;
    return [
      h(
        "div",
        { class: "variable-row" },
        known.map(([name, v]) =>
          h("span", { class: "variable" }, h("i", {}, name), " ", String(v)),
        ),
      ),
      h(
        "div",
        { class: "variable-total" },
        h("i", {}, label === "total" ? "so far" : label),
        " ",
        typeof value === "boolean" ? (value ? "holds" : "does not hold") : number(value),
      ),
    ];
  }
}

function signature(explained) {
  return explained?.functions.map(({ name }) => name).join() ?? "";
}
