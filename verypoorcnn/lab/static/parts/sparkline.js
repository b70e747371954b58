// A curve no larger than a word: shares from 0 to 1 over the epochs, with first and last value.

import { h } from "../lib/dom.js";
import { percent } from "../lib/numbers.js";

const [WIDTH, HEIGHT] = [132, 26];

/** @param {number[]} xs @param {number[]} shares @param {{label: string}} options */
export function sparkline(xs, shares, { label }) {
  const span = Math.max(1, xs.at(-1) - xs[0]);
  const points = xs.map((x, i) => [
    2 + ((WIDTH - 4) * (x - xs[0])) / span,
    2 + (HEIGHT - 4) * (1 - shares[i]),
  ]);
  const text = `${label}; from ${percent(shares[0])} to ${percent(shares.at(-1))}`;
  const [x, y] = points.at(-1);
  return h(
    "span",
    { class: "sparkline" },
    h(
      "svg",
      {
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        width: WIDTH,
        height: HEIGHT,
        role: "img",
        "aria-label": text,
      },
      h("title", {}, text),
      h("line", { x1: 0, x2: WIDTH, y1: HEIGHT - 2, y2: HEIGHT - 2, class: "axis" }),
      h("polyline", { points: points.map((point) => point.join(",")).join(" "), class: "curve" }),
      h("circle", { cx: x, cy: y, r: 2.5, class: "end" }),
    ),
    h("span", {}, `${percent(shares[0])} → ${percent(shares.at(-1))}`),
  );
}
