// Live training: the network learns before one's eyes, and every knob can be turned meanwhile.

import { LineChart } from "../lib/chart.js";
import { fill, h, oncePerFrame } from "../lib/dom.js";
import { latest } from "../lib/latest.js";
import { SHARES } from "../lib/scales.js";
import { Ladder } from "../parts/ladder.js";
import { TrainingPictures } from "../parts/pictures.js";
import { joined, lost, whereabouts } from "../parts/progress.js";
import { KEYS, addressed, trainingKnobs } from "../parts/tuning.js";
import { isFree } from "../shell/keys.js";

export const id = "training";
export const title = "Training";
export const key = "3";

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
    this.stops.push(
      this.lab.on("training", (news) => this.take(news)),
      this.lab.on("reopened", () => this.ask().catch(this.lab.complain)),
      this.lab.on("lost", () => this.lose()),
    );
    const state = await this.lab.api.get("/api/training");
    if (!this.root.isConnected) return;
    this.build(state);
    this.take(state.serial < this.newest?.serial ? this.newest : state);
    this.set(addressed(this.lab.state, state));
    const keys = Object.values(KEYS);
    this.stops.push(this.lab.state.on(keys, (changed) => this.follow(changed)));
  }

  /** The address has changed: by a knob here, or by a link. */
  follow(changed) {
    const asked = Object.entries(addressed(this.lab.state, this.newest));
    this.set(Object.fromEntries(asked.filter(([name]) => changed.includes(KEYS[name]))));
  }

  /** How things stand now. */
  async ask() {
    this.take(await this.lab.api.get("/api/training"));
  }

  destroy() {
    this.stops.forEach((stop) => stop());
    this.loss?.destroy();
    this.accuracy?.destroy();
    this.pictures?.destroy();
  }

  /** Show what the server tells, unless something newer was told before. */
  take(state) {
    if (state.serial < (this.newest?.serial ?? 0)) return;
    this.newest = state;
    if (this.play) this.paint(state);
  }

  /** Nothing is known of it any more. */
  lose() {
    const unknown = { running: false, phase: "lost", samples_per_second: null };
    if (this.play) this.paint({ ...this.newest, ...unknown });
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
    this.lab.state.set({ [KEYS[name]]: value }, { replace: true });
    this.set({ [name]: value });
  }

  // What is on the page.

  build(state) {
    this.where = h("p", { class: "figures training-where" });
    this.message = h("p", { class: "message", role: "alert", hidden: true });
    this.pictures = new TrainingPictures(this.lab);
    fill(
      this.root,
      h(
        "div",
        { class: "training" },
        this.controlSheet(state),
        h("section", { class: "sheet training-curves", "aria-label": "Curves" }, this.curves()),
        this.pictures.sheets,
      ),
    );
    const space = (event) => this.onkey(event);
    document.addEventListener("keydown", space);
    this.stops.push(() => document.removeEventListener("keydown", space));
  }

  controlSheet(state) {
    return h(
      "section",
      { class: "sheet training-controls", "aria-label": "Controls" },
      this.transport(),
      this.where,
      this.message,
      h("div", { class: "knobs" }, this.knobs(state)),
      this.engines(),
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
    );
  }

  transport() {
    const props = { class: "play", id: "play", "aria-keyshortcuts": "Space" };
    this.play = h("button", { type: "button", ...props, onclick: () => this.toggle() }, "Play");
    return h(
      "div",
      { class: "transport" },
      this.play,
      this.button("Step", "step", "One batch"),
      this.button("Epoch", "epoch", "To the end of an epoch"),
      this.button("Reset", "reset", "Begin anew with first parameters"),
    );
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
    if (event.key !== " " || !isFree(event)) return;
    event.preventDefault();
    this.toggle();
  }

  toggle() {
    this.act(this.running ? "pause" : "play").catch(this.lab.complain);
  }

  knobs(state) {
    this.controls = trainingKnobs(state, {
      turn: (name, value) => this.turn(name, value),
      initializer: (initializer) => this.turn("initializer", initializer),
      pace: (pace) => this.set({ pace }),
    });
    return Object.values(this.controls).map(({ element }) => element);
  }

  engines() {
    this.ladder = new Ladder((engine) => this.turn("engine", engine));
    return this.ladder.element;
  }

  curves() {
    const series = [
      { label: "training", colour: "--series-1", width: 1.5 },
      { label: "test", colour: "--series-2", width: 2, dots: true },
    ];
    this.loss = new LineChart({ title: "Loss", x: "epoch", series, range: [0, null] });
    this.accuracy = new LineChart({ title: "Accuracy", x: "epoch", series, ...SHARES });
    return [this.loss.element, this.accuracy.element];
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
    this.pictures.show(state);
  }

  showCurves({ train, test }) {
    const curves = (name) => joined([train.epoch, train[name]], [test.epoch, test[name]]);
    this.loss.show(...curves("loss"));
    this.accuracy.show(...curves("accuracy"));
  }
}
