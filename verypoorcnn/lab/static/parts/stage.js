// A layer that is open: the arrays that take part, the number that is pointed at or pinned, what it
// was made of, and the code that made it.  It serves the way forward and the way back.

import { argmax, indexAt, inside, offset } from "../lib/arrays.js";
import { fill, h } from "../lib/dom.js";
import { latest } from "../lib/latest.js";
import { brackets, digits, times } from "../lib/numbers.js";
import { isElsewhere } from "../shell/keys.js";
import { ArithmeticPanel } from "./arithmetic.js";
import { CodePanel } from "./code.js";
import { groupsOf } from "./groups.js";
import { callsOf, classesOf, foldOf, homeOf } from "./layers.js";
import { Panel } from "./panel.js";
import { receptiveField } from "./reach.js";
import { allElements, groupByKey, keyOf } from "./terms.js";

/** @typedef {{key: string, index: number[], elsewhere?: boolean}} Target  elsewhere: of another layer */

/** An open layer. */
export class Stage {
  /**
   * @param {object} options
   * @param {import("./layers.js").Column} options.column
   * @param {"value"|"gradient"|"update"} options.of  what of its numbers is explained
   * @param {(key: string) => import("../lib/arrays.js").NumberArray|undefined} options.arrays  by
   *   "value:conv1", "gradient:conv1.weight", "update:conv1.weight"
   * @param {(target: Target|null) => void} options.onpin
   * @param {{show: (box: HTMLElement, explained: object, target: object) => void}} [options.extra]
   */
  constructor(lab, { column, of, arrays, onpin, extra }) {
    Object.assign(this, { lab, column, of, arrays, onpin, extra });
    this.pinned = null;
    this.arithmetic = new ArithmeticPanel({
      onfocus: (elements) => this.focus(elements),
      ongo: (element) => this.go(element),
      leads: ({ array }) => Boolean(homeOf(lab.session(), array)),
      foldOf: (terms) => this.foldOfTerms(terms),
    });
    this.code = new CodePanel(lab, {
      onterm: (term) => this.arithmetic.focus(term, { follow: true }),
    });
    this.readout = h("p", { class: "readout", role: "status", "aria-live": "polite" });
    this.reach = h("div", { class: "reach" });
    this.extraBox = h("div", { class: "stage-extra" });
    this.picture = h("div", { class: "stage-picture" });
    this.element = h(
      "div",
      { class: "stage" },
      h(
        "div",
        { class: "stage-main" },
        this.picture,
        this.readout,
        h("div", { class: "stage-below" }, this.reach, this.arithmetic.element),
        this.extraBox,
      ),
      this.code.element,
    );
    this.end = new AbortController();
    document.addEventListener("keydown", (event) => this.key(event), { signal: this.end.signal });
    this.explainSoon = latest((target) => this.explain(target), lab.complain, 0);
  }

  destroy() {
    this.code.destroy();
    this.end.abort();
    this.gone = true;
  }

  /** Build the panels for the width there is, and show the arrays. */
  build(width) {
    const groups = groupsOf(this.lab.session(), this.column, this.of, width);
    this.panels = [];
    fill(
      this.picture,
      groups.map(({ title, panels }) =>
        h(
          "div",
          { class: "stage-group" },
          h("h2", { class: "head" }, title),
          panels.map((options) => {
            const panel = new Panel(options, (...args) => this.pointed(...args));
            this.panels.push(panel);
            return panel.element;
          }),
        ),
      ),
    );
    this.refresh();
  }

  /** Show the arrays as they are now, and the current number's arithmetic anew. */
  refresh() {
    for (const panel of this.panels) {
      const numbers = this.arrays(panel.key);
      panel.element.hidden = !numbers;
      if (numbers) panel.show(numbers);
    }
    this.refuse();
    const target = this.valid(this.pinned) ?? this.valid(this.current) ?? this.first();
    if (target) this.explain(target);
  }

  panelOf(key) {
    return this.panels.find((panel) => panel.key === key && panel.whole);
  }

  valid(target) {
    const panel = target && this.panelOf(target.key);
    return panel && inside(panel.whole.shape, target.index) ? target : null;
  }

  /** An address may name a number that there is not. */
  refuse() {
    const { pinned } = this;
    const panel = pinned && this.panels.find(({ key }) => key === pinned.key);
    if (!pinned || this.valid(pinned) || (panel && !panel.whole)) return;
    const [, name] = pinned.key.split(":");
    const asked = name + (pinned.index.every(Number.isInteger) ? brackets(pinned.index) : "[…]");
    const has = panel ? `; ${name} has ${times(panel.whole.shape) || "one number"}` : "";
    this.lab.say(`There is no number ${asked} here${has}.`, { seconds: 15 });
    this.pin(null);
    this.lab.state.set({ cell: null, target: null }, { replace: true });
  }

  /** What is explained before anything is pointed at: the greatest number, or the longest step. */
  first() {
    const asked = this.panels.filter((each) => each.asked && each.whole?.values.length);
    const panel = asked.find(({ name }) => name.includes(".")) ?? asked[0];
    if (!panel) return null;
    const { shape, values } =
      this.of === "update" ? this.arrays(`gradient:${panel.name}`) : panel.whole;
    return { key: panel.key, index: indexAt(shape, argmax(values.map(Math.abs))) };
  }

  /** Begin with the greatest number of this map. */
  startAt(map) {
    const panel = this.panels.find((each) => each.asked && each.whole);
    if (!panel || panel.whole.shape.length !== 3) return;
    const [, rows, columns] = panel.whole.shape;
    const own = panel.whole.values.subarray(map * rows * columns, (map + 1) * rows * columns);
    const index = indexAt(panel.whole.shape, map * rows * columns + argmax(own.map(Math.abs)));
    this.explain({ key: panel.key, index });
  }

  /** Pin this number as if it had been clicked; null lets go. */
  pin(target) {
    this.pinned = target;
    this.element.classList.toggle("pinned", Boolean(target));
    if (this.panels) this.refuse(); // else it comes with them
    if (this.panels && this.pinned) this.explain(target);
  }

  /** The arrow keys move the pin on, wherever they are not needed for something else. */
  key(event) {
    const free = event.target === document.body || event.target.id === "main";
    if (!this.pinned || !free || isElsewhere(event) || !event.key.startsWith("Arrow")) return;
    this.panelOf(this.pinned.key)?.walk(event);
  }

  pointed(panel, index, { pinned, byKey }) {
    if (!index) {
      if (!panel.asked) this.arithmetic.focus(null);
      return;
    }
    if (!panel.asked) this.pointedSource(panel, index, pinned);
    else if (pinned) this.togglePin({ key: panel.key, index });
    else if (!this.pinned) this.follow(panel, index);
    else if (byKey) this.onpin({ key: panel.key, index }); // the arrow keys take the pin along
  }

  /** Frame the number at once; what it was made of follows with the server's answer. */
  follow(panel, index) {
    panel.mark([{ indices: [index], role: "target" }]);
    this.read(panel, index);
    this.explainSoon({ key: panel.key, index });
  }

  read(panel, index) {
    const value = panel.whole.values[offset(panel.whole.shape, index)];
    const about = this.classAt(panel.name, index);
    const number = `${panel.title}${brackets(index)} = ${digits(value)}`;
    this.readout.textContent = about ? `${number}, ${about}` : number;
  }

  /** The class that a logit or a probability is of. */
  classAt(name, index) {
    return classesOf(this.lab.session(), name)?.[index[0]];
  }

  togglePin(target) {
    const same =
      this.pinned?.key === target.key && String(this.pinned.index) === String(target.index);
    this.onpin(same ? null : target);
  }

  /** Pointing at an operand shows its term; a click goes to where it was made. */
  pointedSource(panel, index, pinned) {
    const [of, name] = panel.key.split(":");
    if (pinned) {
      this.go({ of, array: name, index });
      return;
    }
    const terms = this.arithmetic.main?.terms ?? [];
    const term = terms.findIndex(({ factors }) =>
      factors.some(
        (factor) =>
          factor.kind === "element" &&
          keyOf(factor) === panel.key &&
          String(factor.index) === String(index),
      ),
    );
    this.arithmetic.focus(term < 0 ? null : term);
    this.read(panel, index);
  }

  /** Open the layer in which an element was made. */
  go({ of = "value", array: name, index }) {
    const own = this.panels.find((panel) => panel.asked && panel.key === `${of}:${name}`);
    if (own) this.onpin({ key: own.key, index });
    else this.onpin({ key: `${of}:${name}`, index, elsewhere: true });
  }

  async explain(target) {
    this.current = target;
    const [of, name] = target.key.split(":");
    this.panelOf(target.key)?.reveal(target.index);
    try {
      const explained = await this.lab.model.explain(name + brackets(target.index), of);
      if (!this.gone && this.current === target) this.display(explained, target);
    } catch (error) {
      this.lab.complain(error);
    }
  }

  display(explained, target) {
    this.explained = explained;
    this.elements = groupByKey(allElements(explained));
    for (const [key, indices] of this.elements) {
      const panel = this.panelOf(key);
      if (panel && panel.key !== target.key) panel.reveal(indices[Math.floor(indices.length / 2)]);
    }
    this.align(target);
    this.arithmetic.show(explained, this.classAt(explained.name, explained.index));
    this.code.show(explained, this.calls());
    this.focus(null);
    this.showReach(explained);
    this.extra?.show(this.extraBox, explained, target);
    if (this.pinned) this.readout.textContent = "Pinned. Esc lets go; the arrow keys move on.";
    this.element.dispatchEvent(new CustomEvent("explained", { detail: explained }));
  }

  /** Weights, their gradients and what a step makes of them show the same kernel, the same unit. */
  align({ key, index }) {
    const [, name] = key.split(":");
    for (const panel of this.panels) if (panel.name === name && panel.whole) panel.reveal(index);
    const rows = this.panels.filter((panel) => panel.row && panel.whole);
    const lead =
      rows.find((panel) => panel.key === this.current.key) ??
      rows.find((panel) => this.elements.has(panel.key));
    if (lead) for (const panel of rows) panel.reveal([lead.unit, 0]);
  }

  /** The calls of the network's functions; this layer's first, for others may call the same. */
  calls() {
    const all = callsOf(this.lab.session());
    const own = all.filter(({ layer }) => layer === this.column.name);
    return [...own, ...all];
  }

  /** Frame what takes part; `elements` more strongly. */
  focus(elements) {
    const strong = groupByKey((elements ?? []).filter((element) => element.kind === "element"));
    for (const panel of this.panels) {
      if (!panel.whole) continue;
      const sets = [{ indices: this.elements?.get(panel.key) ?? [], role: "window" }];
      if (this.current?.key === panel.key)
        sets.push({ indices: [this.current.index], role: "target" });
      if (strong.has(panel.key)) sets.push({ indices: strong.get(panel.key), role: "focus" });
      panel.mark(sets);
    }
  }

  /** The part of the image that can change the number. */
  showReach({ receptive, target }) {
    const image = this.arrays("value:image");
    const seen = receptive && image && this.column.name !== "image";
    const field = seen && receptiveField(image, target, receptive);
    fill(this.reach, field?.element);
    field?.frame(); // in the document, where its colours are known
  }

  foldOfTerms(terms) {
    const element = terms
      .flatMap(({ factors }) => factors)
      .find((factor) => factor.kind === "element" && factor.index.length === 1 && terms.length > 1);
    return element && foldOf(this.lab.session(), element.array);
  }
}
