// Colours for numbers.  Two palettes, both safe for the colour-blind, both with a fixed zero:
// `diverging` from blue through the neutral zero to orange, `sequential` from black to white for
// pixels.  A legend tells what stands for how much.

import { h } from "./dom.js";
import { short } from "./numbers.js";

const STEPS = 256;
const NEGATIVE = [33, 102, 172]; // --negative, --zero and --positive of theme.css
const ZERO = [255, 255, 255];
const POSITIVE = [217, 95, 14];
// Okabe and Ito's colours for up to eight things that are told apart.
const OKABE = [
  "#0072b2",
  "#d55e00",
  "#009e73",
  "#cc79a7",
  "#e69f00",
  "#56b4e9",
  "#666666",
  "#f0e442",
];

let table = null;

/** "light" or "dark", as the page is shown now. */
export function scheme() {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** The CSS colour of a value between −max and max. */
export function diverging(value, max) {
  return css(divergingBytes(value, max));
}

/** The CSS colour of a value between 0 and max: black to white. */
export function sequential(value, max = 1) {
  const grey = greyByte(value, max);
  return css([grey, grey, grey]);
}

/** The k-th of eight colours that everyone can tell apart. */
export function okabe(k) {
  return OKABE[k % OKABE.length];
}

/** [red, green, blue] of a value between −max and max. */
export function divergingBytes(value, max) {
  const end = value < 0 ? NEGATIVE : POSITIVE;
  const part = Math.min(1, max > 0 ? Math.abs(value) / max : 0);
  return ZERO.map((from, channel) => Math.round(from + (end[channel] - from) * part));
}

function greyByte(value, max) {
  return Math.round(255 * Math.min(1, Math.max(0, max > 0 ? value / max : 0)));
}

function css([red, green, blue]) {
  return `rgb(${red} ${green} ${blue})`;
}

/**
 * A function from values to packed pixels (for ImageData), quick enough for every frame.
 * @param {"diverging"|"grey"} palette
 * @param {number} max
 */
export function painter(palette, max) {
  if (palette === "grey") {
    return (value) => 0xff000000 | (greyByte(value, max) * 0x010101);
  }
  table ??= divergingTable();
  const scale = max > 0 ? (STEPS - 1) / max : 0;
  return (value) => {
    const step = Math.round(value * scale);
    return table[STEPS - 1 + Math.max(1 - STEPS, Math.min(STEPS - 1, step))];
  };
}

function divergingTable() {
  const pack = (_, i) => {
    const [red, green, blue] = divergingBytes(i - STEPS + 1, STEPS - 1);
    return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
  };
  return Uint32Array.from({ length: 2 * STEPS - 1 }, pack);
}

/** Whether dark text is legible on the colour of this value. */
export function darkText(value, max, palette = "diverging") {
  const bytes =
    palette === "grey"
      ? [greyByte(value, max)].flatMap((grey) => [grey, grey, grey])
      : divergingBytes(value, max);
  return 0.299 * bytes[0] + 0.587 * bytes[1] + 0.114 * bytes[2] > 140;
}

/** A bar that shows what the colours stand for; its zero is where the neutral is. */
export function legend(max, { palette = "diverging", label = "" } = {}) {
  const canvas = h("canvas", { width: 101, height: 1, class: "legend-bar", "aria-hidden": "true" });
  const paint = painter(palette, palette === "grey" ? max : 50);
  const context = canvas.getContext("2d");
  const image = context.createImageData(101, 1);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i <= 100; i += 1)
    pixels[i] = paint(palette === "grey" ? (max * i) / 100 : i - 50);
  context.putImageData(image, 0, 0);
  const ends =
    palette === "grey" ? ["0", short(max, 2)] : [short(-max, 2), "0", `+${short(max, 2)}`];
  const ticks = h(
    "span",
    { class: "legend-ticks" },
    ends.map((end) => h("span", {}, end)),
  );
  return h(
    "span",
    { class: "legend" },
    label && h("span", { class: "legend-label" }, label),
    h("span", { class: "legend-scale" }, canvas, ticks),
  );
}
