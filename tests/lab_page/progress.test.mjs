// What is told of trainings and experiments: which news is newer, and where axes end.

import assert from "node:assert/strict";
import { test } from "node:test";

import { span } from "../../verypoorcnn/lab/static/lib/scales.js";
import { isOlder, joined } from "../../verypoorcnn/lab/static/parts/progress.js";

test("an answer that was overtaken by an event is older", () => {
  const event = { id: 3, seconds: 1.5 };
  assert.ok(isOlder({ id: 3, seconds: 1.2 }, event));
  assert.ok(!isOlder({ id: 3, seconds: 1.5 }, event));
  assert.ok(!isOlder({ id: 4, seconds: 0.1 }, event));
  assert.ok(!isOlder({ id: 3, seconds: 1.2 }, null));
});

test("two curves with places of their own share one axis", () => {
  const [xs, columns] = joined(
    [
      [1, 3],
      [10, 30],
    ],
    [
      [2, 3],
      [200, 300],
    ],
  );
  assert.deepEqual(xs, [1, 2, 3]);
  assert.deepEqual(columns, [
    [10, null, 30],
    [null, 200, 300],
  ]);
});

test("an axis has a length, whatever the data", () => {
  assert.deepEqual(span(null, null), [0, 1]);
  assert.deepEqual(span(4, 4), [4, 5]);
  assert.deepEqual(span(0.5, 4), [0.5, 4]);
});
