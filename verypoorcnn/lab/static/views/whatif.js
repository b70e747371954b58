// View 9: what if?  Move a weight, silence a filter, and see at once what becomes of the maps and the
// probabilities, beside what they were.

import { difference } from "../lib/arrays.js";
import { fill, h } from "../lib/dom.js";
import { latest } from "../lib/latest.js";
import { brackets, digits, short } from "../lib/numbers.js";
import {
  readEdits,
  readSilence,
  samePlace,
  withEdit,
  withSwitched,
  writeEdits,
  writeSilence,
} from "../lib/trials.js";
import { bars } from "../parts/bars.js";
import { ParameterPicker } from "../parts/picker.js";
import { Strip } from "../parts/strip.js";

export const id = "whatif";
export const title = "What if";
export const key = "9";

export function mount(root, lab) {
  return new WhatIf(root, lab);
}

class WhatIf {
  constructor(root, lab) {
    this.lab = lab;
    this.picker = new ParameterPicker(lab, {
      onedit: (edit) => this.change({ edits: withEdit(this.edits, edit) }),
      onsilence: (filter) => this.change({ silence: withSwitched(this.silence, filter) }),
    });
    this.list = h("ul", { class: "edits" });
    this.probabilities = h("div", { class: "whatif-bars", role: "status" });
    this.strips = [false, false, true].map(
      (signed) =>
        new Strip(lab, {
          signed,
          onopen: (layer) => lab.state.set({ view: "network", layer, cell: null, target: null }),
        }),
    );
    fill(root, h("div", { class: "whatif" }, this.controls(), this.consequences()));
    this.send = latest(
      (trial) => this.lab.model.tryOut(trial.edits, trial.silence),
      lab.complain,
      15,
    );
    this.show = latest(() => this.fetch(), lab.complain, 0);
    this.stops = [
      lab.state.on(["image"], () => this.show()),
      lab.state.on(["edits", "silence"], () => this.follow()),
      lab.state.on(["target"], () => this.picker.choose(lab.state.get("target"))),
      lab.model.on(({ own }) => (own ? this.show() : this.adopt().catch(lab.complain))),
    ];
    this.begin().catch(lab.complain);
  }

  destroy() {
    this.stops.forEach((stop) => stop());
    this.gone = true;
  }

  controls() {
    const button = (text, fn) => h("button", { type: "button", class: "quiet", onclick: fn }, text);
    return h(
      "section",
      { class: "sheet whatif-controls", "aria-label": "What is changed" },
      this.picker.element,
      h("h2", { class: "head" }, "Tried out"),
      this.list,
      h(
        "div",
        { class: "row" },
        button("Undo the last", () => this.undo()),
        button("Reset all", () => this.change({ edits: [], silence: [] })),
      ),
    );
  }

  consequences() {
    const names = ["Before", "Now", "Change"];
    const frames = this.strips.map((strip) =>
      h(
        "div",
        { class: "strip-scroll", onscroll: ({ target }) => together(target) },
        strip.element,
      ),
    );
    const together = ({ scrollLeft }) => frames.forEach((frame) => (frame.scrollLeft = scrollLeft));
    return h(
      "section",
      { class: "whatif-consequences", "aria-label": "Consequences" },
      h(
        "div",
        { class: "sheet" },
        h("h2", { class: "head" }, "Probabilities; the line marks what they were"),
        this.probabilities,
      ),
      frames.map((frame, i) =>
        h("div", { class: "sheet" }, h("h2", { class: "head" }, names[i]), frame),
      ),
    );
  }

  get edits() {
    return readEdits(this.lab.state.get("edits"));
  }

  get silence() {
    return readSilence(this.lab.state.get("silence"));
  }

  /** The address first; without it what the server has. */
  async begin() {
    if (this.lab.state.get("edits") || this.lab.state.get("silence")) this.follow();
    else await this.adopt();
    const last = this.edits.at(-1);
    this.picker.choose(
      this.lab.state.get("target") ?? (last && last.parameter + brackets(last.index)),
    );
    await this.show();
  }

  /** Take over what is tried out on the server, by another page perhaps, or no longer. */
  async adopt() {
    const { edited, silenced } = await this.lab.model.parameters();
    this.sent = writeEdits(edited) + writeSilence(silenced);
    this.change({ edits: edited, silence: silenced }, { replace: true });
    await this.show();
  }

  change({ edits = this.edits, silence = this.silence }, options = { replace: true }) {
    this.order = [...(this.order ?? []), { edits: this.edits, silence: this.silence }].slice(-100);
    this.lab.state.set({ edits: writeEdits(edits), silence: writeSilence(silence) }, options);
  }

  undo() {
    const before = this.order?.pop();
    if (!before) return;
    this.lab.state.set(
      { edits: writeEdits(before.edits), silence: writeSilence(before.silence) },
      { replace: true },
    );
  }

  follow() {
    const { edits, silence } = this;
    const text = writeEdits(edits) + writeSilence(silence);
    if (text !== this.sent) this.send({ edits, silence });
    this.sent = text;
    this.listEdits();
  }

  async fetch() {
    try {
      const { model } = this.lab;
      const [now, was] = await Promise.all([model.forward(), model.original()]);
      if (this.gone) return;
      fill(
        this.probabilities,
        bars(this.lab, now, { before: was.probabilities }),
        lossOf(was, now),
      );
      this.drawStrips(was, now);
      this.parameters = await model.parameters();
      if (this.gone) return;
      this.picker.show(this.parameters, this.silence);
      this.listEdits();
    } catch (error) {
      this.lab.complain(error);
    }
  }

  drawStrips(was, now) {
    const change = Object.fromEntries(
      Object.entries(now.layers).map(([name, numbers]) => [
        name,
        difference(numbers, was.layers[name]),
      ]),
    );
    [was.layers, now.layers, change].forEach((layers, i) => {
      if (layers !== this.strips[i].shown) this.strips[i].show(layers, { size: "compact" });
    });
  }

  listEdits() {
    const wasOf = (edit) => this.parameters?.edited.find((each) => samePlace(each, edit))?.was;
    const edits = this.edits.map((edit) =>
      entry(edit.parameter + brackets(edit.index), was(wasOf(edit)) + digits(edit.value), () =>
        this.change({ edits: this.edits.filter((each) => !samePlace(each, edit)) }),
      ),
    );
    const silent = this.silence.map((filter) =>
      entry(`${filter.layer}[${filter.filter}]`, "silent", () =>
        this.change({ silence: withSwitched(this.silence, filter) }),
      ),
    );
    const all = [...edits, ...silent];
    fill(this.list, all.length ? all : h("li", { class: "quiet-text" }, "nothing yet"));
  }
}

function was(value) {
  return value === undefined ? "= " : `${short(value, 4)} → `;
}

function entry(name, what, undo) {
  return h(
    "li",
    {},
    h("span", {}, h("code", {}, name), ` ${what}`),
    h(
      "button",
      { type: "button", class: "small", "aria-label": `Take back ${name}`, onclick: undo },
      "×",
    ),
  );
}

function lossOf(was, now) {
  if (now.loss === null || now.loss === undefined) return null;
  return h("p", { class: "quiet-text" }, `loss ${digits(was.loss)} → ${digits(now.loss)}`);
}
