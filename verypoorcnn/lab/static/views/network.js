// View 1: the whole network with the real feature maps of the chosen image; a layer of it; the
// arithmetic of one number.

import { scalar } from "../lib/arrays.js";
import { h } from "../lib/dom.js";
import { percent } from "../lib/numbers.js";
import { bars } from "../parts/bars.js";
import { Zoom } from "../parts/zoom.js";

export const id = "network";
export const title = "Network";
export const key = "1";

/** @returns {{destroy(): void}} */
export function mount(root, lab) {
  return new Zoom(root, lab, {
    of: "value",
    load: (_, image) => load(lab, image),
    intro: (data, cut) => intro(lab, data, cut),
  });
}

async function load({ model }, image) {
  const [answer, parameters] = await Promise.all([model.forward(image), model.parameters()]);
  const loss = answer.loss === null ? {} : { loss: scalar(answer.loss) };
  const values = { ...answer.layers, ...parameters.values, ...loss };
  const arrays = Object.fromEntries(
    Object.entries(values).map(([name, a]) => [`value:${name}`, a]),
  );
  return { answer, strip: answer.layers, arrays };
}

function intro(lab, { answer }, cut) {
  const names = lab.session().class_names;
  const best = [...answer.probabilities.keys()].sort(
    (a, b) => answer.probabilities[b] - answer.probabilities[a],
  )[0];
  const known = answer.label === null || answer.label === undefined;
  const verdict = known
    ? ""
    : best === answer.label
      ? " It is right."
      : ` It is ${names[answer.label]}.`;
  const text = h(
    "p",
    { class: "intro" },
    `The network says ${names[best]}, ${percent(answer.probabilities[best])}.${verdict}`,
    h(
      "span",
      { class: "quiet-text" },
      " Every picture above is drawn from the network’s own numbers.",
      " Open a layer to see how each of them came about.",
    ),
  );
  return cut ? [text, h("div", { class: "intro-bars" }, bars(lab, answer))] : text;
}
