// The curves of an experiment: the mean of its seeds in the band of all, the seed under way, and
// the experiment before as a ghost.

import { LineChart } from "../lib/chart.js";
import { h } from "../lib/dom.js";
import { SHARES } from "../lib/scales.js";

const SERIES = [
  { label: "mean of the seeds", colour: "--series-1", width: 2.5 },
  { label: "lowest seed", colour: "--series-1", edge: true },
  { label: "highest seed", colour: "--series-1", edge: true },
  { label: "under way", colour: "--series-2", width: 1 },
  { label: "before", colour: "--quiet", width: 1.5, dashed: true },
];
const LOOK = { x: "epoch", series: SERIES, bands: [[2, 1, "--series-1"]], height: 180 };

export class SeedCurves {
  constructor() {
    this.charts = {
      loss: new LineChart({ ...LOOK, title: "Training loss", range: [0, null] }),
      accuracy: new LineChart({ ...LOOK, title: "Training accuracy", ...SHARES }),
    };
    const elements = Object.values(this.charts).map(({ element }) => element);
    this.element = h("div", { class: "experiment-curves" }, elements);
  }

  destroy() {
    Object.values(this.charts).forEach((chart) => chart.destroy());
  }

  /** @param {object} news  of an experiment @param {object|null} ghost  the one before */
  show(news, ghost) {
    for (const [name, chart] of Object.entries(this.charts)) {
      const { mean, low, high } = news.curves[name];
      const underWay = news.under_way?.[name] ?? [];
      const columns = [mean, low, high, underWay, ghost?.curves[name].mean ?? []];
      const epochs = Math.max(...columns.map((column) => column.length));
      const xs = Array.from({ length: epochs }, (_, place) => place + 1);
      const filled = columns.map((column) => xs.map((_, place) => column[place] ?? null));
      chart.show(xs, filled);
    }
  }
}
