// Images of the data with what the model makes of them: cards that open the image.

import { bytes } from "../lib/arrays.js";
import { h } from "../lib/dom.js";
import { percent } from "../lib/numbers.js";
import { drawBytes } from "../shell/chooser.js";

const TOP = 3; // classes named on a card

/** One card for each image of an answer of /api/cell or /api/mistakes. */
export function gallery(lab, { part, images, sprite }) {
  const [, channels, rows, columns] = sprite.shape;
  const pixels = bytes(sprite.data);
  const size = channels * rows * columns;
  return images.map((image, place) => {
    const canvas = h("canvas", { width: columns, height: rows, class: "card-image" });
    drawBytes(canvas, pixels.subarray(place * size, (place + 1) * size), channels, rows, columns);
    return card(lab, part, image, canvas);
  });
}

function card(lab, part, { index, label, duplicate, probabilities }, canvas) {
  const names = lab.session().class_names;
  const best = ranking(probabilities).slice(0, TOP);
  const twin = duplicate ? `nearly the same as ${duplicate.replace(":", " image ")}` : "";
  const open = () => lab.state.set({ image: `${part}:${index}`, view: "network" });
  return h("button", { type: "button", class: "card", onclick: open, title: "Look into it" },
    canvas,
    h("span", { class: "card-text" },
      h("span", { class: "card-head" }, `${part} ${index}: `, h("strong", {}, names[label])),
      h("span", { class: "guesses" }, best.map((k) => guess(names[k], probabilities[k], k === label))),
      twin && h("span", { class: "tag" }, twin)));
}

/** A class's name with its probability as a bar behind it. */
export function guess(name, probability, right) {
  const style = { "--part": probability };
  return h("span", { class: `guess ${right ? "right" : "wrong"}`, style },
    h("span", { class: "guess-name" }, name), h("span", { class: "guess-value" }, percent(probability)));
}

/** The classes, most probable first. */
export function ranking(probabilities) {
  return [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
}
