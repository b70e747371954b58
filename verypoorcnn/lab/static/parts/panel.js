// One array on the stage: its maps in one picture, and if they would be too small to see, the map
// in question enlarged above them.

import { array, indexAt, largest, offset, rowOf, size } from "../lib/arrays.js";
import { legend } from "../lib/colours.js";
import { fill, h } from "../lib/dom.js";
import { fit, planes } from "../lib/layout.js";
import { MapWidget } from "../lib/maps.js";
import { times } from "../lib/numbers.js";

const SMALL = 5; // cells smaller than this are hard to point at
const TITLES = { value: "", gradient: "∂L/∂ ", update: "new " }; // before an array's name

/**
 * @typedef {object} PanelOptions
 * @property {string} name  of the array
 * @property {"value"|"gradient"|"update"} of
 * @property {boolean} asked  whether its numbers are what is explained here
 * @property {number} width
 * @property {number} height
 * @property {number[]} [fold]  the shape that a vector was flattened from
 * @property {boolean} [flat]  lay a vector flat: biases
 * @property {boolean} [row]  show only the row of one unit: a dense layer's weights
 * @property {string[]|null} [labels]  the classes, beside the numbers of a vector
 */

export class Panel {
  /**
   * @param {PanelOptions} options
   * @param {(panel: Panel, index: number[]|null,
   *   how: {pinned: boolean, byKey: boolean}) => void} onpoint
   */
  constructor(options, onpoint) {
    Object.assign(this, options);
    this.key = `${this.of}:${this.name}`;
    this.title = TITLES[this.of] + this.name;
    this.unit = 0;
    this.map = 0;
    this.onpoint = onpoint;
    this.widgets = [];
    this.body = h("div", { class: this.labels ? "panel-maps labelled" : "panel-maps" });
    this.caption = h("figcaption", {});
    this.element = h(
      "figure",
      { class: this.asked ? "panel asked" : "panel", style: { width: `${this.width + 20}px` } },
      this.caption,
      this.body,
    );
  }

  /** Show this array. */
  show(numbers) {
    this.whole = numbers;
    this.draw();
  }

  get shown() {
    return this.row ? rowOf(this.whole, this.unit) : this.whole;
  }

  draw() {
    const { shown } = this;
    const shape = this.fold ?? shown.shape;
    const { count } = planes(shape, this);
    const isImage = this.key === "value:image";
    const max = isImage ? 1 : largest(shown.values);
    const palette = isImage ? "grey" : "diverging";
    const split = count > 1 && fit(planes(shape, this), this.width, this.height).cell < SMALL;
    if (split !== this.split || !this.widgets.length) this.build(split, palette);
    this.overview.show(shown, { max });
    this.enlarge(max);
    this.max = max;
    this.body.style.setProperty("--cell", `${this.overview.layout.cell}px`);
    this.describe(shape, max, palette);
  }

  build(split, palette) {
    this.split = split;
    const common = { palette, name: this.title };
    const step = this.whole.shape.length === 4 ? this.whole.shape[1] : 1;
    const size = {
      width: this.width,
      height: split ? Math.max(96, this.height * 0.42) : this.height,
    };
    const look = { fold: this.fold, flat: this.flat, step };
    this.overview = this.widget({ ...common, ...size, ...look }, (place) => place);
    const perMap = (place) => this.map * this.mapSize() + place;
    this.large = split
      ? this.widget(
          { ...common, width: this.width, height: Math.max(140, this.height * 0.58) },
          perMap,
        )
      : null;
    this.widgets = [this.large, this.overview].filter(Boolean);
    fill(
      this.body,
      this.widgets.map(({ element }) => element),
      this.labels && this.names(),
    );
  }

  /** The classes beside the cells of a vector that has one for each. */
  names() {
    return h(
      "ol",
      { class: "panel-names", "aria-hidden": "true" },
      this.labels.map((label) => h("li", {}, label)),
    );
  }

  widget(options, placeOf) {
    const tell =
      (pinned) =>
      (index, place, byKey = false) => {
        const own = index === null ? null : this.indexOf(placeOf(place));
        this.onpoint(this, own, { pinned, byKey });
      };
    return new MapWidget({ ...options, onpoint: tell(false), onpin: tell(true) });
  }

  mapSize() {
    return size((this.fold ?? this.shown.shape).slice(-2));
  }

  enlarge(max) {
    if (!this.large) return;
    const side = (this.fold ?? this.shown.shape).slice(-2);
    const start = this.map * this.mapSize();
    this.large.show(array(side, this.shown.values.subarray(start, start + this.mapSize())), {
      max,
    });
  }

  /** The array's own index of what is drawn at `place`. */
  indexOf(place) {
    return this.row ? [this.unit, place] : indexAt(this.whole.shape, place);
  }

  /** Where the number of this index is drawn; −1 if it is not. */
  placeOf(index) {
    if (index.length !== this.whole.shape.length) return -1;
    if (this.row) return index[0] === this.unit ? index[1] : -1;
    return offset(this.whole.shape, index);
  }

  /** Make the number of this index one that is seen: its unit, its map. */
  reveal(index) {
    const unit = this.row ? index[0] : this.unit;
    const moved = unit !== this.unit;
    this.unit = unit;
    const map = Math.floor(this.placeOf(index) / this.mapSize());
    const turned = this.large && map !== this.map;
    this.map = map;
    if (moved) this.draw();
    else if (turned) this.enlarge(this.max);
  }

  /** @param {{indices: number[][], role: string}[]} sets  to be marked, each with its role */
  mark(sets) {
    const marks = sets.flatMap(({ indices, role }) => {
      const places = indices.map((index) => this.placeOf(index)).filter((place) => place >= 0);
      if (places.length > 1 && places.length === this.shown.values.length) return [];
      return boxes(places, (place) => this.overview.spot(place)).map((box) => ({ ...box, role }));
    });
    this.overview.mark(marks);
    const target = sets.find(({ role }) => role === "target");
    this.stand(target ? this.placeOf(target.indices[0]) : -1);
    this.large?.mark(
      marks.filter(({ map }) => map === this.map).map((mark) => ({ ...mark, map: 0 })),
    );
  }

  /** The arrow keys go on from this place. */
  stand(place) {
    this.overview.home = place;
    if (!this.large) return;
    const within = place - this.map * this.mapSize();
    this.large.home = place >= 0 && within >= 0 && within < this.mapSize() ? within : -1;
  }

  /** Let an arrow key go on from where the number stands, and have the next ones. */
  walk(event) {
    const widget = this.large?.home >= 0 ? this.large : this.overview;
    widget.element.focus({ preventScroll: true });
    widget.key(event);
  }

  describe(shape, max, palette) {
    const unit = this.row ? ` of unit ${this.unit}` : "";
    fill(
      this.caption,
      h("span", { class: "panel-title" }, this.title + unit),
      h("span", { class: "panel-shape" }, times(this.whole.shape) || "one number"),
      legend(max, { palette }),
    );
  }
}

/** The fewest boxes around these places: one for each map where they fill it, else one each. */
export function boxes(places, spot) {
  const maps = new Map();
  for (const place of places) {
    const at = spot(place);
    maps.set(at.map, [...(maps.get(at.map) ?? []), at]);
  }
  return [...maps].flatMap(([map, spots]) => {
    const box = around(map, spots);
    const full = box.height * box.width === spots.length;
    return full || spots.length > 80 ? [box] : spots;
  });
}

function around(map, spots) {
  const bound = (axis, pick) => pick(...spots.map((spot) => spot[axis]));
  const [row, column] = [bound("row", Math.min), bound("column", Math.min)];
  const height = bound("row", Math.max) - row + 1;
  return { map, row, column, height, width: bound("column", Math.max) - column + 1 };
}
