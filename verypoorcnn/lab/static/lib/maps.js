// Feature maps on canvases: many maps of one array in one picture, each value a square of its own
// colour, with marks on top; pointed at with a mouse, a finger, or the arrow keys.

import { indexAt, largest } from "./arrays.js";
import { darkText, markColour, painter } from "./colours.js";
import { h } from "./dom.js";
import { GAP, corner, extent, fit, planes } from "./layout.js";
import { brackets, digits, tiny } from "./numbers.js";

const LEGIBLE = 26; // cells of so many pixels have their numbers written into them

let sheet = null; // on which one value is one pixel; all pictures share it, for making one is slow

/** Paint all maps of `values` into the canvas. */
export function paint(
  canvas,
  values,
  layout,
  { max = largest(values), palette = "diverging" } = {},
) {
  const { rows, columns, cell, count, stretch = 1 } = layout;
  const [width, height] = extent(layout);
  const context = sized(canvas, width, height);
  context.imageSmoothingEnabled = false;
  const source = small(values, columns, rows * count, painter(palette, max));
  const [wide, high] = [columns * cell * stretch, rows * cell];
  context.beginPath();
  for (let map = 0; map < count; map += 1) {
    const [x, y] = corner(layout, map);
    context.drawImage(source, 0, map * rows, columns, rows, x, y, wide, high);
    context.rect(x + 0.5, y + 0.5, wide - 1, high - 1);
  }
  context.strokeStyle = "rgb(128 132 138 / 0.55)";
  context.stroke();
  if (cell * stretch >= LEGIBLE && cell >= 15) write(context, values, layout, max, palette);
}

/** The shared sheet with a pixel for each value, row after row; none where there is no number. */
function small(values, columns, rows, colour) {
  const image = new ImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  const have = Math.min(pixels.length, values.length);
  for (let i = 0; i < have; i += 1) if (!Number.isNaN(values[i])) pixels[i] = colour(values[i]);
  sheet ??= new OffscreenCanvas(columns, rows);
  if (sheet.width < columns) sheet.width = columns;
  if (sheet.height < rows) sheet.height = rows;
  sheet.getContext("2d", { willReadFrequently: true }).putImageData(image, 0, 0);
  return sheet;
}

/** Write each value into its cell. */
function write(context, values, layout, max, palette) {
  const { rows, columns, cell, count, stretch = 1 } = layout;
  const height = Math.min(12, cell * (stretch > 1 ? 0.6 : 0.36));
  context.font = `${height}px ui-monospace, Menlo, "DejaVu Sans Mono", monospace`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (let place = 0; place < Math.min(values.length, rows * columns * count); place += 1) {
    if (Number.isNaN(values[place])) continue;
    const [x, y] = corner(layout, Math.floor(place / (rows * columns)));
    const rest = place % (rows * columns);
    const column = rest % columns;
    context.fillStyle = darkText(values[place], max, palette) ? "#1c1e21" : "#ffffff";
    const middle = [
      x + (column + 0.5) * cell * stretch,
      y + ((rest - column) / columns + 0.5) * cell + 0.5,
    ];
    context.fillText(tiny(values[place]), ...middle);
  }
}

/** The canvas, empty and so large, and its pen, which measures in CSS pixels. */
function sized(canvas, width, height) {
  const ratio = globalThis.devicePixelRatio || 1;
  const wide = Math.max(1, Math.round(width * ratio));
  const high = Math.max(1, Math.round(height * ratio));
  if (canvas.width !== wide || canvas.height !== high) {
    Object.assign(canvas, { width: wide, height: high });
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

function outline(context, layout, mark) {
  const role = mark.role ?? "window";
  const thick = role === "focus" ? 3 : 2;
  const [x, y] = corner(layout, mark.map);
  const { cell, stretch = 1 } = layout;
  const wide = cell * stretch;
  const box = [x + mark.column * wide, y + mark.row * cell, mark.width * wide, mark.height * cell];
  context.strokeStyle = "rgb(255 255 255 / 0.9)";
  context.lineWidth = thick + 2;
  context.strokeRect(...box);
  context.strokeStyle = markColour(role);
  context.lineWidth = thick;
  context.strokeRect(...box);
}

/**
 * @typedef {{map: number, row: number, column: number, height: number, width: number,
 *   role?: "window"|"target"|"focus"}} Mark
 *
 * @typedef {object} MapOptions
 * @property {string} name  of the array, for readers of the screen and for titles
 * @property {number} [width]  available, in CSS pixels
 * @property {number} [height]
 * @property {number} [most]  the largest cell
 * @property {"diverging"|"grey"} [palette]
 * @property {number} [across]  maps side by side; else as many as fit best
 * @property {number} [step]  maps that must stay in one row: the channels of a kernel
 * @property {boolean} [flat]  lay a vector flat
 * @property {number[]} [fold]  the shape a vector is to be laid out in: what it was flattened from
 * @property {(index: number[]) => string} [describe]  what is said of a number; else its value
 * @property {(index: number[]|null, place: number, byKey: boolean) => void} [onpoint]  pointer or
 *   key moved there
 * @property {(index: number[], place: number) => void} [onpin]  clicked or Enter
 */

/** A picture of an array that can be pointed at. */
export class MapWidget {
  /** @param {MapOptions} options */
  constructor(options) {
    this.options = options;
    this.canvas = h("canvas", { class: "map-values", "aria-hidden": "true" });
    this.marks = h("canvas", { class: "map-marks", "aria-hidden": "true" });
    this.place = -1; // what was pointed at last
    this.home = -1; // where the arrow keys begin, if not there
    const asked = options.onpoint || options.onpin;
    this.element = h(
      "div",
      {
        class: asked ? "map asked" : "map",
        role: asked ? "application" : "img",
        "aria-label": options.name,
        tabindex: asked ? 0 : null,
        "aria-roledescription": asked ? "grid of values" : null,
      },
      this.canvas,
      this.marks,
    );
    if (asked) this.listen();
  }

  /** Show these numbers. */
  show(numbers, { max } = {}) {
    const { width = 300, height = 260, fold } = this.options;
    this.numbers = numbers;
    this.layout = fit(planes(fold ?? numbers.shape, this.options), width, height, this.options);
    this.max = max ?? largest(numbers.values);
    paint(this.canvas, numbers.values, this.layout, {
      max: this.max,
      palette: this.options.palette,
    });
    this.mark(this.marked ?? []);
    return this;
  }

  /** Draw these marks in the place of the former. @param {Mark[]} marks */
  mark(marks) {
    this.marked = marks;
    if (!this.layout) return;
    const context = sized(this.marks, ...extent(this.layout));
    for (const mark of marks) outline(context, this.layout, mark);
  }

  /** The map, row and column where the number at `place` is drawn. */
  spot(place) {
    const { rows, columns } = this.layout;
    const map = Math.floor(place / (rows * columns));
    const rest = place % (rows * columns);
    return { map, row: Math.floor(rest / columns), column: rest % columns, height: 1, width: 1 };
  }

  listen() {
    const { element } = this;
    element.addEventListener("pointermove", (event) => this.point(this.under(event)));
    element.addEventListener("pointerleave", () => {
      this.pointed = -1;
      this.options.onpoint?.(null, -1);
    });
    element.addEventListener("pointerdown", (event) => this.point(this.under(event)));
    element.addEventListener("click", (event) => this.under(event) >= 0 && this.pin(this.pointed));
    element.addEventListener("keydown", (event) => this.key(event));
    element.addEventListener("focus", () => this.place < 0 && this.home < 0 && this.step(0));
  }

  /** The place of the value under the pointer; −1 between maps. */
  under(event) {
    if (!this.layout) return -1;
    const { rows, columns, cell, across, count, stretch = 1 } = this.layout;
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const [wide, high] = [columns * cell * stretch + GAP, rows * cell + GAP];
    const map = Math.floor(y / high) * across + Math.floor(x / wide);
    const [row, column] = [(y % high) / cell, (x % wide) / (cell * stretch)].map(Math.floor);
    if (x < 0 || y < 0 || row >= rows || column >= columns || map >= count) return -1;
    const place = (map * rows + row) * columns + column;
    return place < this.numbers.values.length ? place : -1;
  }

  point(place, byKey = false) {
    if (place < 0 || (place === this.pointed && !byKey)) return;
    this.pointed = place;
    this.place = place;
    this.describe(place);
    this.options.onpoint?.(indexAt(this.numbers.shape, place), place, byKey);
  }

  pin(place) {
    if (place >= 0) this.options.onpin?.(indexAt(this.numbers.shape, place), place);
  }

  key(event) {
    const { rows, columns } = this.layout;
    const steps = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -columns,
      ArrowDown: columns,
      PageUp: -rows * columns,
      PageDown: rows * columns,
    };
    const here = Math.max(0, this.home >= 0 ? this.home : this.place);
    if (event.key === "Enter" || event.key === " ") this.pin(here);
    else if (event.key in steps) this.step(steps[event.key]);
    else if (event.key === "Home") this.step(-here);
    else if (event.key === "End") this.step(this.numbers.values.length - 1 - here);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  step(by) {
    const last = this.numbers.values.length - 1;
    const next = Math.max(0, this.home >= 0 ? this.home : this.place) + by;
    if (next >= 0 && next <= last) this.point(next, true);
  }

  /** Say where the keyboard or the pointer stands. */
  describe(place) {
    const { name, describe } = this.options;
    const index = indexAt(this.numbers.shape, place);
    const text = `${name}${brackets(index)}: ${digits(this.numbers.values[place])}`;
    this.element.setAttribute("aria-label", describe ? describe(index) : text);
  }
}
