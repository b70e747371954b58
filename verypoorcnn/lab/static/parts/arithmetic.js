// The arithmetic of one number, as a textbook writes it, with all its digits: the formula, the
// window times the weights, every term with the running total, and the native engine's float32.

import { fill, h } from "../lib/dom.js";
import { MapWidget } from "../lib/maps.js";
import { short } from "../lib/numbers.js";
import { formula } from "./formulas.js";
import { Writer, number } from "./operands.js";
import { TermTable, hasTable } from "./table.js";
import { gridsOf, mainExpression } from "./terms.js";

const REST = 80; // milliseconds without a newer number, after which its terms are written out
const QUICK = 8; // milliseconds that terms may take to be written at once

/** Shows explanations. */
export class ArithmeticPanel {
  /**
   * @param {object} told
   * @param {(elements: object[]|null) => void} told.onfocus  a term is pointed at, or left
   * @param {(element: object) => void} told.ongo  an operand is clicked
   * @param {(element: object) => boolean} told.leads  whether there is somewhere to go
   * @param {(terms: object[]) => number[]|undefined} told.foldOf  maps that a vector was made of
   */
  constructor({ onfocus, ongo, leads, foldOf }) {
    Object.assign(this, { onfocus, foldOf });
    this.writer = new Writer({ onfocus, ongo, leads });
    this.table = new TermTable(this.writer, (place) => this.focus(place));
    this.took = 0; // milliseconds, to write the last terms
    this.top = h("div", {});
    this.terms = h("div", { class: "arithmetic-terms" });
    this.element = h(
      "section",
      { class: "arithmetic", "aria-label": "Arithmetic" },
      this.top,
      this.terms,
    );
  }

  /**
   * The picture at once; the terms, if they take a while, when the pointer rests.
   * @param {object} explained  what /api/explain answers
   * @param {string} [about]  the class that the number is of
   */
  show(explained, about = "") {
    const moving = this.took > QUICK && performance.now() - this.shownAt < 5 * REST;
    this.shownAt = performance.now();
    this.explained = explained;
    this.main = mainExpression(explained);
    fill(this.top, this.heading(about), this.formula(), this.picture());
    this.frameWinner?.(); // in the document, where its colour is known
    clearTimeout(this.timer);
    this.terms.classList.toggle("stale", moving);
    if (moving) this.timer = setTimeout(() => this.writeTerms(), REST);
    else this.writeTerms();
    return this;
  }

  writeTerms() {
    const began = performance.now();
    this.terms.classList.remove("stale");
    const table = hasTable(this.main);
    if (table) this.table.show(this.main);
    else this.table.clear();
    fill(this.terms, this.written(), table && this.table.element);
    this.took = performance.now() - began;
  }

  heading(about) {
    const { target, value, engine, native } = this.explained;
    const other = engine?.value ?? native;
    return h(
      "header",
      { class: "result" },
      h(
        "h2",
        {},
        h("span", { class: "result-name" }, target),
        " = ",
        number(value, "result-value"),
        about && h("span", { class: "result-class" }, ` ${about}`),
      ),
      typeof other === "number" &&
        h(
          "p",
          { class: "quiet-text" },
          `${engine?.name ?? "native"} engine, float32: `,
          number(other),
          ` (${apart(value, other)})`,
        ),
    );
  }

  formula() {
    const found = formula(this.explained.functions.map(({ name }) => name));
    return found && h("div", { class: "formula" }, found);
  }

  /** Window × weights = products, as grids. */
  picture() {
    const terms = this.main.terms ?? [];
    const grids = terms.length > 1 ? gridsOf(terms, this.foldOf(terms)) : null;
    this.grids = grids;
    this.frameWinner = null;
    if (grids) return this.trio(grids);
    return this.main.kind === "maximum" ? this.window(terms) : null;
  }

  trio({ names, factors, products, placeOf }) {
    const termAt = new Map(placeOf.map((place, term) => [place, term]));
    const options = (name) => ({
      name,
      width: 180,
      height: 180,
      most: 30,
      palette: name === "image" ? "grey" : "diverging",
      onpoint: (_, place) => this.focus(termAt.get(place) ?? null),
    });
    this.widgets = [...factors, products].map((numbers, i) =>
      new MapWidget(options(names[i] ?? "product")).show(
        numbers,
        names[i] === "image" ? { max: 1 } : {},
      ),
    );
    const [a, b, c] = this.widgets.map((widget, i) =>
      h("figure", {}, widget.element, h("figcaption", {}, names[i] ?? "products")),
    );
    const sign = (text) => h("span", { class: "sign", "aria-hidden": "true" }, text);
    return h(
      "div",
      { class: "trio" },
      a,
      sign("×"),
      b,
      sign("="),
      c,
      h("span", { class: "trio-sum" }, sign("Σ"), " ", short(this.main.value, 5)),
    );
  }

  /** The candidates of a maximum, the winner framed. */
  window(terms) {
    const elements = terms.map((term) => term.factors[0]);
    if (!elements.every((element) => element.kind === "element")) return null;
    const columns = new Set(elements.map((element) => element.index.at(-1))).size;
    if (elements.length % columns || elements.length < 2) return null;
    const shape = [elements.length / columns, columns];
    const values = Float64Array.from(elements, (element) => element.value);
    const widget = new MapWidget({
      name: "window",
      width: 200,
      height: 200,
      most: 44,
      onpoint: (_, place) => this.focus(place < 0 ? null : place),
    }).show({ shape, values });
    const winner = { ...widget.spot(this.main.winner), role: "target" };
    this.frameWinner = () => widget.mark([winner]);
    this.widgets = [];
    return h(
      "div",
      { class: "trio" },
      h("figure", {}, widget.element, h("figcaption", {}, "window, the winner framed")),
    );
  }

  /** What stands around the terms: quotients, exponentials, parts; conditions that decided. */
  written() {
    const { expression, parts, conditions } = this.explained;
    const lines = [];
    if (expression !== this.main || !hasTable(expression)) lines.push(this.line("", expression));
    for (const [name, part] of Object.entries(parts)) {
      if (part !== this.main) lines.push(this.line(`${name} = `, part));
    }
    for (const { left, operator, right, holds } of conditions.slice(0, 12)) {
      lines.push(
        h(
          "li",
          {},
          this.writer.named(left),
          ` ${operator} `,
          this.writer.named(right),
          h("span", { class: "quiet-text" }, holds ? " holds" : " does not hold"),
        ),
      );
    }
    return lines.length ? h("ul", { class: "written" }, lines) : null;
  }

  line(name, expression) {
    const inner = expression.terms ? [" = ", this.writer.inline(expression)] : [];
    const from = expression.kind === "element" ? [" = ", this.writer.operand(expression)] : [];
    return h("li", {}, name, number(expression.value), inner, from);
  }

  /** Point at a term: in the table, in the grids, and for whoever listens. */
  focus(place, { follow = false } = {}) {
    this.table.focus(place, follow);
    if (this.grids) this.focusGrids(this.grids.placeOf[place] ?? -1);
    const term = place === null ? null : this.main.terms?.[place];
    this.onfocus?.(term ? term.factors : null);
  }

  focusGrids(place) {
    for (const widget of this.widgets) {
      widget.mark(place < 0 ? [] : [{ ...widget.spot(place), role: "focus" }]);
    }
  }
}

function apart(value, other) {
  const gap = Math.abs(value - other);
  return gap === 0 ? "the same" : `${short(gap, 2)} apart`;
}
