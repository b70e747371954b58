// Images of the data with what the model makes of them: cards that open the image.

import { h } from "../lib/dom.js";
import { percent } from "../lib/numbers.js";
import { pictures } from "../lib/pixels.js";

const TOP = 3; // classes named on a card

/** One card for each image of an answer of /api/cell or /api/mistakes. */
export function gallery(lab, { part, images, sprite }) {
  const canvases = pictures(sprite, "card-image");
  return images.map((image, place) => card(lab, part, image, canvases[place]));
}

function card(lab, part, { index, label, duplicate, probabilities }, canvas) {
  const names = lab.session().class_names;
  const best = ranking(probabilities).slice(0, TOP);
  const twin = duplicate ? `nearly the same as ${duplicate.replace(":", " image ")}` : "";
  const open = () => lab.state.set({ image: `${part}:${index}`, view: "network" });
  return h(
    "button",
    { type: "button", class: "card", onclick: open, title: "Look into it" },
    canvas,
    h(
      "span",
      { class: "card-text" },
      h("span", { class: "card-head" }, `${part} ${index}: `, h("strong", {}, names[label])),
      h(
        "span",
        { class: "guesses" },
        best.map((k) => guess(names[k], probabilities[k], k === label)),
      ),
      twin && h("span", { class: "tag" }, twin),
    ),
  );
}

/** A class's name with its probability as a bar behind it. */
export function guess(name, probability, right) {
  const style = { "--part": probability };
  return h(
    "span",
    { class: `guess ${right ? "right" : "wrong"}`, style },
    h("span", { class: "guess-name" }, name),
    h("span", { class: "guess-value" }, percent(probability)),
  );
}

/** The classes, most probable first. */
export function ranking(probabilities) {
  return [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
}
