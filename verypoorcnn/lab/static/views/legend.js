// What every colour and mark on the page stands for, and the keys.

import { legend } from "../lib/colours.js";
import { fill, h } from "../lib/dom.js";

const SWATCHES = [
  ["var(--right)", "Right: images on the diagonal, the true class"],
  ["var(--wrong)", "Wrong: images beside the diagonal, a class that it is not"],
  ["var(--share)", "A probability or a share: the longer the bar, the larger"],
];
const FRAMES = [
  ["var(--mark-window)", "The window that a value is computed from"],
  ["var(--mark-target)", "The value itself"],
  ["var(--mark-focus)", "The term you point at, in every picture where it takes part"],
];
const CURVES = [
  ["var(--series-1)", "What is trained on; in experiments, the mean of the seeds"],
  ["var(--series-2)", "Test images; in experiments, the seed under way"],
  ["var(--quiet)", "The experiment before"],
];
const KEYS = [
  ["1 – 9", "the views"],
  ["[ ]", "image before, image after"],
  ["r, i", "any image, choose an image"],
  ["arrows", "from value to value in a picture; Enter keeps one"],
  [", . p", "a step back or on in the code; play"],
  ["Esc", "one level up"],
  ["t, ?", "light or dark, this legend"],
];

export const id = "legend";
export const title = "Legend";

/** @returns {{destroy(): void}} */
export function mount(root, lab) {
  const heading = h("h2", { id: "legend-title", tabindex: -1 }, "Legend");
  const close = h(
    "button",
    { type: "button", class: "small", "aria-label": "Close the legend", onclick: lab.close },
    "×",
  );
  const card = h(
    "div",
    {
      class: "legend-card",
      role: "dialog",
      "aria-labelledby": "legend-title",
      onkeydown: (event) => event.key === "Escape" && lab.close(),
    },
    h("div", { class: "section-head" }, heading, close),
    sections(),
  );
  fill(root, card);
  heading.focus({ preventScroll: true });
  return { destroy() {} };
}

function sections() {
  return [
    section(
      "Numbers",
      scale("diverging", "Blue below zero, the ground at zero, orange above zero"),
      scale("grey", "Pixels: 0 black, 1 white"),
    ),
    section("Right and wrong", SWATCHES.map(swatch("swatch"))),
    section("Frames", FRAMES.map(swatch("swatch frame"))),
    section("Curves", CURVES.map(swatch("swatch line"))),
    h("h3", {}, "Keys"),
    h(
      "dl",
      { class: "legend-keys" },
      KEYS.map(([keys, text]) => [h("dt", {}, h("kbd", {}, keys)), h("dd", {}, text)]),
    ),
  ];
}

function section(name, ...rows) {
  return [h("h3", {}, name), h("ul", {}, rows)];
}

function scale(palette, text) {
  return h("li", {}, legend(1, { palette }), h("span", {}, text));
}

function swatch(kind) {
  return ([colour, text]) =>
    h(
      "li",
      {},
      h("span", { class: kind, style: { "--tone": colour }, "aria-hidden": "true" }),
      h("span", {}, text),
    );
}
