// Choosing a parameter and changing it: the numbers of a layer as maps; a click takes one up, a
// drag up or down, the slider, the field or the keys + and − change it; filters can be silenced.
// Of a matrix too wide to be seen as a whole, one unit's weights are shown, as its input was laid
// out.

import { at, indexAt, inside, largest, offset, rowOf } from "../lib/arrays.js";
import { fill, h } from "../lib/dom.js";
import { fit, planes } from "../lib/layout.js";
import { MapWidget } from "../lib/maps.js";
import { brackets, targetOf, times } from "../lib/numbers.js";
import { before, foldOf } from "./layers.js";
import { SilenceSwitches } from "./silencing.js";

const SIDE = 300; // of the picture, in CSS pixels
const SMALL = 5; // pixels: smaller weights are hard to hit
const FEW = 600; // maps of kernels, of which each kernel has a row of its own
const STILL = 2; // pixels that the pointer may move in a click
const LEAST = 2; // the slider goes at least from −2 to 2
const PRECISION = 6; // significant digits of a weight that was changed

export class ParameterPicker {
  /**
   * @param {object} lab
   * @param {object} told
   * @param {(edit: import("../lib/trials.js").Edit) => void} told.onedit  a weight was changed
   * @param {(which: import("../lib/trials.js").Silenced) => void} told.onsilence
   */
  constructor(lab, { onedit, onsilence }) {
    Object.assign(this, { lab, onedit });
    this.shapes = Object.assign(
      {},
      ...lab.session().network.layers.map((layer) => layer.parameters),
    );
    this.name = Object.keys(this.shapes)[0];
    this.index = this.shapes[this.name]?.map(() => 0) ?? [];
    this.box = h("div", { class: "picker-map" });
    this.switches = new SilenceSwitches(onsilence);
    this.element = h(
      "div",
      { class: "picker" },
      this.select(),
      this.unitRow(),
      this.box,
      this.fields(),
      h("h2", { class: "head" }, "Silence a filter"),
      this.switches.element,
    );
  }

  select() {
    const options = Object.entries(this.shapes).map(([name, shape]) =>
      h("option", { value: name }, `${name} ${times(shape)}`),
    );
    this.selector = h(
      "select",
      { id: "parameter", onchange: (event) => this.take(event.target.value) },
      options,
    );
    return h("p", { class: "row" }, h("label", { for: "parameter" }, "Parameter"), this.selector);
  }

  /** Which unit's weights stand for the matrix. */
  unitRow() {
    this.unit = h("input", {
      type: "number",
      id: "unit",
      min: 0,
      step: 1,
      oninput: ({ target }) => this.turnTo(target.valueAsNumber),
    });
    const label = h("label", { for: "unit" }, "Unit");
    this.units = h("p", { class: "row", hidden: true }, label, this.unit);
    return this.units;
  }

  fields() {
    this.label = h("label", { for: "weight", class: "digits" });
    const edit = (event) => this.edit(Number(event.target.value));
    this.field = h("input", {
      type: "number",
      id: "weight",
      step: "any",
      onchange: () => this.typed(),
    });
    this.slider = h("input", {
      type: "range",
      step: 0.01,
      "aria-label": "The weight",
      oninput: edit,
    });
    return h(
      "div",
      { class: "picker-fields" },
      h(
        "p",
        { class: "row" },
        this.label,
        this.field,
        h("button", { type: "button", class: "quiet", onclick: () => this.edit(0) }, "Set to 0"),
      ),
      this.slider,
    );
  }

  /** Take up the weight that a target names: "conv1.weight[0][0][1][2]". */
  choose(target) {
    if (!target) return;
    const { name, index } = targetOf(target);
    if (this.shapes[name] && inside(this.shapes[name], index)) this.take(name, index);
  }

  take(name, index = this.shapes[name].map(() => 0)) {
    this.name = name;
    this.index = index;
    this.selector.value = name;
    this.widget = null;
    if (this.values) this.draw();
  }

  /** Show the parameters as they are. */
  show({ values }, silence) {
    this.values = values;
    this.silence = silence;
    if (this.name) this.draw();
  }

  get numbers() {
    return this.values[this.name];
  }

  /** Whether one unit's weights stand for the matrix. */
  get isRow() {
    const { shape } = this.numbers;
    return shape.length === 2 && fit(planes(shape), SIDE, SIDE).cell < SMALL;
  }

  /** The numbers that are drawn. */
  get shown() {
    return this.isRow ? rowOf(this.numbers, this.index[0]) : this.numbers;
  }

  /** The parameter's own index of what is drawn at an index. */
  indexOf(index) {
    return this.isRow ? [this.index[0], ...index] : index;
  }

  /** Show the same weight of another unit. */
  turnTo(unit) {
    const index = [unit, ...this.index.slice(1)];
    if (!Number.isInteger(unit) || !inside(this.numbers.shape, index)) return;
    this.index = index;
    this.draw();
  }

  draw() {
    if (!this.widget) this.build();
    this.widget.show(this.shown);
    this.units.hidden = !this.isRow;
    this.unit.max = this.numbers.shape[0] - 1;
    if (document.activeElement !== this.unit) this.unit.value = this.index[0];
    this.mark();
    this.showSwitches();
  }

  build() {
    const { shape, values } = this.numbers;
    const [first] = shape;
    const count = shape.length === 4 ? shape[1] : 1; // maps of a kernel
    this.most = Math.max(LEAST, Math.ceil(2 * largest(values))); // fixed while one drags
    this.widget = new MapWidget({
      name: this.name,
      width: SIDE,
      height: SIDE,
      across: count > 1 && first * count <= FEW ? count : 0,
      fold: this.isRow ? this.foldOfInput() : undefined,
      onpin: (index) => this.pick(this.indexOf(index)),
      onpoint: (index, _, byKey) => byKey && this.pick(this.indexOf(index)),
    });
    fill(this.box, this.widget.element);
    this.listenToDrags();
    this.widget.element.addEventListener("keydown", (event) => {
      const step = { "+": 1, "=": 1, "-": -1 }[event.key];
      if (step) this.edit(at(this.numbers, this.index) + step * this.grain());
    });
  }

  /** How the input of this parameter's layer was laid out before it was flattened. */
  foldOfInput() {
    const session = this.lab.session();
    return foldOf(session, before(session, this.name.split(".")[0]).name);
  }

  /** A drag up makes the weight greater, down smaller. */
  listenToDrags() {
    const { element } = this.widget;
    element.addEventListener("pointerdown", (event) => {
      const place = this.widget.under(event);
      if (place < 0) return;
      this.pick(this.indexOf(indexAt(this.shown.shape, place)));
      this.dragging = { y: event.clientY, from: at(this.numbers, this.index) };
      element.setPointerCapture(event.pointerId);
    });
    element.addEventListener("pointermove", (event) => {
      if (!this.dragging) return;
      const moved = this.dragging.y - event.clientY;
      if (Math.abs(moved) > STILL) this.edit(this.dragging.from + (moved * this.grain()) / 2);
    });
    const end = () => (this.dragging = null);
    element.addEventListener("pointerup", end);
    element.addEventListener("pointercancel", end);
  }

  /** A step that is small beside the weights of this parameter. */
  grain() {
    return Math.max(0.01, Number((largest(this.numbers.values) / 50).toPrecision(1)));
  }

  pick(index) {
    this.index = index;
    this.mark();
    this.showSwitches();
  }

  mark() {
    const value = at(this.numbers, this.index);
    this.value = value;
    const place = this.isRow ? this.index[1] : offset(this.numbers.shape, this.index);
    this.widget.home = place;
    this.widget.mark([{ ...this.widget.spot(place), role: "target" }]);
    this.label.textContent = this.name + brackets(this.index);
    if (document.activeElement !== this.field) this.field.value = String(value);
    const most = Math.max(this.most, Math.ceil(Math.abs(value)));
    Object.assign(this.slider, { min: -most, max: most });
    this.slider.value = String(value);
  }

  /** What is no finite number is refused, and the field shows the weight again. */
  typed() {
    const value = this.field.valueAsNumber;
    if (Number.isFinite(value)) this.edit(value);
    else {
      this.lab.say("A weight must be a finite number, as 0.25 or 1e-3; it stays as it was.");
      this.field.value = String(this.value);
    }
  }

  edit(value) {
    if (!Number.isFinite(value)) return;
    const rounded = Number(value.toPrecision(PRECISION));
    this.value = rounded; // before the server has confirmed it
    this.onedit({ parameter: this.name, index: this.index, value: rounded });
  }

  showSwitches() {
    const [layer] = this.name.split(".");
    const filters = { layer, count: this.numbers.shape[0], chosen: this.index[0] };
    this.switches.show(filters, this.silence);
  }
}
