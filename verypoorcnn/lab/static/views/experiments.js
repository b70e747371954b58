// Instant experiments: turn a knob, and the whole experiment is trained again, seed after seed,
// while the one before stays behind it as a ghost.

import { LineChart } from "../lib/chart.js";
import { fill, h, oncePerFrame } from "../lib/dom.js";
import { latest } from "../lib/latest.js";
import { count, percent, short } from "../lib/numbers.js";
import { SHARES } from "../lib/scales.js";
import { Knob, SETTINGS, settingsIn } from "../parts/knobs.js";
import { confusionMatrix } from "../parts/matrix.js";
import { seedDots } from "../parts/seeds.js";
import { SweepPanel } from "./sweep.js";

export const id = "experiments";
export const title = "Experiments";
export const key = "4";

const LONG = 1.5; // seconds after which one may want to stop

/** @param {HTMLElement} root */
export function mount(root, lab) {
  const view = new ExperimentsView(root, lab);
  view.start().catch(lab.complain);
  return { destroy: () => view.destroy(), lasting: true };
}

class ExperimentsView {
  constructor(root, lab) {
    this.root = root;
    this.lab = lab;
    this.number = 0; // of the experiment that was asked for last
    this.stops = [];
    this.send = latest(async () => {
      const { id: number } = await lab.api.post("/api/experiment", this.settings);
      this.number = Math.max(this.number, number);
    }, lab.complain);
    this.paint = oncePerFrame((news) => this.root.isConnected && this.show(news));
  }

  async start() {
    const { limits, defaults, note, last } = await this.lab.api.get("/api/experiment");
    if (!this.root.isConnected) return;
    this.limits = limits;
    this.defaults = defaults;
    this.settings = { ...defaults, ...settingsIn(this.lab.state, limits) };
    this.build(note);
    this.stops.push(this.lab.on("experiment", (news) => this.paint(news)));
    this.stops.push(
      this.lab.state.on(
        Object.values(SETTINGS).map((one) => one.key),
        () => this.reread(),
      ),
    );
    if (last?.finished && sameSettings(last.settings, this.settings)) this.show(last);
    else this.send();
  }

  destroy() {
    this.stops.forEach((stop) => stop());
    this.sweep?.destroy();
    this.loss?.destroy();
    this.accuracy?.destroy();
  }

  // What is asked for.

  turn(changes) {
    Object.assign(this.settings, changes);
    const named = Object.entries(changes).map(([name, value]) => [SETTINGS[name].key, value]);
    this.lab.state.set(Object.fromEntries(named), { replace: true });
    this.showKnobs();
    this.send();
  }

  /** The address has changed by itself: back, or a link. */
  reread() {
    const asked = { ...this.defaults, ...settingsIn(this.lab.state, this.limits) };
    if (sameSettings(asked, this.settings)) return;
    this.settings = asked;
    this.showKnobs();
    this.send();
  }

  reset() {
    this.turn({ ...this.defaults });
  }

  async cancel() {
    await this.lab.api.post("/api/experiment/cancel");
    this.stop.hidden = true;
  }

  // What is on the page.

  build(note) {
    this.stop = h(
      "button",
      {
        type: "button",
        class: "quiet",
        id: "experiment-stop",
        hidden: true,
        onclick: () => this.cancel().catch(this.lab.complain),
      },
      "Stop this experiment",
    );
    this.headline = h("p", { class: "headline", role: "status" });
    this.about = h("p", { class: "quiet-text experiment-about" });
    this.before = h("p", { class: "quiet-text experiment-before" });
    this.faults = h("p", { class: "training-message", hidden: true });
    this.dots = seedDots();
    this.matrix = confusionMatrix(this.lab.session().class_names, () => {});
    this.sweep = new SweepPanel(
      this.lab,
      this.limits,
      () => this.settings,
      (changes) => this.turn(changes),
    );
    fill(
      this.root,
      h(
        "div",
        { class: "experiments" },
        h(
          "section",
          { class: "sheet experiment-controls", "aria-label": "Settings" },
          note && h("p", { class: "training-message" }, note),
          h("div", { class: "knobs" }, this.knobs()),
          h(
            "button",
            { type: "button", class: "quiet", id: "experiment-reset", onclick: () => this.reset() },
            "As the lab was opened",
          ),
          this.stop,
        ),
        h(
          "section",
          { class: "sheet experiment-result", "aria-label": "Result" },
          h(
            "div",
            { class: "experiment-head" },
            h("div", {}, this.headline, this.about, this.before),
            h("div", {}, this.dots.element),
          ),
          this.faults,
          h("div", { class: "experiment-curves" }, this.curves()),
        ),
        h(
          "div",
          { class: "experiment-lower" },
          h(
            "section",
            { class: "sheet experiment-matrix" },
            h("h2", {}, "Confusion matrix, all seeds"),
            this.matrix.element,
          ),
          this.sweep.element,
        ),
      ),
    );
    this.sweep.start().catch(this.lab.complain);
  }

  knobs() {
    const names = Object.keys(this.limits);
    this.controls = Object.fromEntries(
      names.map((name) => [
        name,
        new Knob({
          name,
          ...SETTINGS[name],
          limits: this.limits[name],
          value: this.settings[name],
          onchange: (value) => this.turn({ [name]: value }),
        }),
      ]),
    );
    return names.map((name) => this.controls[name].element);
  }

  showKnobs() {
    for (const [name, knob] of Object.entries(this.controls)) knob.set(this.settings[name]);
  }

  curves() {
    const series = [
      { label: "mean of the seeds", colour: "--series-1", width: 2.5 },
      { label: "lowest seed", colour: "--series-1", edge: true },
      { label: "highest seed", colour: "--series-1", edge: true },
      { label: "under way", colour: "--series-2", width: 1 },
      { label: "before", colour: "--quiet", width: 1.5, dashed: true },
    ];
    const both = { x: "epoch", series, bands: [[2, 1, "--series-1"]], height: 180 };
    this.loss = new LineChart({ ...both, title: "Training loss", range: [0, null] });
    this.accuracy = new LineChart({
      ...both,
      title: "Training accuracy",
      ...SHARES,
    });
    return [this.loss.element, this.accuracy.element];
  }

  // What is shown.

  show(news) {
    if (news.id < this.number) return; // of a setting that has passed
    this.number = news.id;
    if (news.error) return this.lab.complain(new Error(news.error));
    if (this.done && this.done.id !== news.id) this.ghost = this.done;
    if (news.finished) this.done = news;
    this.stop.hidden = news.finished || news.seconds < LONG;
    this.root.firstChild.classList.toggle("waiting", !news.done);
    this.showCurves(news);
    if (news.done) this.showResult(news);
    return undefined;
  }

  showResult(news) {
    const { accuracy, faults, confusion, done, of } = news;
    fill(
      this.headline,
      accuracy.mean === null
        ? "–"
        : [
            h("strong", {}, percent(accuracy.mean)),
            accuracy.sd === null ? null : h("span", {}, ` ± ${percent(accuracy.sd)}`),
          ],
    );
    fill(
      this.about,
      `Test accuracy, ${done === of ? `${of}` : `${done} of ${of}`} seed${of > 1 ? "s" : ""}, ` +
        `in ${short(news.seconds, 2)} s: ${cost(news)}.`,
    );
    const before = this.ghost && this.ghost.id !== news.id ? this.ghost : null;
    fill(this.before, before ? `Before, with ${inWords(before, news)}.` : " ");
    this.dots.show(accuracy, before?.accuracy);
    const trouble = faults[0]?.fault ?? guessing(news);
    this.faults.hidden = !trouble;
    fill(this.faults, trouble && faults.length ? `Seed ${faults[0].seed}, ${trouble}.` : trouble);
    if (confusion) this.matrix.show(confusion);
  }

  showCurves(news) {
    const ghost = this.ghost && this.ghost.id !== news.id ? this.ghost : null;
    for (const [name, chart] of [
      ["loss", this.loss],
      ["accuracy", this.accuracy],
    ]) {
      const { mean, low, high } = news.curves[name];
      const columns = [
        mean,
        low,
        high,
        news.under_way?.[name] ?? [],
        ghost?.curves[name].mean ?? [],
      ];
      const epochs = Math.max(...columns.map((column) => column.length));
      const xs = Array.from({ length: epochs }, (_, epoch) => epoch + 1);
      chart.show(
        xs,
        columns.map((column) => xs.map((_, epoch) => column[epoch] ?? null)),
      );
    }
  }
}

function cost({ settings: { epochs, train_samples: images } }) {
  return `${count(epochs * images)} images for each`;
}

/** "learning rate 0.008: 71.3 % ± 1.9 %": what was otherwise, and what it gave. */
function inWords({ settings, accuracy }, now) {
  const known =
    accuracy.mean === null
      ? "no result"
      : percent(accuracy.mean) + (accuracy.sd === null ? "" : ` ± ${percent(accuracy.sd)}`);
  const other = Object.entries(settings).filter(([name, value]) => value !== now.settings[name]);
  const named = other.map(([name, value]) => `${SETTINGS[name].label.toLowerCase()} ${value}`);
  return `${named.join(", ") || "the same"}: ${known}`;
}

/** What to say of an experiment that learned nothing. */
function guessing({ accuracy, confusion, settings }) {
  if (accuracy.mean === null || accuracy.mean > 1.5 / confusion.length) return null;
  const rate = `If ${settings.learning_rate} is a high learning rate, the units have died`;
  return `No better than guessing.  ${rate}: lower it.  If it is low, raise it or the epochs.`;
}

function sameSettings(first, second) {
  return Object.entries(second).every(([name, value]) => first[name] === value);
}
