// Where axes end, and which values are marked.

import assert from "node:assert/strict";
import { test } from "node:test";

const { ends, isSparse, span } = await import("../../verypoorcnn/lab/static/lib/scales.js");

test("an axis has room around its data, and some length without any", () => {
  assert.deepEqual(ends([0, null], null, null), [0, 1]);
  assert.deepEqual(ends([0, null], 0.5, 2), [0, 2.1]);
  assert.deepEqual(ends([0, 1], 0.2, 0.4), [0, 1]);
  assert.deepEqual(span(null, null), [0, 1]);
  assert.deepEqual(span(3, 3), [3, 4]);
});

test("few measured values are marked, however many places there are between them", () => {
  const measured = (every) => Array.from({ length: 1000 }, (_, i) => (i % every ? null : 0.5));
  assert.ok(isSparse(measured(100)));
  assert.ok(!isSparse(measured(2)));
});
