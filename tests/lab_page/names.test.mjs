// Names of classes that strangers chose.

import assert from "node:assert/strict";
import { test } from "node:test";

const { tellable } = await import("../../verypoorcnn/lab/static/lib/names.js");

test("usual names stay as they are", () => {
  assert.deepEqual(tellable(["T-shirt/top", "Ankle boot", "né"]), ["T-shirt/top", "Ankle boot", "né"]);
});

test("empty names and those that look the same have their number", () => {
  const found = tellable(["", "cat", " ", "dog", "c\u200eat", "\u202e"]);
  assert.deepEqual(found, ["class 0", "cat (class 1)", "class 2", "dog", "cat (class 4)", "class 5"]);
  assert.deepEqual(tellable(["", "class 0"]), ["class 0 (class 0)", "class 0 (class 1)"]);
});

test("signs that steer the text are taken out, and what runs leftwards is isolated", () => {
  assert.deepEqual(tellable(["\u202egnp", "\u2069\u202eevil", "a\nb"]), ["gnp", "evil", "ab"]);
  assert.deepEqual(tellable(["\u05d0\u05d1"]), ["\u2068\u05d0\u05d1\u2069"]);
});
