// Arrays from the server: their bytes, their indices.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  argmax,
  array,
  at,
  decode,
  decodeImage,
  difference,
  indexAt,
  inside,
  largest,
  offset,
  plane,
} from "../../verypoorcnn/lab/static/lib/arrays.js";

const base64 = (values) => Buffer.from(values.buffer).toString("base64");

test("float64 numbers arrive to the last bit", () => {
  const values = Float64Array.of(0.1, -0, 5e-324, 1 / 3, 2, 3);
  const decoded = decode({ shape: [2, 3], data: base64(values) });
  assert.deepEqual(decoded.shape, [2, 3]);
  assert.ok([...values].every((value, i) => Object.is(decoded.values[i], value)));
});

test("pixels are bytes / 255", () => {
  const decoded = decodeImage({ shape: [1, 1, 3], data: base64(Uint8Array.of(0, 51, 255)) });
  assert.deepEqual([...decoded.values], [0, 0.2, 1]);
});

test("a shape that lies is refused", () => {
  assert.throws(() => decode({ shape: [4], data: base64(Float64Array.of(1)) }), /4 numbers, not 1/);
});

test("indices and places", () => {
  const numbers = array(
    [2, 3, 4],
    Float64Array.from({ length: 24 }, (_, i) => i),
  );
  assert.equal(offset([2, 3, 4], [1, 2, 3]), 23);
  assert.equal(at(numbers, [1, 0, 2]), 14);
  for (let place = 0; place < 24; place += 1) {
    assert.equal(offset(numbers.shape, indexAt(numbers.shape, place)), place);
  }
  assert.deepEqual(indexAt([], 0), []);
  assert.deepEqual([...plane(numbers, 1)], [12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]);
});

test("inside", () => {
  assert.ok(inside([2, 3], [1, 2]));
  assert.ok(!inside([2, 3], [2, 0]));
  assert.ok(!inside([2, 3], [1]));
  assert.ok(!inside([2, 3], [1, NaN]));
});

test("the greatest, the largest, the difference", () => {
  assert.equal(argmax([1, 5, 5, 2]), 1);
  assert.equal(largest(Float64Array.of(-3, 2)), 3);
  assert.equal(largest([]), 0);
  const change = difference(array([2], Float64Array.of(3, 1)), array([2], Float64Array.of(1, 1)));
  assert.deepEqual([...change.values], [2, 0]);
});
