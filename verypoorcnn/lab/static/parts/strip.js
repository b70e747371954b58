// The whole network from left to right: a column for the image, one for each layer with its real
// maps (or their gradients), and at the end the probabilities.

import { largest } from "../lib/arrays.js";
import { fill, h } from "../lib/dom.js";
import { fit, planes } from "../lib/layout.js";
import { paint } from "../lib/maps.js";
import { count, times } from "../lib/numbers.js";
import { bars } from "./bars.js";
import { columnsOf, describe, foldOf, parameterCount } from "./layers.js";

/** Of the pictures, in CSS pixels; of the widths the first that lets the whole network be seen. */
const SIZES = {
  full: { widths: [168, 132, 104], height: 400, most: 12, bars: true },
  compact: { widths: [84, 68, 52], height: 60, most: 5, bars: false },
};

/** The network as columns. `onopen(name, map)` when one is chosen. */
export class Strip {
  constructor(lab, { direction = "forward", signed = direction !== "forward", onopen }) {
    this.lab = lab;
    this.direction = direction;
    this.signed = signed; // whether the image's column shows differences as well
    this.onopen = onopen;
    this.size = "full";
    this.element = h("ol", {
      class: `strip ${direction}`,
      "aria-label": "The network, layer by layer",
    });
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.room = new ResizeObserver(() => this.refit());
    this.build();
  }

  build() {
    this.columns = columnsOf(this.lab.session()).map((column) => this.column(column));
    fill(
      this.element,
      this.columns.map(({ item }) => item),
    );
  }

  column(column) {
    const canvas = h("canvas", { width: 1, height: 1, "aria-hidden": "true" });
    const picture = h("span", { class: "strip-picture" }, canvas);
    const learned = parameterCount(column);
    const button = h(
      "button",
      {
        type: "button",
        class: "strip-column",
        onclick: (event) => this.onopen(column.name, this.mapUnder(column.name, event)),
      },
      h("span", { class: "strip-name" }, column.name),
      h("span", { class: "unseen" }, ` ${column.type} `),
      h("span", { class: "strip-shape" }, times(column.shape)),
      " ",
      picture,
      " ",
      h("span", { class: "strip-about" }, this.direction === "forward" ? describe(column) : " "),
      " ",
      h("span", { class: "strip-count" }, learned ? `${count(learned)} parameters` : " "),
    );
    return { ...column, canvas, picture, button, item: h("li", {}, button) };
  }

  /** Show these arrays (names to arrays), small ("compact") or large ("full"). */
  show(arrays, { size = this.size, answer } = {}) {
    if (size !== this.size) this.width = null;
    Object.assign(this, { size, shown: arrays });
    this.element.classList.toggle("compact", size === "compact");
    const last = this.columns.at(-1);
    const asBars = SIZES[size].bars && answer;
    if (asBars) fill(last.picture, bars(this.lab, answer));
    const drawn = this.columns.filter(({ name }) => arrays[name]);
    const maps = asBars ? drawn.filter((column) => column !== last) : drawn;
    for (const { picture, canvas } of maps) {
      if (picture.firstChild !== canvas) fill(picture, canvas); // else nothing is laid out anew
    }
    this.drawn = maps;
    this.drawMaps();
  }

  /** Draw so wide that the whole network is seen; found by trying, once for the room there is. */
  drawMaps() {
    const draw = (width) =>
      this.drawn.forEach((column) => this.draw(column, this.shown[column.name], width));
    if (this.width) {
      draw(this.width);
      return;
    }
    const frame = this.element.parentElement;
    if (frame) this.room.observe(frame);
    this.frameWidth = frame?.clientWidth;
    const { widths } = SIZES[this.size];
    const fits = (width) => {
      draw(width);
      return !this.isCut();
    };
    this.width = widths.find(fits) ?? widths[0]; // if none fits, one has to scroll anyway
    draw(this.width);
  }

  /** The room has changed; also called when it is looked at first. */
  refit() {
    if (this.element.parentElement?.clientWidth === this.frameWidth) return;
    this.width = null;
    this.drawMaps();
  }

  /** Scroll to where things begin: on the way back, at the right. */
  toBeginning() {
    const frame = this.element.parentElement;
    if (this.direction === "backward") frame.scrollLeft = frame.scrollWidth;
  }

  /** Whether not all of it is in sight. */
  isCut() {
    const frame = this.element.parentElement;
    return Boolean(frame) && frame.scrollWidth > frame.clientWidth;
  }

  draw(column, numbers, width) {
    const { height, most } = SIZES[this.size];
    const fold = foldOf(this.lab.session(), column.name);
    const cells =
      column.name === "image" ? Math.max(1, Math.floor(120 / Math.max(...numbers.shape))) : most;
    column.layout = fit(planes(fold ?? numbers.shape), width, height, { most: cells });
    const grey = !this.signed && column.name === "image";
    const max = grey ? 1 : largest(numbers.values);
    paint(column.canvas, numbers.values, column.layout, {
      max,
      palette: grey ? "grey" : "diverging",
    });
  }

  /** Which map of a column a click hit. */
  mapUnder(name, event) {
    const { canvas, layout } = this.columns.find((column) => column.name === name);
    const box = canvas.getBoundingClientRect();
    if (!layout || !box.width || !event.detail) return 0; // by the keyboard: the first
    const deep = Math.ceil(layout.count / layout.across);
    const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    if (x < 0 || y < 0 || x >= 1 || y >= 1) return 0;
    const map = Math.floor(y * deep) * layout.across + Math.floor(x * layout.across);
    return Math.min(map, layout.count - 1);
  }

  /** Mark the layer that is open; null for none. */
  select(name) {
    if (name === this.selected) return; // looking where it is takes longer than drawing
    this.selected = name;
    for (const column of this.columns) {
      const chosen = column.name === name;
      column.button.setAttribute("aria-expanded", String(chosen));
      if (chosen) column.item.scrollIntoView?.({ block: "nearest", inline: "nearest" });
    }
  }

  key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    const place = this.columns.findIndex(({ button }) => button === document.activeElement);
    const next = this.columns[place + step];
    if (place < 0 || !next) return;
    event.preventDefault();
    next.button.focus();
  }
}
