// View 2: the way back.  The same network, the same zooms, but every picture shows how much the
// loss would change with each number.  A layer that learns also shows the step that its gradients
// make, and lets one try whether a gradient is true.

import { difference, map, scalar } from "../lib/arrays.js";
import { h } from "../lib/dom.js";
import { digits } from "../lib/numbers.js";
import { Nudge } from "../parts/nudge.js";
import { Zoom } from "../parts/zoom.js";

export const id = "backward";
export const title = "Backward";
export const key = "2";

/** @returns {{destroy(): void}} */
export function mount(root, lab) {
  return new Zoom(root, lab, {
    of: "gradient",
    load: (layer, image) => load(lab, layer, image),
    intro: (data) => intro(data),
    extra: new Nudge(lab),
  });
}

/** The gradients of the parameters are those of the open layer: all of them are half the work. */
async function load(lab, layer, image) {
  const [answer, { values: parameters }, backward] = await Promise.all([
    lab.model.forward(image),
    lab.model.parameters(),
    lab.model.backward(layer, image),
  ]);
  const { deltas, gradients, loss, update } = backward;
  const last = lab.session().network.layers.at(-1).name;
  return {
    answer,
    backward,
    arrays: {
      ...keyed("value", { ...answer.layers, ...parameters, loss: scalar(loss) }),
      ...keyed("gradient", { ...deltas, ...gradients }),
      ...keyed("update", stepped(parameters, gradients, update.learning_rate)),
    },
    strip: { ...deltas, probabilities: deltas[last] },
  };
}

/** Arrays by "value:conv1" and the like. */
function keyed(of, arrays) {
  return Object.fromEntries(Object.entries(arrays).map(([name, each]) => [`${of}:${name}`, each]));
}

/** The parameters after a step, in the textbook's operations: value − rate × gradient. */
function stepped(parameters, gradients, rate) {
  const step = (name) => map(gradients[name], (gradient) => rate * gradient);
  const names = Object.keys(gradients);
  return Object.fromEntries(names.map((name) => [name, difference(parameters[name], step(name))]));
}

function intro({ backward }) {
  return h(
    "p",
    { class: "intro" },
    `The loss of this image is ${digits(backward.loss)}.`,
    h(
      "span",
      { class: "quiet-text" },
      " From right to left: how it would change with each number. Orange: more of it, more loss.",
      " It begins with p − y at the logits. Open a layer to see each gradient’s arithmetic,",
      " and the step of training that it makes.",
    ),
  );
}
