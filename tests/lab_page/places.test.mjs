// Where a number was made, as the address says it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { placeOf } from "../../verypoorcnn/lab/static/parts/places.js";

const layer = (name, parameters = {}) => ({ name, type: "Any", output_shape: [1], parameters });
const session = {
  network: {
    input_shape: [1, 2, 2],
    classes: 1,
    layers: [layer("conv1", { "conv1.weight": [1] }), layer("relu1")],
  },
};
const place = (key, ...index) => placeOf(session, { key, index });

test("a layer's number is found forward in its layer", () => {
  const changes = { view: "network", layer: "conv1", cell: "0.1", target: null, of: null };
  assert.deepEqual(place("value:conv1", 0, 1), changes);
  assert.equal(place("value:loss").layer, "probabilities");
  assert.equal(place("value:loss").target, "loss");
});

test("a gradient is found in the layer that computed it", () => {
  assert.equal(place("gradient:conv1", 0).layer, "relu1");
  assert.equal(place("gradient:conv1.weight", 0).layer, "conv1");
  assert.equal(place("gradient:conv1.weight", 0).target, "conv1.weight[0]");
});

test("a parameter is found where one can change it", () => {
  const { view, target } = place("value:conv1.weight", 0);
  assert.deepEqual([view, target], ["whatif", "conv1.weight[0]"]);
});

test("the learning rate is made nowhere", () => assert.equal(place("value:rate"), null));
