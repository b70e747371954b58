// The sweep: two settings, a grid of experiments, a heat map that fills in while one watches.

import { button, fill, h, oncePerFrame } from "../lib/dom.js";
import { percent, short } from "../lib/numbers.js";
import { HeatMap } from "../parts/heatmap.js";
import { Choice, SETTINGS, valueAt } from "../parts/knobs.js";
import { isOlder } from "../parts/progress.js";
import { sheet } from "../parts/sheet.js";

const RANGES = {
  // from, to, how many values: where it is interesting
  learning_rate: [0.001, 1, 7],
  batch_size: [4, 128, 6],
  filters: [1, 16, 5],
  train_samples: [150, 6000, 6],
  epochs: [5, 50, 5],
};

/** The panel beneath the experiments. */
export class SweepPanel {
  /**
   * @param {object} limits  of the settings
   * @param {() => object} base  the settings of the experiment above
   * @param {(changes: object) => void} take  make the settings of a cell those of the experiment
   */
  constructor(lab, limits, base, take) {
    this.lab = lab;
    this.limits = limits;
    this.base = base;
    this.take = take;
    this.number = 0;
    this.names = Object.keys(RANGES).filter((name) => name in limits);
    this.axes = { x: this.axisIn("x", "learning_rate"), y: this.axisIn("y", "batch_size") };
    this.map = new HeatMap({
      describe: (i, j, cell) => this.describe(i, j, cell),
      onpick: (i, j) => this.pick(i, j),
    });
    this.build();
    this.paint = oncePerFrame((news) => this.element.isConnected && this.show(news));
    this.stops = [
      lab.on("sweep", (news) => this.paint(news)),
      lab.on("reopened", () => this.start().catch(lab.complain)),
      lab.on("lost", () => this.running && this.ended("The connection is lost.")),
    ];
  }

  /** Show how things stand. */
  async start() {
    const { last } = await this.lab.api.get("/api/sweep");
    if (last) this.show(last);
    else this.layOut(this.axes.x, this.axes.y);
  }

  destroy() {
    this.stops.forEach((stop) => stop());
  }

  build() {
    const toggle = () => this.toggle().catch(this.lab.complain);
    this.run = button("Sweep", toggle, { class: "quiet", id: "sweep-start" });
    this.progress = h("p", { class: "quiet-text", role: "status" });
    const axes = [this.axis("x", "Columns"), this.axis("y", "Rows")];
    const controls = [...axes, this.seedsField(), this.run, this.progress];
    this.element = sheet(
      "sweep",
      "Sweep of two settings",
      h("div", { class: "sweep-controls" }, controls),
      this.map.element,
    );
  }

  seedsField() {
    const id = "sweep-seeds";
    const props = { type: "number", min: 1, max: 10, value: 2, id };
    this.seeds = h("input", props);
    return h("div", { class: "knob" }, h("label", { for: id }, "Seeds for each cell"), this.seeds);
  }

  axis(which, label) {
    const names = this.names.map((name) => [name, SETTINGS[name].label]);
    const choice = new Choice({
      name: `sweep-${which}`,
      label,
      names,
      value: this.axes[which].name,
      onchange: (name) => this.choose(which, name),
    });
    const numbers = ["from", "to", "values"].map((part, place) =>
      h("input", {
        type: "number",
        step: "any",
        value: this.axes[which].range[place],
        "aria-label": `${label}, ${part}`,
        title: part,
        onchange: (event) => this.range(which, place, event.target),
      }),
    );
    this.axes[which].fields = { choice, numbers };
    return h(
      "div",
      { class: "sweep-axis" },
      choice.element,
      h("div", { class: "sweep-range" }, numbers[0], "to", numbers[1], "in", numbers[2]),
    );
  }

  /** An axis as the address has it, "learning_rate:0.001:1:7", or else the usual one. */
  axisIn(which, usual) {
    const [name, ...range] = (this.lab.state.get(which) ?? "").split(":");
    const numbers = range.map(Number);
    const fits = this.names.includes(name) && numbers.length === 3 && numbers.every((n) => n > 0);
    return fits
      ? this.axisOf(name, numbers)
      : this.axisOf(this.names.includes(usual) ? usual : this.names[0]);
  }

  axisOf(name, range = RANGES[name]) {
    const { low, high, whole, log } = this.limits[name];
    const from = Math.max(low, Math.min(range[0], high));
    const to = Math.max(from, Math.min(range[1], high));
    const many = Math.max(1, Math.min(16, Math.round(range[2])));
    const place = (k) =>
      valueAt({ low: from, high: to, whole, log }, many > 1 ? k / (many - 1) : 0);
    const values = [...new Set(Array.from({ length: many }, (_, k) => place(k)))];
    return { name, label: SETTINGS[name].label.toLowerCase(), range: [from, to, many], values };
  }

  choose(which, name) {
    const other = which === "x" ? "y" : "x";
    if (this.axes[other].name === name) this.change(other, this.axisOf(this.axes[which].name));
    this.change(which, this.axisOf(name));
  }

  range(which, place, field) {
    const { name, range } = this.axes[which];
    const given = field.valueAsNumber;
    const changed = range.map((old, k) => (k === place && given > 0 ? given : old));
    this.change(which, this.axisOf(name, changed));
    const taken = this.axes[which].range[place];
    if (given !== taken) this.lab.say(`${SETTINGS[name].label}: out of bounds, so ${taken}.`);
  }

  change(which, axis) {
    const { fields } = this.axes[which];
    this.axes[which] = { ...axis, fields };
    fields.choice.set(axis.name);
    fields.numbers.forEach((field, place) => (field.value = axis.range[place]));
    this.lab.state.set({ [which]: [axis.name, ...axis.range].join(":") }, { replace: true });
    if (!this.running) this.layOut(this.axes.x, this.axes.y);
  }

  async toggle() {
    if (this.running) {
      await this.lab.api.post("/api/sweep/cancel");
      this.ended("Cancelled.");
      return;
    }
    const { seeds, ...base } = this.base();
    const axes = Object.fromEntries(
      ["x", "y"].map((which) => {
        const { name, values } = this.axes[which];
        return [which, { name, values }];
      }),
    );
    const body = { ...axes, seeds: Number(this.seeds.value) || 1, base };
    this.number = (await this.lab.api.post("/api/sweep", body)).id;
  }

  layOut(x, y) {
    this.shown = { x, y };
    this.map.layOut(x, y);
    this.map.show([]);
  }

  show(news) {
    if (news.id < this.number || isOlder(news, this.newest)) return;
    this.newest = news;
    if (news.id !== this.drawn) {
      this.drawn = news.id;
      const named = (axis) => ({ ...axis, label: SETTINGS[axis.name].label.toLowerCase() });
      this.layOut(named(news.x), named(news.y));
    }
    this.number = news.id;
    this.map.show(news.cells);
    const { done, of, seconds } = news;
    this.running = !news.finished && !news.error && !news.cancelled;
    fill(this.run, this.running ? "Cancel" : "Sweep");
    fill(this.progress, news.error ?? `${done} of ${of} trainings in ${short(seconds, 2)} s`);
  }

  ended(why) {
    this.running = false;
    fill(this.run, "Sweep");
    fill(this.progress, why);
  }

  describe(i, j, cell) {
    const { x, y } = this.shown;
    const place = `${x.label} ${x.values[i]}, ${y.label} ${y.values[j]}`;
    if (!cell) return `${place}: not yet trained`;
    if (cell.accuracy === null) return `${place}: ${cell.fault}`;
    const spread = cell.sd === null ? "" : ` ± ${percent(cell.sd)}`;
    const seeds = `${cell.seeds} seed${cell.seeds > 1 ? "s" : ""}`;
    return `${place}: ${percent(cell.accuracy)}${spread}, ${seeds}`;
  }

  pick(i, j) {
    const { x, y } = this.shown;
    this.take({ [x.name]: x.values[i], [y.name]: y.values[j] });
  }
}
