// A confusion matrix of many classes as a map: a small square for each cell, blue on the diagonal,
// orange beside it.  Above stands what the cell says that is pointed at; at the edges, as many
// names as there is room for.

import { array, offset } from "../lib/arrays.js";
import { READING, sentence, share } from "../lib/confusion.js";
import { fill, h } from "../lib/dom.js";
import { MapWidget } from "../lib/maps.js";

const EDGE = 112; // pixels for the names at the left
const ABOUT = 320; // pixels that stand above and below the map
const LOWEST = 360; // pixels that the map may always be high
const MOST = 16; // pixels of a cell, at most
const LINE = 13; // pixels that a name takes

export class MatrixMap {
  constructor(names, onpick) {
    Object.assign(this, { names, onpick });
    this.chosen = null;
    this.widget = this.buildMap();
    this.top = h("div", { class: "matrix-edge top", "aria-hidden": "true" });
    this.left = h("div", { class: "matrix-edge left", "aria-hidden": "true" });
    this.readout = h("p", { class: "figures matrix-readout", role: "status" });
    this.element = h(
      "div",
      { class: "matrix-scroll" },
      h("p", { class: "quiet-text" }, READING),
      this.readout,
      h("div", { class: "matrix-map" }, this.top, this.left, this.widget.element),
    );
    this.element.hidden = true; // until there is something to show
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.element);
    this.tell(null);
  }

  destroy() {
    this.observer.disconnect();
  }

  buildMap() {
    return new MapWidget({
      name: "Confusion matrix",
      most: MOST,
      describe: (index) => this.sentence(index),
      onpoint: (index, place, byKey) => {
        this.tell(index ?? this.chosen);
        if (byKey) this.stand(place);
      },
      onpin: (index) => {
        this.choose(index);
        this.onpick(...index);
      },
    });
  }

  /** @param {number[][]} counts */
  show(counts) {
    this.counts = counts;
    const values = counts.flatMap((row, truth) =>
      row.map((_, predicted) => {
        const part = Math.sqrt(share(counts, truth, predicted)); // so that rare mistakes are seen
        return truth === predicted ? -part : part;
      }),
    );
    this.numbers = array([counts.length, counts.length], Float64Array.from(values));
    this.width = 0;
    this.element.hidden = false;
    this.draw();
  }

  /** @param {[number, number]|null} cell  truth and predicted */
  choose(cell) {
    this.chosen = cell;
    this.tell(cell);
    if (this.widget.layout) this.stand(cell ? offset(this.numbers.shape, cell) : -1);
  }

  /** The arrow keys go on from this place; mark it, and the chosen cell. */
  stand(place) {
    const { widget, chosen, numbers } = this;
    widget.home = place;
    const mark = (at, role) => (at < 0 ? [] : [{ ...widget.spot(at), role }]);
    const own = chosen ? offset(numbers.shape, chosen) : -1;
    widget.mark([...mark(place, "focus"), ...mark(own, "target")]);
  }

  /** Draw it for the width that there is. */
  draw() {
    const width = this.element.clientWidth;
    if (!this.counts || width <= EDGE || width === this.width) return;
    this.width = width;
    const height = Math.max(LOWEST, innerHeight - ABOUT);
    Object.assign(this.widget.options, { width: width - EDGE, height });
    this.widget.show(this.numbers, { max: 1 });
    this.choose(this.chosen);
    fill(this.top, this.namesAlong("left"));
    fill(this.left, this.namesAlong("top"));
  }

  /** Every name, or every second, third …: as many as do not overlap. */
  namesAlong(side) {
    const { cell } = this.widget.layout;
    const every = Math.ceil(LINE / cell);
    return this.names.map((name, k) => {
      const style = { [side]: `${(k + 0.5) * cell}px` };
      return k % every === 0 && h("span", { style }, name);
    });
  }

  tell(index) {
    this.readout.textContent = this.counts && index ? this.sentence(index) : "";
  }

  sentence([truth, predicted]) {
    return sentence(this.names, this.counts, truth, predicted);
  }
}
