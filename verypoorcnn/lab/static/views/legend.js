// What every colour and mark on the page stands for, and the keys.

import { legend, okabe } from "../lib/colours.js";
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
  [okabe(0), "First curve: mean, or what training measures"],
  [okabe(1), "Second curve: validation, or the accuracy beside the loss"],
];
const KEYS = [
  ["1 – 9", "the views"],
  ["[ ]", "image before, image after"],
  ["r, i", "any image, choose an image"],
  ["arrows", "from value to value in a picture; Enter keeps one"],
  [", .", "one step back or on in the code"],
  ["t, ?", "light or dark, this legend"],
];

export const id = "legend";
export const title = "Legend";

export function mount(root, lab) {
  const close = h("button", { type: "button", class: "small", "aria-label": "Close the legend",
    onclick: lab.close }, "×");
  const card = h("div", { class: "legend-card", role: "dialog", "aria-labelledby": "legend-title" },
    h("div", { class: "section-head" }, h("h2", { id: "legend-title", tabindex: -1 }, "Legend"), close),
    section("Numbers", scale("diverging", "Blue below zero, the ground at zero, orange above zero"),
      scale("grey", "Pixels: 0 black, 1 white")),
    section("Right and wrong", SWATCHES.map(([colour, text]) => swatch("swatch", colour, text))),
    section("Frames", FRAMES.map(([colour, text]) => swatch("swatch frame", colour, text))),
    section("Curves", CURVES.map(([colour, text]) => swatch("swatch line", colour, text))),
    h("h3", {}, "Keys"),
    h("dl", { class: "legend-keys" }, KEYS.map(([keys, text]) =>
      [h("dt", {}, h("kbd", {}, keys)), h("dd", {}, text)])));
  card.addEventListener("keydown", (event) => event.key === "Escape" && lab.close());
  fill(root, card);
  card.querySelector("h2").focus({ preventScroll: true });
  return { destroy() {} };
}

function section(name, ...rows) {
  return [h("h3", {}, name), h("ul", {}, rows)];
}

function scale(palette, text) {
  return h("li", {}, legend(1, { palette }), h("span", {}, text));
}

function swatch(kind, colour, text) {
  return h("li", {}, h("span", { class: kind, style: { "--tone": colour }, "aria-hidden": "true" }),
    h("span", {}, text));
}
