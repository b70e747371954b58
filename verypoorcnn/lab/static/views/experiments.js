// Instant experiments: turn a knob, and the whole experiment is trained again, seed after seed,
// while the one before stays behind it as a ghost.

import { button, fill, h, oncePerFrame } from "../lib/dom.js";
import { latest } from "../lib/latest.js";
import { count, percent, short } from "../lib/numbers.js";
import { SeedCurves } from "../parts/curves.js";
import { Knob, SETTINGS, settingsIn } from "../parts/knobs.js";
import { confusionMatrix } from "../parts/matrix.js";
import { isOlder } from "../parts/progress.js";
import { SeedDots } from "../parts/seeds.js";
import { sheet } from "../parts/sheet.js";
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
    this.shown = null; // what was told of it last
    this.wanted = false; // whether its result is still to come
    this.foreign = null; // what was told last of one that seems to be another page's
    this.stops = [];
    this.send = latest(async () => {
      const { id: number } = await lab.api.post("/api/experiment", this.settings);
      this.number = number;
      this.wanted = true;
      if (this.foreign) this.show(this.foreign); // its news may have come before its number
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
    const keys = Object.values(SETTINGS).map((one) => one.key);
    this.stops.push(
      this.lab.on("experiment", (news) => this.paint(news)),
      this.lab.on("reopened", () => this.ask().catch(this.lab.complain)),
      this.lab.on("lost", () => (this.stop.hidden = true)),
      this.lab.state.on(keys, () => this.reread()),
    );
    if (last?.finished && sameSettings(last.settings, this.settings)) this.show(last);
    else this.send();
  }

  destroy() {
    this.stops.forEach((stop) => stop());
    this.sweep?.destroy();
    this.curves?.destroy();
    this.matrix?.destroy?.();
  }

  // What is asked for.

  /** How the experiment stands now. */
  async ask() {
    const { last } = await this.lab.api.get("/api/experiment");
    if (last) this.paint(last);
  }

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
    this.wanted = false;
  }

  // What is on the page.

  build(note) {
    this.matrix = confusionMatrix(this.lab.session().class_names, () => {});
    this.sweep = new SweepPanel(
      this.lab,
      this.limits,
      () => this.settings,
      (changes) => this.turn(changes),
    );
    const heading = "Confusion matrix, all seeds";
    const matrix = sheet("experiment-matrix", heading, this.matrix.element);
    fill(
      this.root,
      h(
        "div",
        { class: "experiments" },
        this.controlSheet(note),
        this.resultSheet(),
        h("div", { class: "experiment-lower" }, matrix, this.sweep.element),
      ),
    );
    this.sweep.start().catch(this.lab.complain);
  }

  controlSheet(note) {
    const cancel = () => this.cancel().catch(this.lab.complain);
    const stop = { class: "quiet", id: "experiment-stop", hidden: true };
    this.stop = button("Stop this experiment", cancel, stop);
    const reset = { class: "quiet", id: "experiment-reset" };
    return h(
      "section",
      { class: "sheet experiment-controls", "aria-label": "Settings" },
      note && h("p", { class: "message" }, note),
      h("div", { class: "knobs" }, this.knobs()),
      button("As the lab was opened", () => this.reset(), reset),
      this.stop,
    );
  }

  resultSheet() {
    this.headline = h("p", { class: "headline", role: "status" });
    this.about = h("p", { class: "quiet-text figures experiment-about" });
    this.before = h("p", { class: "quiet-text figures experiment-before" });
    this.faults = h("p", { class: "message", hidden: true });
    this.dots = new SeedDots();
    this.curves = new SeedCurves();
    return h(
      "section",
      { class: "sheet experiment-result", "aria-label": "Result" },
      h(
        "div",
        { class: "experiment-head" },
        h("div", {}, this.headline, this.about, this.before),
        h("div", {}, this.dots.element),
      ),
      this.faults,
      this.curves.element,
    );
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

  // What is shown.

  /** There may be other pages: what has other settings than this one is theirs. */
  show(news) {
    if (news.id < this.number || isOlder(news, this.shown)) return; // of what has passed
    if (news.id !== this.number && !sameSettings(news.settings, this.settings)) {
      this.giveWay(news);
      return;
    }
    this.number = news.id;
    this.shown = news;
    this.foreign = null;
    this.wanted = !news.finished && !news.error;
    if (news.error) {
      this.lab.complain(new Error(news.error));
      return;
    }
    if (this.done && this.done.id !== news.id) this.ghost = this.done;
    if (news.finished) this.done = news;
    this.stop.hidden = news.finished || news.seconds < LONG;
    this.root.firstChild.classList.toggle("waiting", !news.done);
    this.curves.show(news, this.ghost);
    if (news.done) this.showResult(news);
  }

  /** Another page's experiment has ended this page's: when it is done, it is this one's turn. */
  giveWay(news) {
    this.foreign = news;
    this.stop.hidden = true;
    if (!this.wanted) return;
    if (news.finished || news.error) this.send();
    fill(this.faults, "Another page's experiment has taken this one's place; this one follows it.");
    this.faults.hidden = false;
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
    const before = this.ghost;
    fill(this.before, before ? `Before, with ${inWords(before, news)}.` : null);
    this.dots.show(accuracy, before?.accuracy);
    const trouble = faults[0]?.fault ?? guessing(news);
    this.faults.hidden = !trouble;
    fill(this.faults, trouble && faults.length ? `Seed ${faults[0].seed}, ${trouble}.` : trouble);
    if (confusion) this.matrix.show(confusion);
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
