// View 5, whole: every function that runs this network, the textbook on the left, on the right the
// same at the level one chooses.  Pointing at a line marks what was made from it on the other side.

import { get } from "../lib/api.js";
import { button, fill, h } from "../lib/dom.js";
import { LEVELS } from "../parts/code.js";
import { formula } from "../parts/formulas.js";
import { callsOf } from "../parts/layers.js";
import { Listing } from "../parts/listing.js";

export const id = "code";
export const title = "Code";
export const key = "5";

const SLOW = 150; // milliseconds after which one is told what one waits for
const DIRECTIONS = { forward: "Forward", backward: "Backward", update: "Update" };

export function mount(root, lab) {
  return new CodeView(root, lab);
}

class CodeView {
  constructor(root, lab) {
    this.lab = lab;
    this.calls = callsOf(lab.session());
    this.left = h("div", { class: "code-pane" });
    this.right = h("div", { class: "code-pane" });
    this.formula = h("div", { class: "formula" });
    this.tabs = h("div", { class: "code-tabs", role: "group", "aria-label": "Level" });
    fill(
      root,
      h(
        "div",
        { class: "code-view" },
        h(
          "div",
          { class: "row" },
          h("label", { for: "function" }, "Function"),
          this.select(),
          this.tabs,
        ),
        this.formula,
        h("div", { class: "code-panes" }, this.left, this.right),
      ),
    );
    this.stops = [lab.state.on(["level", "layer", "call"], () => this.show())];
    this.show();
  }

  destroy() {
    this.stops.forEach((stop) => stop());
    this.gone = true;
  }

  select() {
    const groups = Object.entries(DIRECTIONS).map(([direction, title]) =>
      h(
        "optgroup",
        { label: title },
        this.calls
          .filter((call) => call.direction === direction)
          .map(({ layer, call, function: name }) =>
            h("option", { value: `${layer} ${call}` }, `${layer}: ${name}`),
          ),
      ),
    );
    this.selector = h(
      "select",
      {
        id: "function",
        onchange: () => {
          const [layer, call] = this.selector.value.split(" ");
          this.lab.state.set({ layer, call });
        },
      },
      groups,
    );
    return this.selector;
  }

  get chosen() {
    const { state } = this.lab;
    const own = this.calls.filter(({ layer }) => layer === state.get("layer"));
    return (
      own.find(({ call }) => String(call) === state.get("call", "0")) ??
      own[0] ??
      this.calls.find(({ function: name }) => name === "conv2d") ??
      this.calls[0]
    );
  }

  get level() {
    const level = this.lab.state.get("level", "loops");
    return level === "textbook" ? "loops" : level;
  }

  async show() {
    const { layer, call, function: name } = this.chosen;
    this.selector.value = `${layer} ${call}`;
    fill(this.formula, formula([name]));
    fill(
      this.tabs,
      LEVELS.slice(1).map(([level, title]) => this.tab(level, title)),
    );
    const asked = `${layer} ${call} ${this.level}`;
    this.asked = asked;
    const note = h("p", { class: "note" }, "The compiler is at work …");
    const slow = setTimeout(() => fill(this.right, note), SLOW);
    const ask = (level) => get("/api/code", { layer, call, level }, `code view ${level}`);
    try {
      const [textbook, lower] = await Promise.all(["textbook", this.level].map(ask));
      if (!this.gone && this.asked === asked) this.display(textbook, lower);
    } catch (error) {
      this.lab.complain(error);
    } finally {
      clearTimeout(slow);
    }
  }

  tab(level, title) {
    const choose = () => this.lab.state.set({ level }, { replace: true });
    return button(title, choose, { class: "chip", "aria-pressed": level === this.level });
  }

  display(textbook, lower) {
    const left = new Listing(textbook.function, textbook.file, textbook.text, textbook.first_line);
    const right = new Listing(lower.function, this.level, lower.text, 1, lower.lines);
    left.linkLines([right]);
    right.linkLines([left]);
    fill(this.left, left.element);
    fill(this.right, right.element);
  }
}
