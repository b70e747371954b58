// The state in the address.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  State,
  changedKeys,
  formatState,
  merged,
  parseState,
} from "../../verypoorcnn/lab/static/lib/state.js";
import {
  readEdits,
  readSilence,
  withEdit,
  withSwitched,
  writeEdits,
  writeSilence,
} from "../../verypoorcnn/lab/static/lib/trials.js";

/** As much of a window as the state needs. */
function place(hash) {
  const listeners = {};
  return {
    location: { hash },
    history: {
      length: 0,
      pushState(_, __, address) {
        this.length += 1;
        place.location.hash = address;
      },
      replaceState(_, __, address) {
        place.location.hash = address;
      },
    },
    addEventListener: (kind, fn) => (listeners[kind] = fn),
    go(address) {
      place.location.hash = address;
      listeners.popstate();
    },
    bind() {
      place.location = this.location;
      return this;
    },
  }.bind();
}

test("an address is read and written", () => {
  const values = { view: "network", image: "test:17", layer: "conv1", cell: "2.3.4" };
  assert.equal(formatState(values), "view=network&image=test:17&layer=conv1&cell=2.3.4");
  assert.deepEqual(parseState(`#${formatState(values)}`), values);
  assert.deepEqual(parseState(""), {});
});

test("whatever stands in it survives the way there and back", () => {
  for (const text of ["a&b=c", "ü 1+1", "conv1.weight[0][1]=-2.5,x", "%"]) {
    assert.equal(parseState(formatState({ key: text })).key, text);
  }
});

test("changes leave unknown keys alone, and empty values take keys away", () => {
  assert.deepEqual(merged({ a: "1", b: "2" }, { a: null, c: 3 }), { b: "2", c: "3" });
  assert.deepEqual(changedKeys({ a: "1", b: "2" }, { b: "2", c: "3" }), ["a", "c"]);
});

test("listeners hear of their keys only, and of the way back", () => {
  const window = place("#view=network&x=1");
  const state = new State(window);
  const heard = [];
  const stop = state.on(["view", "layer"], (keys) => heard.push(keys.join()));
  state.set({ layer: "conv1" });
  state.set({ x: "2" });
  state.set({ layer: "conv1" }); // nothing new
  assert.equal(window.location.hash, "#view=network&x=2&layer=conv1");
  window.go("#view=backward");
  stop();
  state.set({ view: "code" }, { replace: true });
  assert.deepEqual(heard, ["layer", "view,layer"]);
  assert.equal(window.history.length, 2);
  assert.equal(state.get("view"), "code");
  assert.equal(state.get("layer", "none"), "none");
});

test("trials in the address", () => {
  const edits = [
    { parameter: "conv1.weight", index: [0, 0, 1, 2], value: 0.5 },
    { parameter: "fc1.bias", index: [3], value: -1e-7 },
  ];
  assert.equal(writeEdits(edits), "conv1.weight[0][0][1][2]=0.5,fc1.bias[3]=-1e-7");
  assert.deepEqual(readEdits(writeEdits(edits)), edits);
  assert.deepEqual(readEdits("nonsense,a.b[1]=x,=,fc1.bias[0]=2"), [
    { parameter: "fc1.bias", index: [0], value: 2 },
  ]);
  assert.deepEqual(readEdits(null), []);
  const silence = [{ layer: "conv1", filter: 2 }];
  assert.deepEqual(readSilence(writeSilence(silence)), silence);
});

test("a later edit of the same weight replaces the earlier; a switch goes on and off", () => {
  const first = { parameter: "w", index: [1], value: 1 };
  const other = { parameter: "w", index: [2], value: 1 };
  const again = { parameter: "w", index: [1], value: 3 };
  assert.deepEqual(withEdit([first, other], again), [other, again]);
  const filter = { layer: "conv1", filter: 0 };
  assert.deepEqual(withSwitched(withSwitched([], filter), filter), []);
});
