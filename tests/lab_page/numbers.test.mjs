// Numbers as text: the digits are those of Python's repr.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  brackets,
  digits,
  percent,
  repr,
  short,
  targetOf,
  tiny,
} from "../../verypoorcnn/lab/static/lib/numbers.js";

const PYTHON = [
  // a value, and what Python prints of it
  [0, "0.0"],
  [-0, "-0.0"],
  [1, "1.0"],
  [12, "12.0"],
  [0.1, "0.1"],
  [0.1 + 0.2, "0.30000000000000004"],
  [1e-4, "0.0001"],
  [1e-5, "1e-05"],
  [-1.5e-7, "-1.5e-07"],
  [1e15, "1000000000000000.0"],
  [1e16, "1e+16"],
  [1.25e22, "1.25e+22"],
  [5e-324, "5e-324"],
  [123456.789, "123456.789"],
];

test("digits are Python's", () => {
  for (const [value, text] of PYTHON) assert.equal(repr(value), text);
});

test("on the page the minus is a minus sign", () => {
  assert.equal(digits(-1.5e-7), "−1.5e−07");
  assert.equal(digits(Infinity), "∞");
});

test("short keeps three significant digits", () => {
  assert.equal(short(0), "0");
  assert.equal(short(-0.041234), "−0.0412");
  assert.equal(short(12.345), "12.3");
  assert.equal(short(1.2345e-7), "1.23e−7");
});

test("tiny fits into a cell, and tells small numbers from zero", () => {
  assert.deepEqual([0.37, -0.5, 1.25, 12.4, 0, 0.001, -0.001].map(tiny), [
    ".37",
    "−.50",
    "1.3",
    "12",
    "0",
    "+0",
    "−0",
  ]);
});

test("percent and brackets", () => {
  assert.equal(percent(0.1234), "12.3 %");
  assert.equal(percent(0.0001), "< 0.1 %");
  assert.equal(percent(0), "0.0 %");
  assert.equal(brackets([2, 3, 4]), "[2][3][4]");
});

test("a target is a name and an index", () => {
  assert.deepEqual(targetOf("conv1.weight[2][0]"), { name: "conv1.weight", index: [2, 0] });
  assert.deepEqual(targetOf("loss"), { name: "loss", index: [] });
  assert.deepEqual(targetOf("fc1[x]"), { name: "fc1", index: [NaN] });
});
