// Explanations made ready for drawing: the grids that their terms form.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  allElements,
  gridsOf,
  keyOf,
  mainExpression,
} from "../../verypoorcnn/lab/static/parts/terms.js";

const element = (array, index, value, of = "value") => ({
  kind: "element",
  array,
  index,
  value,
  of,
});
const product = (a, b) => ({ sign: "+", value: a.value * b.value, running: 0, factors: [a, b] });

/** The terms of a 2×2 window at row 3, column 5 of `image`, times kernel 1. */
function window() {
  return [0, 1].flatMap((m) =>
    [0, 1].map((n) =>
      product(
        element("image", [0, 3 + m, 5 + n], 10 * m + n),
        element("conv1.weight", [1, 0, m, n], 2),
      ),
    ),
  );
}

test("window, kernel and products stand in grids of the kernel's shape", () => {
  const grids = gridsOf(window());
  assert.deepEqual(grids.names, ["image", "conv1.weight"]);
  assert.deepEqual(grids.products.shape, [2, 2]);
  assert.deepEqual([...grids.factors[0].values], [0, 1, 10, 11]);
  assert.deepEqual([...grids.products.values], [0, 2, 20, 22]);
  assert.deepEqual(grids.placeOf, [0, 1, 2, 3]);
});

test("a bias at the end belongs to no place", () => {
  const bias = { sign: "+", value: 0.5, running: 0, factors: [element("conv1.bias", [1], 0.5)] };
  const grids = gridsOf([...window(), bias]);
  assert.deepEqual(grids.placeOf, [0, 1, 2, 3, -1]);
  assert.equal(grids.products.values.length, 4);
});

test("strided inputs take the shape of the gradient that they meet", () => {
  const terms = [0, 1].flatMap((i) =>
    [0, 1].map((j) =>
      product(
        element("conv1", [2, i, j], 1, "gradient"),
        element("image", [0, 3 * i, 3 * j], i + j),
      ),
    ),
  );
  const grids = gridsOf(terms);
  assert.deepEqual(grids.names, ["∂conv1", "image"]);
  assert.deepEqual([...grids.factors[1].values], [0, 1, 1, 2]);
});

test("a dense layer's terms are laid back into the maps they were flattened from", () => {
  const terms = Array.from({ length: 8 }, (_, d) =>
    product(element("flatten1", [d], d), element("fc1.weight", [3, d], 1)),
  );
  assert.deepEqual(gridsOf(terms, [2, 2, 2]).products.shape, [2, 2, 2]);
  assert.deepEqual(gridsOf(terms).products.shape, [8]);
});

test("what is no product has no grids", () => {
  const lonely = [0, 1].map((i) => ({ value: i, factors: [element("relu1", [i], i)] }));
  assert.equal(gridsOf(lonely), null);
});

test("the table is that of the longest part", () => {
  const total = {
    kind: "sum",
    terms: [1, 2, 3].map((value) => ({ value, factors: [element("fc2", [value], value)] })),
  };
  const expression = {
    kind: "quotient",
    terms: [
      { factors: [element("fc2", [0], 1)] },
      { factors: [{ kind: "part", name: "total", value: 6 }] },
    ],
  };
  const explained = { expression, parts: { total }, conditions: [] };
  assert.equal(mainExpression(explained), total);
  assert.equal(allElements(explained).length, 4);
  assert.equal(keyOf(element("conv1", [0], 1, "gradient")), "gradient:conv1");
});
