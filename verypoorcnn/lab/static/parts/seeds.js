// Accuracies of all seeds on one line: a dot each, the mean as a stroke, the standard deviation as
// a bar; beneath, paler, those of the experiment before.

import { fill, h } from "../lib/dom.js";
import { percent } from "../lib/numbers.js";

const [WIDTH, HEIGHT, EDGE] = [480, 74, 24];
const ROWS = { now: 22, before: 46 };

/** @typedef {{mean: number|null, sd: number|null, each: (number|null)[]}} Accuracies */

/** A picture of accuracies. */
export class SeedDots {
  constructor() {
    const viewBox = `0 0 ${WIDTH} ${HEIGHT}`;
    this.element = h("svg", { viewBox, class: "seeds", role: "img" });
    this.element.setAttribute("aria-label", sentence(null));
  }

  /** @param {Accuracies} now @param {Accuracies} [before] */
  show(now, before) {
    const known = [now, before].flatMap((one) => knownOf(one));
    this.element.setAttribute("aria-label", sentence(now, before));
    if (!known.length) {
      fill(this.element);
      return;
    }
    const scale = scaleOf(known);
    fill(
      this.element,
      axis(scale),
      before && row(before, ROWS.before, scale, "before"),
      row(now, ROWS.now, scale, "now"),
    );
  }
}

function knownOf(accuracy) {
  return (accuracy?.each ?? []).filter((value) => value !== null);
}

/** From a round number below all to one above. */
function scaleOf(values) {
  const low = Math.max(0, Math.floor(Math.min(...values) * 20 - 0.2) / 20);
  const high = Math.min(1, Math.ceil(Math.max(...values) * 20 + 0.2) / 20);
  return {
    low,
    high,
    at: (value) => EDGE + ((value - low) / (high - low || 1)) * (WIDTH - 2 * EDGE),
  };
}

function axis({ low, high, at }) {
  const steps = Math.round((high - low) * 20);
  const every = Math.ceil(steps / 8);
  const ticks = Array.from(
    { length: Math.floor(steps / every) + 1 },
    (_, i) => low + (i * every) / 20,
  );
  return h(
    "g",
    { class: "axis" },
    ticks.map((tick) =>
      h(
        "g",
        {},
        h("line", { x1: at(tick), x2: at(tick), y1: 6, y2: HEIGHT - 16 }),
        h(
          "text",
          { x: at(tick), y: HEIGHT - 3, "text-anchor": "middle" },
          `${Math.round(tick * 100)} %`,
        ),
      ),
    ),
  );
}

function row(accuracy, y, { at }, kind) {
  const { mean, sd } = accuracy;
  const dots = knownOf(accuracy).map((value) => h("circle", { cx: at(value), cy: y, r: 4 }));
  if (mean === null) return h("g", { class: kind }, dots);
  return h(
    "g",
    { class: kind },
    sd !== null &&
      h("rect", {
        x: at(mean - sd),
        y: y - 8,
        width: at(mean + sd) - at(mean - sd),
        height: 16,
        rx: 2,
      }),
    h("line", { x1: at(mean), x2: at(mean), y1: y - 10, y2: y + 10 }),
    dots,
  );
}

function sentence(now, before) {
  const each = knownOf(now).map(percent).join(", ");
  const then = before?.mean ? `; before, on average ${percent(before.mean)}` : "";
  return `Accuracy of each seed: ${each || "none yet"}${then}`;
}
