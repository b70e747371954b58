// Expressions written out: numbers with all their digits, joined by the signs of a textbook.

import { h } from "../lib/dom.js";
import { digits } from "../lib/numbers.js";

const MOST = 12; // operands that are written in one line
const JOINED = { product: " × ", quotient: " / ", maximum: ", ", minimum: ", " };
const CALLED = { maximum: "max", minimum: "min" };

/**
 * Writes expressions.  An operand that is pointed at goes to `onfocus`, one clicked to `ongo` if it
 * `leads` somewhere: the learning rate, for one, is no layer's.
 */
export class Writer {
  constructor({ onfocus, ongo, leads }) {
    Object.assign(this, { onfocus, ongo, leads });
    this.expressions = new WeakMap(); // of the buttons
  }

  /** Attend to the operands within this element: there are hundreds, so none listens itself. */
  listen(element) {
    const expression = ({ target }) => this.expressions.get(target.closest("button"));
    const when = (kind, act) =>
      element.addEventListener(kind, (event) => {
        const found = expression(event);
        if (found) act(found);
      });
    when("click", (found) => this.ongo(found));
    when("pointerover", (found) => this.onfocus([found]));
    when("pointerout", () => this.onfocus(null));
  }

  /** What an expression is made of, written in one line. */
  inline(expression) {
    const { kind, terms } = expression;
    if (kind in JOINED) return this.joined(expression);
    if (kind === "sum") return this.sum(terms);
    const [inner] = terms[0].factors;
    const operand = inner.terms ? this.inline(inner) : this.operand(inner);
    return [kind === "negative" ? "−" : kind, "(", operand, ")"];
  }

  joined({ kind, terms }) {
    const inside = between(this.operands(terms), JOINED[kind]);
    return CALLED[kind] ? [CALLED[kind], "(", ...inside, rest(terms), ")"] : inside;
  }

  sum(terms) {
    const sign = (i) => (i || terms[i].sign === "−" ? ` ${terms[i].sign} ` : "");
    return [this.operands(terms).map((each, i) => [sign(i), each]), rest(terms)];
  }

  operands(terms) {
    return terms.slice(0, MOST).map(({ factors }) =>
      between(
        factors.map((factor) => this.operand(factor)),
        " × ",
      ),
    );
  }

  /** An operand with the place it comes from; a click goes there. */
  operand(expression) {
    if (expression.terms) {
      const open = ["sum", "quotient"].includes(expression.kind);
      return h("span", {}, open && "(", this.inline(expression), open && ")");
    }
    if (expression.kind !== "element" || !this.leads(expression)) {
      return h("span", { class: "operand", title: expression.name }, number(expression.value));
    }
    const title = `${expression.name}: go there`;
    const props = { type: "button", class: "operand element", title };
    const button = h("button", props, number(expression.value));
    this.expressions.set(button, expression);
    return button;
  }

  /** An operand with its name before it. */
  named(expression) {
    const name =
      expression.kind === "element" && h("span", { class: "quiet-text" }, `${expression.name} `);
    return [name, this.operand(expression)];
  }
}

function between(parts, separator) {
  return parts.flatMap((part, i) => (i ? [separator, part] : [part]));
}

/** How many operands were left out. */
function rest(terms) {
  return terms.length > MOST ? ` … (${terms.length} in all)` : "";
}

/** A number with all its digits, and for programs its value. */
export function number(value, kind = "") {
  return h("data", { class: `number ${kind}`.trim(), value: String(value) }, digits(value));
}
