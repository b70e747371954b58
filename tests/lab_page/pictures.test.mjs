// Colours with a fixed zero, and where the values of an array are drawn.

import assert from "node:assert/strict";
import { test } from "node:test";

import { divergingBytes, painter } from "../../verypoorcnn/lab/static/lib/colours.js";
import { extent, fit, planes } from "../../verypoorcnn/lab/static/lib/layout.js";
import { boxes } from "../../verypoorcnn/lab/static/parts/panel.js";

const WHITE = [255, 255, 255];
const packed = ([red, green, blue]) => (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;

test("zero is white whatever the range, the ends are the theme's", () => {
  for (const max of [0.001, 1, 1e6]) assert.deepEqual(divergingBytes(0, max), WHITE);
  assert.deepEqual(divergingBytes(-2, 2), [33, 102, 172]);
  assert.deepEqual(divergingBytes(2, 2), [217, 95, 14]);
  assert.deepEqual(divergingBytes(9, 2), divergingBytes(2, 2));
  assert.deepEqual(divergingBytes(0, 0), WHITE);
});

test("the painter paints the same", () => {
  const paint = painter("diverging", 4);
  for (const value of [-4, 0, 4, 99, -99]) {
    assert.equal(paint(value) >>> 0, packed(divergingBytes(value, 4)));
  }
  assert.equal(painter("grey", 1)(1) >>> 0, 0xffffffff);
  assert.equal(painter("grey", 1)(0) >>> 0, 0xff000000);
});

test("maps, vectors and single numbers become planes", () => {
  assert.deepEqual(planes([4, 8, 6]), { rows: 8, columns: 6, count: 4 });
  assert.deepEqual(planes([16, 6, 5, 5]), { rows: 5, columns: 5, count: 96 });
  assert.equal(planes([10]).columns, 1);
  const { rows, columns } = planes([400]);
  assert.ok(rows * columns >= 400 && columns === 20);
  assert.deepEqual(planes([30], { flat: true }), { rows: 2, columns: 24, count: 1 });
  assert.deepEqual(planes([]), { rows: 1, columns: 1, count: 1 });
});

test("a layout fits into its box and has room for every map", () => {
  for (const shape of [[4, 8, 8], [16, 10, 10], [7, 28, 28], [96, 5, 5], [400], [10]]) {
    const layout = fit(planes(shape), 260, 200);
    const [width, height] = extent(layout);
    assert.ok(width <= 260.001 && height <= 200.001, `${shape}: ${width}×${height}`);
    assert.ok(layout.cell > 0 && layout.across >= 1);
  }
});

test("the channels of a kernel stay in one row", () => {
  const { across } = fit(planes([16, 6, 5, 5]), 260, 200, { step: 6 });
  assert.equal(across % 6, 0);
});

test("places that fill a box become one box, others stay single", () => {
  const spot = (place) => ({
    map: 0,
    row: Math.floor(place / 8),
    column: place % 8,
    height: 1,
    width: 1,
  });
  assert.deepEqual(boxes([9, 10, 17, 18], spot), [
    { map: 0, row: 1, column: 1, height: 2, width: 2 },
  ]);
  assert.equal(boxes([0, 10], spot).length, 2);
  assert.deepEqual(boxes([], spot), []);
});
