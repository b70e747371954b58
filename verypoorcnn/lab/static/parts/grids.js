// The terms of a number as little grids: window × weights = products; the candidates of a maximum.
// They are kept and drawn over while the pointer moves from value to value.

import { fill, h } from "../lib/dom.js";
import { MapWidget } from "../lib/maps.js";
import { short } from "../lib/numbers.js";

/** Three grids: factors and products. */
export class Trio {
  /** @param {(term: number|null) => void} onpoint  the cell of a term is pointed at, or left */
  constructor(onpoint) {
    this.onpoint = onpoint;
    this.sum = h("span", {});
    this.element = h("div", { class: "trio" });
  }

  /**
   * @param {ReturnType<typeof import("./terms.js").gridsOf>} grids
   * @param {number} sum  of the products
   */
  show({ names, factors, products, placeOf }, sum) {
    this.placeOf = placeOf;
    this.termAt = new Map(placeOf.map((place, term) => [place, term]));
    if (String(names) !== String(this.names)) this.build(names);
    [...factors, products].forEach((numbers, i) => {
      this.widgets[i].show(numbers, names[i] === "image" ? { max: 1 } : {}).mark([]);
    });
    this.sum.textContent = short(sum, 5);
    return this;
  }

  build(names) {
    this.names = names;
    this.widgets = [...names, "product"].map((name) => this.widget(name));
    const [a, b, c] = this.widgets.map((widget, i) =>
      h("figure", {}, widget.element, h("figcaption", {}, names[i] ?? "products")),
    );
    const sign = (text) => h("span", { class: "sign", "aria-hidden": "true" }, text);
    const total = h("span", { class: "trio-sum" }, sign("Σ"), " ", this.sum);
    fill(this.element, a, sign("×"), b, sign("="), c, total);
  }

  widget(name) {
    return new MapWidget({
      name,
      width: 180,
      height: 180,
      most: 30,
      palette: name === "image" ? "grey" : "diverging",
      onpoint: (_, place) => this.onpoint(this.termAt.get(place) ?? null),
    });
  }

  /** Frame the cells of a term; null for none. */
  focus(term) {
    const place = this.placeOf[term] ?? -1;
    for (const widget of this.widgets) {
      widget.mark(place < 0 ? [] : [{ ...widget.spot(place), role: "focus" }]);
    }
  }
}

/** A window of which the greatest number was taken. */
export class Candidates {
  /** @param {(term: number|null) => void} onpoint  a candidate is pointed at, or left */
  constructor(onpoint) {
    this.widget = new MapWidget({
      name: "window",
      width: 200,
      height: 200,
      most: 44,
      onpoint: (_, place) => onpoint(place < 0 ? null : place),
    });
    const caption = h("figcaption", {}, "window, the winner framed");
    this.element = h("div", { class: "trio" }, h("figure", {}, this.widget.element, caption));
  }

  /** @param {import("../lib/arrays.js").NumberArray} window */
  show(window, winner) {
    this.widget.show(window).mark([{ ...this.widget.spot(winner), role: "target" }]);
    return this;
  }

  /** The winner stays framed, whatever is pointed at. */
  focus() {}
}
