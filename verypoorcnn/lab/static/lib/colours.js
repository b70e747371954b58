// Colours for numbers.  Two palettes, both safe for the colour-blind, both with a fixed zero:
// "diverging" from blue through white at zero to orange, "grey" from black to white for pixels.  A
// legend tells what stands for how much.

import { h } from "./dom.js";
import { short } from "./numbers.js";

const STEPS = 256;
const NEGATIVE = [33, 102, 172]; // --negative, --zero and --positive of theme.css
const ZERO = [255, 255, 255];
const POSITIVE = [217, 95, 14];

const frames = new Map(); // role of a mark → its colour
let table = null; // of packed pixels, from −1 to 1; made when it is first needed

/** [red, green, blue] of a value between −max and max. */
export function divergingBytes(value, max) {
  const end = value < 0 ? NEGATIVE : POSITIVE;
  const part = Math.min(1, max > 0 ? Math.abs(value) / max : 0);
  return ZERO.map((from, channel) => Math.round(from + (end[channel] - from) * part));
}

function greyByte(value, max) {
  return Math.round(255 * Math.min(1, Math.max(0, max > 0 ? value / max : 0)));
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
  return brightness(bytes) > 140;
}

/** How bright the eye finds a colour, from 0 to 255 (luma of ITU-R BT.601). */
export function brightness([red, green, blue]) {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

/** The colour of frames of this role on maps, as lab.css has it: the same in both themes. */
export function markColour(role) {
  if (!frames.has(role)) {
    const style = getComputedStyle(document.documentElement); // slow: asked once
    frames.set(role, style.getPropertyValue(`--mark-${role}`));
  }
  return frames.get(role);
}

/** A bar that shows what the colours stand for; its zero is where the neutral is. */
export function legend(max, { palette = "diverging" } = {}) {
  const ends =
    palette === "grey" ? ["0", short(max, 2)] : [short(-max, 2), "0", `+${short(max, 2)}`];
  return h(
    "span",
    { class: "legend" },
    h(
      "span",
      { class: "legend-scale" },
      h("span", { class: `legend-bar ${palette}`, "aria-hidden": "true" }),
      h(
        "span",
        { class: "legend-ticks" },
        ends.map((end) => h("span", {}, end)),
      ),
    ),
  );
}
