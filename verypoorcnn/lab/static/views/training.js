// Live training: the network learns before one's eyes, and every knob can be turned meanwhile.

import { decode, largest } from "../lib/arrays.js";
import { LineChart } from "../lib/chart.js";
import { legend } from "../lib/colours.js";
import { fill, h, oncePerFrame } from "../lib/dom.js";
import { latest } from "../lib/latest.js";
import { mapWidget } from "../lib/maps.js";
import { percent } from "../lib/numbers.js";
import { SHARES } from "../lib/scales.js";
import { SETTINGS } from "../parts/knobs.js";
import { confusionMatrix } from "../parts/matrix.js";
import { ladder } from "../parts/ladder.js";
import { joined, lost, whereabouts } from "../parts/progress.js";
import { addressed, trainingKnobs } from "../parts/tuning.js";
import { isElsewhere } from "../shell/keys.js";

export const id = "training";
export const title = "Training";
export const key = "3";

const SETTLING = 0.97; // how slowly the colours' range follows filters that shrink

/** @param {HTMLElement} root */
export function mount(root, lab) {
  const view = new TrainingView(root, lab);
  view.start().catch(lab.complain);
  return { destroy: () => view.destroy(), lasting: true };
}

class TrainingView {
  constructor(root, lab) {
    this.root = root;
    this.lab = lab;
    this.pending = {}; // settings that are still to be sent
    this.unsettled = new Set(); // names of settings that the server has not confirmed
    this.send = latest(() => this.sendPending(), lab.complain);
    this.paint = oncePerFrame((state) => this.root.isConnected && this.show(state));
    this.stops = [];
  }

  async start() {
    this.stops.push(this.lab.on("training", (news) => this.take(news)));
    const state = await this.lab.api.get("/api/training");
    if (!this.root.isConnected) return;
    this.build(state);
    this.take(state.serial < this.newest?.serial ? this.newest : state);
    this.set(addressed(this.lab.state, state));
  }

  destroy() {
    this.stops.forEach((stop) => stop());
    this.loss?.destroy();
    this.accuracy?.destroy();
  }

  /** Show what the server tells, unless something newer was told before. */
  take(state) {
    if (state.serial < (this.newest?.serial ?? 0)) return;
    this.newest = state;
    if (this.play) this.paint(state);
  }

  // What is asked of the server.

  /** Change settings, now or with the next question to the server. */
  set(settings) {
    Object.assign(this.pending, settings);
    for (const [name, value] of Object.entries(settings)) {
      this.unsettled.add(name);
      this.controls[name]?.set(value);
    }
    return this.send();
  }

  async sendPending() {
    const settings = this.pending;
    this.pending = {};
    const names = Object.keys(settings);
    if (!names.length) return;
    try {
      this.take(await this.lab.api.post("/api/training", { settings }));
    } finally {
      for (const name of names) if (!(name in this.pending)) this.unsettled.delete(name);
    }
  }

  async act(action) {
    await this.send();
    this.take(await this.lab.api.post("/api/training", { action }));
  }

  turn(name, value) {
    this.lab.state.set({ [SETTINGS[name].key]: value }, { replace: true });
    this.set({ [name]: value });
  }

  // What is on the page.

  build(state) {
    this.play = h(
      "button",
      {
        type: "button",
        class: "play",
        id: "play",
        "aria-keyshortcuts": "Space",
        onclick: () => this.toggle(),
      },
      "Play",
    );
    this.where = h("p", { class: "training-where" });
    this.message = h("p", { class: "training-message", role: "alert", hidden: true });
    fill(
      this.root,
      h(
        "div",
        { class: "training" },
        h(
          "section",
          { class: "sheet training-controls", "aria-label": "Controls" },
          h(
            "div",
            { class: "transport" },
            this.play,
            this.button("Step", "step", "One batch"),
            this.button("Epoch", "epoch", "To the end of an epoch"),
            this.button("Reset", "reset", "Begin anew with first parameters"),
          ),
          this.where,
          this.message,
          h("div", { class: "knobs" }, this.knobs(state)),
          this.engines(state),
          h(
            "p",
            { class: "quiet-text training-note" },
            "Learning rate, batch size, engine and images change ",
            "while it trains.  Filters, initialiser and seed begin anew.",
          ),
          this.button(
            "Go on from the model shown",
            "adopt",
            "Train what the other views show, edits included",
          ),
        ),
        h("section", { class: "sheet training-curves", "aria-label": "Curves" }, this.curves()),
        this.pictures(),
      ),
    );
    const space = (event) => this.onkey(event);
    document.addEventListener("keydown", space);
    this.stops.push(() => document.removeEventListener("keydown", space));
  }

  button(text, action, about) {
    return h(
      "button",
      {
        type: "button",
        class: "quiet",
        id: `training-${action}`,
        title: about,
        onclick: () => this.act(action).catch(this.lab.complain),
      },
      text,
    );
  }

  onkey(event) {
    if (
      event.key !== " " ||
      isElsewhere(event) ||
      event.target.closest?.("button, summary, [role=application]")
    )
      return;
    event.preventDefault();
    this.toggle();
  }

  toggle() {
    this.act(this.running ? "pause" : "play").catch(this.lab.complain);
  }

  knobs(state) {
    this.controls = trainingKnobs(state, {
      turn: (name, value) => this.turn(name, value),
      initializer: (initializer) => {
        this.lab.state.set({ init: initializer }, { replace: true });
        this.set({ initializer });
      },
      pace: (pace) => this.set({ pace }),
    });
    return Object.values(this.controls).map(({ element }) => element);
  }

  engines() {
    this.ladder = ladder((engine) => {
      this.lab.state.set({ engine }, { replace: true });
      this.set({ engine });
    });
    return this.ladder.element;
  }

  curves() {
    const series = [
      { label: "training", colour: "--series-1", width: 1.5 },
      { label: "test", colour: "--series-2", width: 2 },
    ];
    this.loss = new LineChart({ title: "Loss", x: "epoch", series, range: [0, null] });
    this.accuracy = new LineChart({
      title: "Accuracy",
      x: "epoch",
      series,
      ...SHARES,
    });
    return [this.loss.element, this.accuracy.element];
  }

  pictures() {
    this.filters = mapWidget({
      name: "filters",
      width: 300,
      height: 300,
      most: 24,
      onpoint: () => {},
    });
    this.filterLegend = h("div", {});
    this.matrix = confusionMatrix(this.lab.session().class_names, (truth, predicted) =>
      this.lab.state.set({ view: "errors", cellTrue: truth, cellPredicted: predicted }),
    );
    this.tested = h("p", { class: "quiet-text" });
    this.filterSheet = h(
      "section",
      { class: "sheet training-filters" },
      h("h2", {}, "Filters"),
      this.filters.element,
      this.filterLegend,
    );
    return [
      this.filterSheet,
      h(
        "section",
        { class: "sheet training-matrix" },
        h("h2", {}, "Confusion matrix"),
        this.tested,
        this.matrix.element,
      ),
    ];
  }

  // What is shown.

  show(state) {
    const { settings } = state;
    this.running = state.running;
    fill(this.play, state.running ? "Pause" : "Play");
    this.play.classList.toggle("running", state.running);
    fill(this.where, whereabouts(state));
    this.message.hidden = !state.message && !lost(state);
    fill(this.message, state.message ?? lost(state));
    for (const [name, control] of Object.entries(this.controls)) {
      if (!this.unsettled.has(name)) control.set(settings[name]);
    }
    this.ladder.show(state.ladder, settings.engine);
    this.showCurves(state);
    this.showFilters(state.filters);
    this.showConfusion(state.confusion);
  }

  showCurves({ train, test }) {
    for (const [name, chart] of [
      ["loss", this.loss],
      ["accuracy", this.accuracy],
    ]) {
      chart.show(...joined([train.epoch, train[name]], [test.epoch, test[name]]));
    }
  }

  showFilters(filters) {
    this.filterSheet.hidden = !filters;
    if (!filters || filters.data === this.filtersShown) return;
    this.filtersShown = filters.data;
    const numbers = decode(filters);
    const now = largest(numbers.values);
    this.range = Math.max(now, (this.range ?? 0) * SETTLING);
    this.filters.show(numbers, { max: this.range });
    fill(this.filterLegend, legend(this.range));
  }

  showConfusion(confusion) {
    if (!confusion || confusion.epoch === this.confusionShown) return;
    this.confusionShown = confusion.epoch;
    const { images, of, epoch, accuracy } = confusion;
    const some = images < of ? `  This engine has time for ${images} of all ${of}.` : "";
    const right = `${percent(accuracy)} of ${images} test images are right`;
    fill(this.tested, `${right} after epoch ${Number(epoch.toFixed(2))}.${some}`);
    this.matrix.show(confusion.counts);
  }
}
