// Choosing a parameter and changing it: the numbers of a layer as maps; a click takes one up, a
// drag up or down, the slider, the field or the keys + and − change it; filters can be silenced.

import { at, indexAt, inside, largest } from "../lib/arrays.js";
import { fill, h } from "../lib/dom.js";
import { MapWidget } from "../lib/maps.js";
import { brackets, times } from "../lib/numbers.js";

const WIDTH = 300;
const MANY = 64; // units that are offered to be silenced one by one

export class ParameterPicker {
  constructor(lab, { onedit, onsilence }) {
    Object.assign(this, { lab, onedit, onsilence });
    this.names = Object.assign(
      {},
      ...lab.session().network.layers.map((layer) => layer.parameters),
    );
    this.name = Object.keys(this.names)[0];
    this.index = this.names[this.name]?.map(() => 0) ?? [];
    this.box = h("div", { class: "picker-map" });
    this.filters = h("div", { class: "picker-filters", role: "group", "aria-label": "Filters" });
    this.element = h(
      "div",
      { class: "picker" },
      this.select(),
      this.box,
      this.fields(),
      h("h2", { class: "head" }, "Silence a filter"),
      this.filters,
    );
  }

  select() {
    const options = Object.entries(this.names).map(([name, shape]) =>
      h("option", { value: name }, `${name} ${times(shape)}`),
    );
    this.selector = h(
      "select",
      { id: "parameter", onchange: (event) => this.take(event.target.value) },
      options,
    );
    return h("p", { class: "row" }, h("label", { for: "parameter" }, "Parameter"), this.selector);
  }

  fields() {
    this.label = h("label", { for: "weight", class: "digits" });
    const edit = (event) => event.target.value !== "" && this.edit(Number(event.target.value));
    this.field = h("input", { type: "number", id: "weight", step: "any", onchange: edit });
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
    const name = target.replace(/\[.*/, "");
    const index = target
      .slice(name.length)
      .split(/[[\]]+/)
      .filter(Boolean)
      .map(Number);
    if (this.names[name] && inside(this.names[name], index)) this.take(name, index);
  }

  take(name, index = this.names[name].map(() => 0)) {
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

  draw() {
    if (!this.widget) this.build();
    this.widget.show(this.numbers);
    this.mark();
    this.drawFilters();
  }

  build() {
    const [first] = this.numbers.shape;
    const count = this.numbers.shape.length === 4 ? this.numbers.shape[1] : 1;
    this.widget = new MapWidget({
      name: this.name,
      width: WIDTH,
      height: WIDTH,
      across: count > 1 && first * count <= 600 ? count : 0,
      onpin: (index) => this.pick(index),
      onpoint: (index) => this.dragging || !index || this.pick(index, { lightly: true }),
    });
    fill(this.box, this.widget.element);
    this.listenToDrags();
    this.widget.element.addEventListener("keydown", (event) => {
      const step = { "+": 1, "=": 1, "-": -1 }[event.key];
      if (step) this.edit(at(this.numbers, this.index) + step * this.grain());
    });
  }

  /** A drag up makes the weight greater, down smaller. */
  listenToDrags() {
    const { element } = this.widget;
    element.addEventListener("pointerdown", (event) => {
      const place = this.widget.under(event);
      if (place < 0) return;
      this.pick(indexAt(this.numbers.shape, place));
      this.dragging = { y: event.clientY, from: this.numbers.values[place] };
      element.setPointerCapture(event.pointerId);
    });
    element.addEventListener("pointermove", (event) => {
      if (!this.dragging) return;
      const moved = this.dragging.y - event.clientY;
      if (Math.abs(moved) > 2) this.edit(this.dragging.from + (moved * this.grain()) / 2);
    });
    const end = () => (this.dragging = null);
    element.addEventListener("pointerup", end);
    element.addEventListener("pointercancel", end);
  }

  /** A step that is small beside the weights of this parameter. */
  grain() {
    return Math.max(0.01, Number((largest(this.numbers.values) / 50).toPrecision(1)));
  }

  pick(index, { lightly = false } = {}) {
    if (lightly && !this.widget.element.matches(":focus-visible")) return;
    this.index = index;
    this.mark();
  }

  mark() {
    const value = at(this.numbers, this.index);
    const place = this.index.reduce((sum, i, axis) => sum * this.numbers.shape[axis] + i, 0);
    this.widget.mark([{ ...this.widget.spot(place), role: "target" }]);
    this.label.textContent = this.name + brackets(this.index);
    if (document.activeElement !== this.field) this.field.value = String(value);
    const most = Math.max(2, Math.ceil(2 * largest(this.numbers.values)));
    Object.assign(this.slider, { min: -most, max: most });
    this.slider.value = String(value);
  }

  edit(value) {
    if (!Number.isFinite(value)) return;
    const rounded = Number(value.toPrecision(6));
    this.onedit({ parameter: this.name, index: this.index, value: rounded });
  }

  /** A switch for every filter (or unit) of the parameter's layer. */
  drawFilters() {
    const [layer] = this.name.split(".");
    const [count] = this.numbers.shape;
    const silent = (filter) =>
      this.silence.some((each) => each.layer === layer && each.filter === filter);
    const buttons = Array.from({ length: Math.min(count, MANY) }, (_, filter) =>
      h(
        "button",
        {
          type: "button",
          class: "chip",
          "aria-pressed": silent(filter),
          "aria-label": `Silence ${layer}[${filter}]`,
          onclick: () => this.onsilence({ layer, filter }),
        },
        String(filter),
      ),
    );
    const focused = [...this.filters.children].indexOf(document.activeElement);
    fill(this.filters, h("span", { class: "quiet-text" }, layer), buttons);
    if (focused > 0) this.filters.children[focused]?.focus();
  }
}
