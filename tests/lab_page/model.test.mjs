// What the page knows of the model: kept until it changes, and no longer.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

const asked = []; // paths, in order
let answer = null; // what the server says to a path
let told = null; // tells the page an event "model"

globalThis.EventSource = class {
  addEventListener(_, fn) {
    told = (data) => fn({ type: "model", data: JSON.stringify(data) });
  }
};
globalThis.fetch = async (path) => {
  asked.push(path);
  return { ok: true, json: async () => answer(path) };
};

const { Model } = await import("../../verypoorcnn/lab/static/lib/model.js");

const encoded = (...numbers) => ({
  shape: [numbers.length],
  data: Buffer.from(Float64Array.from(numbers).buffer).toString("base64"),
});
const forward = (p) => ({
  image: { shape: [1, 1, 1], data: "AA==" },
  layers: { fc1: encoded(p) },
  probabilities: [p],
});
const state = { get: (_, otherwise) => otherwise };
let model = null;
let heard = [];

beforeEach(() => {
  asked.length = 0;
  const own = []; // models of earlier tests go on hearing
  heard = own;
  model = new Model(state, { version: 5, learned: 4 });
  model.on((change) => own.push(change));
  answer = (path) => {
    if (path.startsWith("/api/forward")) return forward(path.includes("original") ? 1 : 2);
    return { version: 5, values: { w: encoded(1, 2), b: encoded(3) }, edited: [], silenced: [] };
  };
});

test("an answer is asked for once", async () => {
  const [first, second] = await Promise.all([model.forward(), model.forward()]);
  assert.equal(first, second);
  assert.deepEqual(first.layers.fc1.values, Float64Array.of(2));
  assert.equal(asked.length, 1);
});

test("what another page tries out leaves what is known of the model itself", async () => {
  await Promise.all([model.forward(), model.original()]);
  told({ version: 6, learned: 4 });
  assert.deepEqual(heard, [{ version: 6, trial: true, own: false }]);
  await Promise.all([model.forward(), model.original()]);
  assert.equal(asked.filter((path) => path.includes("original")).length, 1);
  assert.equal(asked.length, 3);
});

test("another model leaves nothing, and an old event says nothing", async () => {
  await model.original();
  told({ version: 7, learned: 7 });
  told({ version: 6, learned: 4 });
  assert.deepEqual(heard, [{ version: 7, trial: false, own: false }]);
  await model.original();
  assert.equal(asked.length, 2);
});

test("a trial brings its consequences, and its own event comes to nothing", async () => {
  await model.original();
  const usual = answer;
  answer = (path) => {
    if (path !== "/api/whatif") return usual(path);
    told({ version: 6, learned: 4 }); // the event overtakes the answer
    const parameters = { values: { b: encoded(9) }, edited: ["b"], silenced: [] };
    return { version: 6, learned: 4, forward: forward(0.5), parameters };
  };
  await model.tryOut(["b"], []);
  assert.deepEqual(heard, [{ version: 6, trial: true, own: true }]);
  const before = asked.length;
  assert.deepEqual((await model.forward()).layers.fc1.values, Float64Array.of(0.5));
  const { values, edited } = await model.parameters();
  assert.deepEqual([[...values.w.values], [...values.b.values]], [[1, 2], [9]]);
  assert.deepEqual(edited, ["b"]);
  await model.original();
  assert.equal(asked.length, before);
});

test("a model that comes while a trial is on its way is not taken for the trial's", async () => {
  await model.original();
  const usual = answer;
  answer = (path) => {
    if (path !== "/api/whatif") return usual(path);
    told({ version: 8, learned: 8 }); // a training; the trial is gone
    const parameters = { values: {}, edited: [], silenced: [] };
    return { version: 6, learned: 4, forward: forward(0.5), parameters };
  };
  await model.tryOut([], []);
  assert.deepEqual(
    heard.map(({ version, trial }) => [version, trial]),
    [
      [6, true],
      [8, false],
    ],
  );
  const before = asked.length;
  await model.original();
  assert.equal(asked.length, before + 1);
});

test("what is told while two trials are on their way is taken in after the last", async () => {
  const usual = answer;
  const parameters = { values: {}, edited: [], silenced: [] };
  let version = 5;
  answer = (path) => {
    if (path !== "/api/whatif") return usual(path);
    version += 1;
    if (version === 6) told({ version: 9, learned: 9 });
    return { version, learned: 4, forward: forward(0.5), parameters };
  };
  await Promise.all([model.tryOut([], []), model.tryOut([], [])]);
  assert.equal(model.version, 9);
});
