// The pictures that move with time: the image, the filters, the maps of every layer that has maps,
// and the numbers of the others.  Their colours mean the same in all epochs.

import { largest } from "../lib/arrays.js";
import { legend } from "../lib/colours.js";
import { fill, h } from "../lib/dom.js";
import { fit, planes } from "../lib/layout.js";
import { paint } from "../lib/maps.js";
import { times } from "../lib/numbers.js";

const WIDTH = 330; // of a picture, in CSS pixels
const HEIGHT = 190;
const FLAT = 120; // numbers that a layer without maps may have to be shown

/** All pictures of an epoch. */
export class Films {
  constructor(lab) {
    this.lab = lab;
    const note = h("p", { class: "quiet-text" }, "The first pictures are being computed …");
    this.element = h("div", { class: "films" }, note);
    this.frames = new Map();
    this.ranged = false;
  }

  /** Let colours mean what they mean in this epoch, the last one. */
  range(answer) {
    this.ranged = true;
    this.most = new Map(
      pictures(answer).map(({ name, numbers }) => [name, largest(numbers.values)]),
    );
    fill(this.element);
    this.frames.clear();
  }

  show(answer) {
    for (const { name, numbers, grey } of pictures(answer)) {
      const max = grey ? 1 : this.most?.get(name) || largest(numbers.values);
      const canvas = this.frames.get(name) ?? this.frame(name, numbers, max, grey);
      const layout = fit(planes(numbers.shape), WIDTH, HEIGHT, { most: grey ? 5 : 22 });
      paint(canvas, numbers.values, layout, { max, palette: grey ? "grey" : "diverging" });
    }
  }

  frame(name, numbers, max, grey) {
    const canvas = h("canvas", { role: "img", "aria-label": `${name}, ${times(numbers.shape)}` });
    this.frames.set(name, canvas);
    this.element.append(
      h(
        "figure",
        { class: "film" },
        h("figcaption", {}, h("strong", {}, name), ` ${times(numbers.shape)}`),
        canvas,
        grey ? null : legend(max),
      ),
    );
    return canvas;
  }
}

function pictures({ image, filters, layers }) {
  const maps = layers.filter(
    ([name, { shape, values }]) =>
      !name.startsWith("flatten") && (shape.length === 3 || values.length <= FLAT),
  );
  return [
    { name: "image", numbers: image, grey: true },
    ...(filters ? [{ name: "filters", numbers: filters }] : []),
    ...maps.map(([name, numbers]) => ({ name, numbers })),
  ];
}
