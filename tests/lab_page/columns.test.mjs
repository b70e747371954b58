// Sums that travelled as columns, as a term each again.

import assert from "node:assert/strict";
import { test } from "node:test";

import { expanded } from "../../verypoorcnn/lab/static/lib/columns.js";

const bias = { sign: "+", value: 0.5, running: 7.5, factors: [] };
const columns = {
  sign: "+",
  value: [1, 6],
  running: [1, 7],
  factors: [
    {
      array: "conv1",
      of: "gradient",
      sample: 0,
      index: [
        [2, 2],
        [0, 1],
      ],
      value: [0.5, 2],
    },
    { array: "image", of: "value", sample: 0, index: [[4, 5]], value: [2, 3] },
  ],
};

test("a column's rows become the terms, and what follows them stays", () => {
  const sum = { kind: "sum", value: 7.5, columns, terms: [bias] };
  const { expression, parts } = expanded({ expression: sum, parts: {} });
  assert.deepEqual(parts, {});
  assert.equal(expression.columns, undefined);
  assert.equal(expression.terms.length, 3);
  assert.deepEqual(expression.terms[1], {
    sign: "+",
    value: 6,
    running: 7,
    factors: [
      {
        kind: "element",
        value: 2,
        name: "∂conv1[2][1]",
        array: "conv1",
        index: [2, 1],
        of: "gradient",
        sample: 0,
      },
      {
        kind: "element",
        value: 3,
        name: "image[5]",
        array: "image",
        index: [5],
        of: "value",
        sample: 0,
      },
    ],
  });
  assert.equal(expression.terms[2], bias);
});

test("parts have columns too, and what has none is left as it is", () => {
  const short = { kind: "part", value: 1, terms: [bias] };
  const total = { kind: "sum", value: 7, columns, terms: [] };
  const { expression, parts } = expanded({ expression: short, parts: { total }, target: "x" });
  assert.deepEqual(expression, short);
  assert.equal(parts.total.terms[0].factors[0].name, "∂conv1[2][0]");
});
