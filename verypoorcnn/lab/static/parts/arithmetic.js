// The arithmetic of one number, as a textbook writes it, with all its digits: the formula, the
// window times the weights, every term with the running total, and the native engine's float32.

import { fill, h } from "../lib/dom.js";
import { MapWidget } from "../lib/maps.js";
import { short } from "../lib/numbers.js";
import { formula } from "./formulas.js";
import { scrollTo } from "./listing.js";
import { Writer, number } from "./operands.js";
import { gridsOf, mainExpression } from "./terms.js";

const ROWS = 30; // terms that are written out at once; more on request
const REST = 80; // milliseconds without a newer number, after which its terms are written out

/** Shows explanations. `onfocus(term)` when one of its terms is pointed at (null when left). */
export class ArithmeticPanel {
  constructor({ onfocus, ongo, foldOf }) {
    Object.assign(this, { onfocus, foldOf });
    this.writer = new Writer({ onfocus, ongo });
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
   * The picture at once; the terms, hundreds of numbers, when the pointer rests.
   * @param {object} explained  what /api/explain answers
   */
  show(explained) {
    const moving = this.explained && performance.now() - this.shownAt < 5 * REST;
    this.shownAt = performance.now();
    this.explained = explained;
    this.main = mainExpression(explained);
    this.rows = new Map();
    fill(this.top, this.heading(), this.formula(), this.picture());
    clearTimeout(this.timer);
    this.terms.classList.toggle("stale", Boolean(moving));
    if (moving) this.timer = setTimeout(() => this.writeTerms(), REST);
    else this.writeTerms();
    return this;
  }

  writeTerms() {
    this.terms.classList.remove("stale");
    fill(this.terms, this.written(), this.table());
  }

  heading() {
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
      sign("Σ"),
      h("span", { class: "trio-sum" }, short(this.main.value, 5)),
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
    widget.mark([winner]);
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

  /** Every term, to the last digit. */
  table(limit = ROWS) {
    if (!hasTable(this.main)) return null;
    const { terms, kind } = this.main;
    const pairs = terms.some((term) => term.factors.length === 2);
    const running = kind === "maximum" ? "largest so far" : "total so far";
    const [a, b] = (terms.find((term) => term.factors.length === 2) ?? terms[0]).factors.map(
      nameOf,
    );
    const heads = pairs
      ? ["", "", a, "", b, "", "product", running]
      : ["", "", a || "value", running];
    const what =
      kind === "maximum"
        ? "candidate, in the order in which the loops compare them"
        : "term, in the order in which the loops add them";
    const body = h(
      "tbody",
      {},
      terms.slice(0, limit).map((term, i) => this.row(term, i, pairs)),
    );
    const rest = terms.length - limit;
    const more =
      rest > 0 &&
      h(
        "button",
        {
          type: "button",
          class: "quiet",
          onclick: () => {
            table.replaceWith(this.table(terms.length));
          },
        },
        `Show all ${terms.length} terms`,
      );
    const table = h(
      "div",
      { class: "terms" },
      h(
        "table",
        {},
        h("caption", {}, `Every ${what}`),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            heads.map((head) => (head ? h("th", { scope: "col" }, head) : h("td", {}))),
          ),
        ),
        body,
      ),
      more,
    );
    return table;
  }

  row(term, place, pairs) {
    const [a, b] = term.factors;
    const sign = this.main.kind === "sum" ? (place || term.sign === "−" ? term.sign : "") : "";
    const cells = pairs
      ? [
          this.writer.operand(a),
          b ? "×" : "",
          b ? this.writer.operand(b) : "",
          b ? "=" : "",
          number(term.value),
        ]
      : [this.writer.operand(a)];
    const won = this.main.winner === place;
    const row = h(
      "tr",
      {
        class: won ? "won" : null,
        onpointerenter: () => this.focus(place),
        onpointerleave: () => this.focus(null),
      },
      h("td", { class: "term-number" }, place + 1),
      h("td", { class: "term-sign" }, sign),
      cells.map((cell) => h("td", {}, cell)),
      h("td", { class: "running" }, term.running === null ? "" : number(term.running)),
    );
    this.rows.set(place, row);
    return row;
  }

  /** Point at a term: in the table, in the grids, and for whoever listens. */
  focus(place, { follow = false } = {}) {
    this.rows.get(this.focused)?.classList.remove("focused");
    this.focused = place;
    const row = this.rows.get(place);
    row?.classList.add("focused");
    if (follow && row) scrollTo(row.closest(".terms"), row);
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

function hasTable(expression) {
  return (expression.terms?.length ?? 0) > 1 && ["sum", "maximum"].includes(expression.kind);
}

function nameOf(factor) {
  if (factor.kind !== "element") return factor.kind === "part" ? factor.name : "";
  return (factor.of === "gradient" ? "∂" : "") + factor.array;
}

function apart(value, other) {
  const gap = Math.abs(value - other);
  return gap === 0 ? "the same" : `${short(gap, 2)} apart`;
}
