// Line charts: a thin layer over uPlot (vendor/uPlot) that gives them the page's colours in both
// themes, a legend with the values under the pointer, arrow keys, and a table for those who see no
// curve.

import uPlot from "../vendor/uPlot/uPlot.esm.js";
import { onTheme } from "../shell/theme.js";
import { fill, h } from "./dom.js";
import { short } from "./numbers.js";
import { ends, isSparse, nearby, plain, span, transparent } from "./scales.js";

const FONT = "12px system-ui, sans-serif"; // of the axes: a canvas knows no custom properties
const ROWS = 60; // of the table, at most
const SPOKEN = 4000; // milliseconds between two readings of the last values

/**
 * @typedef {object} Series
 * @property {string} label
 * @property {string} colour  a custom property of the theme: "--series-1"
 * @property {number} [width]  of the line
 * @property {boolean} [dashed]
 * @property {boolean} [dots]  with a dot at every value, while these are few
 * @property {boolean} [edge]  an edge of a band: no line, no entry in the legend
 *
 * @typedef {object} ChartOptions
 * @property {string} title
 * @property {string} x  what is along the bottom: "epoch"
 * @property {Series[]} series
 * @property {[number, number, string][]} [bands]  two edges (places in `series`) and a colour
 * @property {(value: number) => string} [format]  of values
 * @property {(value: number) => string} [tick]  of the numbers on the left
 * @property {[number|null, number|null]} [range]  of values; null: as the data have it
 * @property {number} [height]
 * @property {(x: number) => void} [onpick]  a place was clicked
 */

/** A line chart; show() puts numbers into it. */
export class LineChart {
  /** @param {ChartOptions} options */
  constructor(options) {
    const format = (value) => short(value, 4);
    this.options = { format, tick: plain, range: [null, null], height: 200, ...options };
    this.data = [[], ...options.series.map(() => [])];
    this.colours = new Map(); // of custom properties, as they are in this theme
    this.build();
    this.plot = new uPlot(this.settings(), this.data, this.canvas);
    this.stops = [onTheme(() => this.recolour()), this.fit()];
    this.listen();
    this.tell(null);
  }

  build() {
    const { title, x } = this.options;
    this.legend = h("dl", { class: "chart-legend" });
    this.canvas = h("div", {
      class: "chart-canvas",
      tabindex: 0,
      role: "img",
      "aria-label": title,
    });
    this.spoken = h("p", { class: "unseen", role: "status" });
    this.table = h("table", { class: "chart-table" });
    this.values = h(
      "details",
      { class: "chart-values", ontoggle: () => this.tabulate() },
      h("summary", {}, "Values"),
      h("div", { tabindex: 0, role: "region", "aria-label": `${title}, values` }, this.table),
    );
    this.element = h(
      "figure",
      { class: "chart", "data-x": x },
      h("figcaption", {}, h("span", { class: "chart-title" }, title), this.legend),
      this.canvas,
      this.values,
      this.spoken,
    );
  }

  /**
   * Show these numbers: places along the bottom, and a list of values for each series, where null
   * leaves a gap.
   */
  show(xs, columns) {
    this.data = [xs, ...columns];
    this.plot.setData(this.data);
    if (this.kept !== undefined) this.cursor(this.kept);
    this.tell(this.plot.cursor.idx ?? null);
    this.tabulate();
    this.speak();
  }

  /** Mark the place of this x; null takes the mark away. */
  cursor(x) {
    this.kept = x ?? undefined;
    const left = x === null ? -10 : this.plot.valToPos(x, "x");
    this.plot.setCursor({ left, top: x === null ? -10 : 10 }, false);
    this.tell(x === null ? null : this.plot.posToIdx(left));
  }

  destroy() {
    clearTimeout(this.speaking);
    this.stops.forEach((stop) => stop());
    this.plot.destroy();
  }

  settings() {
    const { series, bands = [], height, range } = this.options;
    return {
      width: 300,
      height,
      legend: { show: false },
      padding: [8, 12, 8, 0], // half a number's height above and below, if there is no other axis
      cursor: { drag: { x: false, y: false }, y: false, points: { size: 7 } },
      scales: {
        x: { time: false, range: (_, low, high) => span(low, high) },
        y: { range: (_, low, high) => ends(range, low, high) },
      },
      axes: this.axes(),
      series: [{}, ...series.map((one) => this.line(one))],
      bands: bands.map(([high, low, colour]) => ({
        series: [high + 1, low + 1],
        fill: () => transparent(this.colour(colour)),
      })),
      hooks: { setCursor: [(plot) => this.tell(plot.cursor.idx ?? null)] },
    };
  }

  /** The axis along the bottom, and the one at the left. */
  axes() {
    const { x, tick } = this.options;
    const common = {
      font: FONT,
      stroke: () => this.colour("--quiet"),
      grid: { stroke: () => this.colour("--rule"), width: 1 },
      ticks: { show: false },
      gap: 4,
    };
    return [
      { ...common, size: 22, label: x, labelSize: 18, labelGap: 0, labelFont: FONT },
      { ...common, size: 44, values: (_, values) => values.map((value) => tick(value)) },
    ];
  }

  line({ label, colour, width = 2, dashed, dots, edge }) {
    const stroke = () => (edge ? "transparent" : this.colour(colour));
    return {
      label,
      stroke,
      width: edge ? 0 : width,
      dash: dashed ? [5, 4] : undefined,
      spanGaps: true,
      points: {
        show: (plot, k) => !edge && (plot.data[0].length < 2 || (dots && isSparse(plot.data[k]))),
        size: 5,
        fill: stroke,
      },
    };
  }

  /** The colour of a custom property as it is now. */
  colour(name) {
    if (!this.colours.has(name)) {
      const probe = h("span", { style: { color: `var(${name})` } });
      document.body.append(probe);
      this.colours.set(name, getComputedStyle(probe).color);
      probe.remove();
    }
    return this.colours.get(name);
  }

  recolour() {
    this.colours.clear();
    this.plot.redraw(true, true);
  }

  /** Be as wide as there is room. */
  fit() {
    const observer = new ResizeObserver(([{ contentRect }]) => {
      const width = Math.floor(contentRect.width);
      if (width > 0 && width !== this.plot.width) {
        this.plot.setSize({ width, height: this.options.height });
      }
    });
    observer.observe(this.canvas);
    return () => observer.disconnect();
  }

  listen() {
    this.canvas.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!by || !this.data[0].length) return;
      event.preventDefault();
      const last = this.data[0].length - 1;
      const from = this.plot.cursor.idx ?? (by > 0 ? -1 : last + 1);
      const place = Math.max(0, Math.min(last, from + by));
      this.cursor(this.data[0][place]);
      this.spoken.textContent = this.sentence(place);
      this.options.onpick?.(this.data[0][place]);
    });
    this.plot.over.addEventListener("click", () => {
      const place = this.plot.cursor.idx;
      if (place !== null && place !== undefined) this.options.onpick?.(this.data[0][place]);
    });
  }

  /** The legend, with the values at a place; without one, the last. */
  tell(place) {
    const at = place ?? this.data[0].length - 1;
    const head =
      place === null || at < 0
        ? []
        : [h("div", {}, h("dt", {}, this.options.x), h("dd", {}, plain(this.data[0][at])))];
    fill(
      this.legend,
      head,
      this.shown().map(({ label, colour, dashed, column }) =>
        h(
          "div",
          {},
          h(
            "dt",
            {},
            h("span", {
              class: dashed ? "chart-swatch dashed" : "chart-swatch",
              style: { "--tone": `var(${colour})` },
            }),
            label,
          ),
          h("dd", {}, at < 0 ? "–" : this.value(nearby(column, at, place === null))),
        ),
      ),
    );
  }

  shown() {
    return this.options.series
      .map((one, place) => ({ ...one, column: this.data[place + 1] }))
      .filter(({ edge, column }) => !edge && column.some((value) => value !== null));
  }

  value(value) {
    return value === null || value === undefined ? "–" : this.options.format(value);
  }

  /** "epoch 12: training 0.73, test 0.81" */
  sentence(place, last = false) {
    const values = this.shown().map(
      ({ label, column }) => `${label} ${this.value(nearby(column, place, last))}`,
    );
    return `${this.options.x} ${plain(this.data[0][place])}: ${values.join(", ")}`;
  }

  /** Read the last values out, now and then. */
  speak() {
    if (this.speaking || !this.data[0].length) return;
    this.speaking = setTimeout(() => {
      this.speaking = null;
      if (!this.data[0].length) return;
      this.spoken.textContent = this.sentence(this.data[0].length - 1, true);
      this.canvas.setAttribute("aria-label", `${this.options.title}; ${this.spoken.textContent}`);
    }, SPOKEN);
  }

  tabulate() {
    if (!this.values.open) return;
    const shown = this.shown();
    const every = Math.max(1, Math.ceil(this.data[0].length / ROWS));
    const places = this.data[0]
      .map((_, i) => i)
      .filter((i, _, { length }) => (length - 1 - i) % every === 0);
    const names = [this.options.x, ...shown.map(({ label }) => label)];
    const rows = places.map((i) => {
      const values = shown.map(({ column }) => h("td", {}, this.value(column[i])));
      return h("tr", {}, h("th", { scope: "row" }, plain(this.data[0][i])), values);
    });
    const head = names.map((name) => h("th", { scope: "col" }, name));
    fill(this.table, h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows));
  }
}
