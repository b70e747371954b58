// Long sums travel as columns, what all their terms have in common said once.  Here they become a
// term each again, as short ones are.

const MARKS = { value: "", gradient: "∂", update: "new " };

/** An answer of /api/explain with all terms as objects. */
export function expanded(explained) {
  const parts = Object.entries(explained.parts ?? {});
  return {
    ...explained,
    expression: withTerms(explained.expression),
    parts: Object.fromEntries(parts.map(([name, part]) => [name, withTerms(part)])),
  };
}

function withTerms({ columns, ...expression }) {
  if (!columns) return expression;
  const alike = columns.value.map((value, row) => ({
    sign: columns.sign,
    value,
    running: columns.running[row],
    factors: columns.factors.map((factor) => elementOf(factor, row)),
  }));
  return { ...expression, terms: [...alike, ...expression.terms] };
}

function elementOf({ array, of, sample, index: columns, value }, row) {
  const index = columns.map((column) => column[row]);
  const name = MARKS[of] + array + index.map((position) => `[${position}]`).join("");
  return { kind: "element", value: value[row], name, array, index, of, sample };
}
