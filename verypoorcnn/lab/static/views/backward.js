// View 2: the way back.  The same network, the same zooms, but every picture shows how much the loss
// would change with each number; and with a weight one can try whether that is true.

import { scalar } from "../lib/arrays.js";
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
    load: () => load(lab),
    intro: (data) => intro(data),
    extra: new Nudge(lab),
  });
}

async function load(lab) {
  const [answer, parameters, backward] = await Promise.all([
    lab.model.forward(),
    lab.model.parameters(),
    lab.model.backward(),
  ]);
  const arrays = {};
  const add = (of, values) => {
    for (const [name, numbers] of Object.entries(values)) arrays[`${of}:${name}`] = numbers;
  };
  add("value", { ...answer.layers, ...parameters.values, loss: scalar(backward.loss) });
  add("gradient", { ...backward.deltas, ...backward.gradients });
  const last = lab.session().network.layers.at(-1).name;
  return {
    answer,
    backward,
    arrays,
    strip: { ...backward.deltas, probabilities: backward.deltas[last] },
  };
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
      " It begins with p − y at the logits. Open a layer to see each gradient’s arithmetic.",
    ),
  );
}
