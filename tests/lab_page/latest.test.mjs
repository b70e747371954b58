// What is dragged asks with its newest value only.

import assert from "node:assert/strict";
import { test } from "node:test";

import { latest } from "../../verypoorcnn/lab/static/lib/latest.js";

test("of many calls the first and the newest are made, one at a time", async () => {
  const calls = [];
  let atOnce = 0;
  const ask = latest(
    async (value) => {
      atOnce += 1;
      assert.equal(atOnce, 1);
      await new Promise((done) => setTimeout(done, 5));
      calls.push(value);
      atOnce -= 1;
    },
    assert.fail,
    0,
  );
  ask(1);
  await new Promise((done) => setTimeout(done, 1)); // the first one is under way
  ask(2);
  await ask(3); // until that, too, is done
  assert.deepEqual(calls, [1, 3]);
});

test("a fault is told, and the next call is made all the same", async () => {
  const told = [];
  const ask = latest(
    async (value) => {
      if (value === "bad") throw new Error("a fault");
      told.push(value);
    },
    (error) => told.push(error.message),
    0,
  );
  await ask("bad");
  await ask("good");
  assert.deepEqual(told, ["a fault", "good"]);
});
