// The table of all terms of a sum, or of all candidates of a maximum, to the last digit.

import { button, fill, h } from "../lib/dom.js";
import { scrollTo } from "./listing.js";
import { number } from "./operands.js";

const ROWS = 30; // terms that are written out at once; more on request
const WORDS = {
  sum: {
    caption: "Every term, in the order in which the loops add them",
    running: "total so far",
  },
  maximum: {
    caption: "Every candidate, in the order in which the loops compare them",
    running: "largest so far",
  },
};

/** Whether an expression has enough terms, and of a kind, to be written as a table. */
export function hasTable({ kind, terms }) {
  return (terms?.length ?? 0) > 1 && kind in WORDS;
}

export class TermTable {
  /**
   * @param {import("./operands.js").Writer} writer
   * @param {(place: number|null) => void} onpoint  a row is pointed at, or left
   */
  constructor(writer, onpoint) {
    Object.assign(this, { writer, onpoint });
    this.element = h("div", {
      class: "terms",
      onpointerover: ({ target }) => this.point(target.closest("tbody tr")),
      onpointerleave: () => this.point(null),
    });
    this.clear();
  }

  clear() {
    this.rows = [];
    this.pointed = -1;
    fill(this.element);
  }

  point(row) {
    const place = this.rows.indexOf(row);
    if (place === this.pointed) return;
    this.pointed = place;
    this.onpoint(place < 0 ? null : place);
  }

  /** Write out this expression. */
  show(expression, limit = ROWS) {
    const { terms, kind } = expression;
    const pair = terms.find(({ factors }) => factors.length === 2)?.factors;
    this.pointed = -1;
    this.rows = terms
      .slice(0, limit)
      .map((term, place) => this.row(expression, term, place, Boolean(pair)));
    const { caption, running } = WORDS[kind];
    const table = [
      h("caption", {}, caption),
      head(pair, terms[0].factors[0], running),
      h("tbody", {}, this.rows),
    ];
    const all = () => this.show(expression, terms.length);
    fill(
      this.element,
      h("table", {}, table),
      terms.length > limit && button(`Show all ${terms.length} terms`, all, { class: "quiet" }),
    );
  }

  row({ kind, winner }, term, place, pairs) {
    const cells = pairs ? this.product(term) : [this.writer.operand(term.factors[0])];
    const signed = kind === "sum" && (place > 0 || term.sign === "−");
    return h(
      "tr",
      { class: winner === place ? "won" : null },
      h("td", { class: "term-number" }, place + 1),
      h("td", {}, signed ? term.sign : ""),
      cells.map((cell) => h("td", {}, cell)),
      h("td", { class: "running" }, term.running === null ? "" : number(term.running)),
    );
  }

  /** a × b = term; a term of one factor stands alone. */
  product({ factors: [a, b], value }) {
    return b
      ? [this.writer.operand(a), "×", this.writer.operand(b), "=", number(value)]
      : ["", "", "", "", this.writer.operand(a)];
  }

  /** Mark the row of a term; with `follow`, scroll to it. */
  focus(place, follow) {
    this.focused?.classList.remove("focused");
    this.focused = this.rows[place] ?? null;
    this.focused?.classList.add("focused");
    if (follow && this.focused) scrollTo(this.element, this.focused);
  }
}

/** Names above the columns: of both factors where there are products, else of the first's array. */
function head(pair, first, running) {
  const names = pair
    ? ["", "", nameOf(pair[0]), "", nameOf(pair[1]), "", "term", running]
    : ["", "", nameOf(first) || "value", running];
  const cells = names.map((name) => (name ? h("th", { scope: "col" }, name) : h("td", {})));
  return h("thead", {}, h("tr", {}, cells));
}

function nameOf({ kind, name, of, array }) {
  if (kind !== "element") return kind === "part" ? name : "";
  return (of === "gradient" ? "∂" : "") + array;
}
