// What is shown of few classes and of many: probabilities, and the sentences of a confusion matrix.

import assert from "node:assert/strict";
import { test } from "node:test";

import { sentence, share, support } from "../../verypoorcnn/lab/static/lib/confusion.js";
import { foremost, restOf } from "../../verypoorcnn/lab/static/parts/bars.js";

test("each of few classes has its bar, in the order of the classes", () => {
  const { shown, others } = foremost([0.1, 0.7, 0.2], { label: 0 });
  assert.deepEqual(shown, [0, 1, 2]);
  assert.equal(restOf(others, [0.1, 0.7, 0.2]), null);
});

test("of many classes the foremost do, and the label", () => {
  const probabilities = Array.from({ length: 100 }, (_, k) => (k + 1) / 5050);
  const { shown, others } = foremost(probabilities, { label: 3 });
  assert.deepEqual(shown, [99, 98, 97, 96, 95, 94, 93, 92, 91, 90, 3]);
  assert.equal(others.length, 89);
  assert.equal(restOf(others, probabilities), "89 others: 81.0 %");
});

test("a class that was foremost before stays in sight", () => {
  const before = new Array(40).fill(0.01).with(7, 0.6);
  const { shown } = foremost(new Array(40).fill(1 / 40), { before });
  assert.ok(shown.includes(7));
  assert.equal(shown.length, 10);
});

test("a cell of the confusion matrix says what it counts", () => {
  const counts = [
    [3, 1],
    [0, 0],
  ];
  const names = ["Coat", "Shirt"];
  assert.equal(sentence(names, counts, 0, 1), "Coat taken for Shirt: 1 of 4, 25.0 %");
  assert.equal(support(counts, 1), 0);
  assert.equal(share(counts, 1, 1), 0);
});
