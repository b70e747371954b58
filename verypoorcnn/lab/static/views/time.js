// Time: a slider over the epochs of a training moves filters, feature maps and probabilities.

import { LineChart } from "../lib/chart.js";
import { button, fill, h } from "../lib/dom.js";
import { latest } from "../lib/latest.js";
import { percent, short } from "../lib/numbers.js";
import { SHARES } from "../lib/scales.js";
import { bars } from "../parts/bars.js";
import { decodeEpoch, told } from "../parts/epochs.js";
import { Films } from "../parts/films.js";
import { isFree } from "../shell/keys.js";

export const id = "time";
export const title = "Time";
export const key = "7";

const BEAT = 220; // milliseconds an epoch when played
const KEPT = 200; // epochs whose answers are kept
const PAUSE = 500; // milliseconds between two questions for the list of epochs
const SOURCES = { live: "Live training", repeat: "The saved model's training, repeated" };

/** @param {HTMLElement} root */
export function mount(root, lab) {
  const view = new TimeView(root, lab);
  view.load().catch(lab.complain);
  return { destroy: () => view.destroy(), lasting: true };
}

class TimeView {
  constructor(root, lab) {
    this.root = root;
    this.lab = lab;
    this.epochs = [];
    this.kept = new Map();
    this.show = latest((number) => this.showEpoch(number), lab.complain, 0);
    this.reload = latest(() => this.load(), lab.complain, PAUSE);
    this.build();
    this.stops = [
      lab.on("epochs", () => this.source === "repeat" && this.reload()),
      lab.on(
        "training",
        ({ epoch }) => this.source === "live" && epoch !== this.newest && this.reload(),
      ),
      lab.on("reopened", () => this.reload()),
      lab.on("lost", () => this.playing && this.pause()),
      lab.state.on(["epoch"], () => this.goTo(this.asked())),
      lab.state.on(["image"], () => this.again()),
    ];
    const space = (event) => this.onkey(event);
    document.addEventListener("keydown", space);
    this.stops.push(() => document.removeEventListener("keydown", space));
  }

  destroy() {
    clearInterval(this.playing);
    this.stops.forEach((stop) => stop());
    this.loss.destroy();
    this.accuracy.destroy();
  }

  // What is on the page.

  build() {
    this.films = new Films(this.lab);
    fill(
      this.root,
      h(
        "div",
        { class: "time" },
        this.bar(),
        h(
          "section",
          { class: "sheet", "aria-label": "Filters and feature maps" },
          this.films.element,
        ),
        this.side(),
      ),
    );
  }

  bar() {
    const disabled = true; // until there are epochs
    const play = { class: "play", id: "time-play", "aria-keyshortcuts": "Space", disabled };
    this.play = button("Play", () => this.toggle(), play);
    this.slider = h("input", {
      type: "range",
      min: 0,
      max: 0,
      step: 1,
      id: "time-slider",
      class: "time-slider",
      "aria-label": "Epoch",
      oninput: () => this.choose(Number(this.slider.value)),
    });
    this.number = h("output", { class: "figures time-number", for: "time-slider" });
    const take = () => this.take().catch(this.lab.complain);
    const select = { class: "quiet", id: "time-select", disabled };
    this.select = button("Show this epoch in all views", take, select);
    this.sources = h("div", { class: "time-sources", role: "group", "aria-label": "Training" });
    this.about = h("p", { class: "quiet-text", role: "status" }, "Asking for the epochs …");
    return h(
      "section",
      { class: "sheet time-bar", "aria-label": "Time" },
      this.sources,
      h("div", { class: "time-transport" }, this.play, this.slider, this.number, this.select),
      this.about,
    );
  }

  side() {
    this.chances = h("div", { class: "time-chances" });
    const series = [{ label: "mean over the epoch", colour: "--series-1", width: 2 }];
    const onpick = (epoch) => this.goTo(epoch, { silent: false });
    const look = { x: "epoch", series, height: 150, onpick };
    this.loss = new LineChart({ ...look, title: "Training loss", range: [0, null] });
    this.accuracy = new LineChart({ ...look, title: "Training accuracy", ...SHARES });
    return h(
      "section",
      { class: "sheet time-side", "aria-label": "Probabilities and curves" },
      h("h2", {}, "What it takes the image for"),
      this.chances,
      this.loss.element,
      this.accuracy.element,
    );
  }

  onkey(event) {
    if (!isFree(event)) return;
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by && !event.target.closest?.(".chart")) this.choose(this.place + by);
    else if (event.key === " ") this.toggle();
    else return;
    event.preventDefault();
  }

  // Which epochs there are.

  async load(source = this.source) {
    const answer = await this.lab.api.get("/api/epochs", { source }, "epochs");
    if (!this.root.isConnected) return;
    const follows = !this.epochs.length || this.isLast;
    if (answer.source !== this.source) this.kept.clear();
    const shrunk = answer.epochs.length < this.epochs.length; // begun anew
    if (shrunk) this.kept.clear();
    if (answer.epochs.at(-1)?.epoch !== this.newest) this.films.ranged = false;
    this.source = answer.source;
    this.epochs = answer.epochs;
    this.newest = this.epochs.at(-1)?.epoch;
    this.slider.max = String(Math.max(0, this.epochs.length - 1));
    for (const each of [this.play, this.select]) each.disabled = !this.epochs.length;
    this.showSources(answer);
    this.showCurves();
    fill(this.about, told(answer));
    const number = this.asked();
    if (number !== null && !shrunk) this.goTo(number);
    else this.choose(follows || shrunk ? this.epochs.length - 1 : this.place, { silent: true });
  }

  asked() {
    const text = this.lab.state.get("epoch");
    return text !== null && /^\d+$/.test(text) ? Number(text) : null;
  }

  showSources({ sources, source }) {
    this.sources.hidden = sources.length < 2;
    fill(
      this.sources,
      sources.map((one) => {
        const load = () => this.load(one).catch(this.lab.complain);
        return button(SOURCES[one], load, { class: "chip", "aria-pressed": one === source });
      }),
    );
  }

  showCurves() {
    const xs = this.epochs.map(({ epoch }) => epoch);
    this.loss.show(xs, [this.epochs.map(({ loss }) => loss)]);
    this.accuracy.show(xs, [this.epochs.map(({ accuracy }) => accuracy)]);
  }

  // Which one is shown.

  get isLast() {
    return this.place >= this.epochs.length - 1;
  }

  /** Go to the epoch of this number, or to the nearest that is kept; see choose(). */
  goTo(number, { silent = true } = {}) {
    if (number === null || !this.epochs.length) return;
    const distance = ({ epoch }) => Math.abs(epoch - number);
    const nearest = this.epochs.reduce((best, one) =>
      distance(one) < distance(best) ? one : best,
    );
    this.choose(this.epochs.indexOf(nearest), { silent });
  }

  /** Show the epoch at a place of the slider; `silent` leaves the address as it is. */
  choose(place, { silent = false } = {}) {
    if (!this.epochs.length) return;
    this.place = Math.max(0, Math.min(this.epochs.length - 1, place));
    const { epoch, loss, accuracy } = this.epochs[this.place];
    this.slider.value = String(this.place);
    this.slider.setAttribute("aria-valuetext", `epoch ${epoch}`);
    fill(
      this.number,
      h("strong", {}, `Epoch ${epoch}`),
      epoch === 0 ? " · before training" : "",
      loss === null ? "" : ` · loss ${short(loss, 4)} · accuracy ${percent(accuracy)}`,
    );
    for (const chart of [this.loss, this.accuracy]) chart.cursor(epoch);
    if (!silent) this.lab.state.set({ epoch }, { replace: true });
    this.show(epoch);
  }

  async showEpoch(number) {
    const answer = await this.ask(number);
    if (!this.root.isConnected || number !== this.epochs[this.place]?.epoch) return;
    if (!this.films.ranged) this.films.range(await this.ask(this.epochs.at(-1).epoch));
    this.films.show(answer);
    fill(this.chances, bars(this.lab, answer));
  }

  /** What the network of an epoch makes of the image, decoded. */
  async ask(number) {
    if (this.kept.has(number)) return this.kept.get(number);
    const image = this.lab.model.image();
    const answer = await this.lab.api.get(
      "/api/epoch",
      { source: this.source, number, image },
      "epoch",
    );
    const decoded = decodeEpoch(answer);
    this.kept.set(number, decoded);
    if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value);
    return decoded;
  }

  /** Another image: everything has to be asked for again. */
  again() {
    this.kept.clear();
    this.films.ranged = false;
    if (this.epochs.length) this.show(this.epochs[this.place].epoch);
  }

  toggle() {
    if (this.playing) this.pause();
    else if (this.epochs.length) this.start();
  }

  /** Play from here; from the beginning where all was played. */
  start() {
    if (this.isLast) this.choose(0);
    fill(this.play, "Pause");
    this.playing = setInterval(() => {
      if (this.isLast) this.pause();
      else this.choose(this.place + 1);
    }, BEAT);
  }

  pause() {
    clearInterval(this.playing);
    this.playing = null;
    fill(this.play, "Play");
  }

  async take() {
    const { epoch } = this.epochs[this.place];
    const { version } = await this.lab.api.post("/api/epochs/select", {
      source: this.source,
      number: epoch,
    });
    this.lab.model.changed({ version, learned: version });
    this.lab.say(`All views show epoch ${epoch} now.`);
  }
}
