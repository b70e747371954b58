// The arithmetic of one number, as a textbook writes it, with all its digits: the formula, the
// window times the weights, every term with the running total, and the native engine's float32.

import { fill, h } from "../lib/dom.js";
import { short } from "../lib/numbers.js";
import { formula } from "./formulas.js";
import { Candidates, Trio } from "./grids.js";
import { Writer, number } from "./operands.js";
import { TermTable, hasTable } from "./table.js";
import { candidatesOf, gridsOf, mainExpression } from "./terms.js";

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
    this.trio = new Trio((place) => this.focus(place));
    this.window = new Candidates((place) => this.focus(place));
    this.pictured = null; // which of them is shown
    this.top = h("div", {});
    this.formula = h("div", { class: "formula" });
    this.picture = h("div", {});
    this.terms = h("div", { class: "arithmetic-terms" });
    this.element = h(
      "section",
      { class: "arithmetic", "aria-label": "Arithmetic" },
      this.top,
      this.formula,
      this.picture,
      this.terms,
    );
    this.writer.listen(this.element);
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
    fill(this.top, this.heading(about));
    this.showFormula();
    this.showPicture();
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

  /** Window × weights = products as grids, or the window of a maximum. */
  showPicture() {
    const terms = this.main.terms ?? [];
    const grids = terms.length > 1 ? gridsOf(terms, this.foldOf(terms)) : null;
    const candidates = !grids && this.main.kind === "maximum" ? candidatesOf(terms) : null;
    if (grids) this.pictured = this.trio.show(grids, this.main.value);
    else if (candidates) this.pictured = this.window.show(candidates, this.main.winner);
    else this.pictured = null;
    if (this.picture.firstChild !== (this.pictured?.element ?? null))
      fill(this.picture, this.pictured?.element);
  }

  showFormula() {
    const names = this.explained.functions.map(({ name }) => name);
    if (String(names) === this.formulaOf) return;
    this.formulaOf = String(names);
    const found = formula(names);
    this.formula.hidden = !found;
    fill(this.formula, found);
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
    this.pictured?.focus(place);
    const term = place === null ? null : this.main.terms?.[place];
    this.onfocus?.(term ? term.factors : null);
  }
}

function apart(value, other) {
  const gap = Math.abs(value - other);
  return gap === 0 ? "the same" : `${short(gap, 2)} apart`;
}
