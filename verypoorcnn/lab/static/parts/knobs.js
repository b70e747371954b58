// What is set by hand: a slider with a field for the exact number, and a choice of names.

import { h } from "../lib/dom.js";

const STEPS = 1000; // of a slider

/** 1e-05 → "0.00001", 60000 → "60,000", −1 → "−1" */
function plain(value) {
  return value.toLocaleString("en-US", { maximumFractionDigits: 10 }).replace("-", "−");
}

/**
 * @typedef {{low: number, high: number, whole: boolean, log: boolean}} Limits  as the server tells
 */

/** How many steps a slider has: of few whole numbers, one for each. */
function stepsOf({ low, high, whole, log }) {
  return whole && !log ? Math.max(1, Math.min(STEPS, high - low)) : STEPS;
}

/** Where a value stands on its slider, from 0 to 1. */
function partOf({ low, high, log }, value) {
  return log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low || 1);
}

/** The value at a place of the slider: a round one. */
export function valueAt({ low, high, whole, log }, part) {
  const exact = log ? low * (high / low) ** part : low + (high - low) * part;
  const value = log ? Number(exact.toPrecision(2)) : exact;
  return Math.min(high, Math.max(low, whole ? Math.round(value) : Number(value.toPrecision(4))));
}

/** The value one arrow key further: the next number, or a tenth more or less. */
export function neighbour({ low, high, whole, log }, value, by) {
  let next = log ? Number((value * 1.1 ** by).toPrecision(2)) : value + (by * (high - low)) / 100;
  if (whole) next = value + by * (log ? Math.max(1, Math.round(value / 10)) : 1);
  return Math.min(high, Math.max(low, next));
}

/**
 * A slider with its number.
 * @param {{name: string, label: string, about?: string, limits: Limits, value: number,
 *   onchange: (value: number) => void}} options
 */
export class Knob {
  constructor(options) {
    this.options = options;
    this.steps = stepsOf(options.limits);
    const id = `knob-${options.name}`;
    const label = h("label", { for: id }, options.label);
    this.slider = this.buildSlider(id);
    this.field = this.buildField();
    this.note = h("p", { class: "knob-note", role: "status", hidden: true });
    this.element = h("div", { class: "knob" }, label, this.field, this.slider, this.note);
    this.set(options.value);
  }

  buildSlider(id) {
    return h("input", {
      type: "range",
      min: 0,
      max: this.steps,
      step: 1,
      id,
      title: this.options.about,
      oninput: () => this.dragged(),
      onkeydown: (event) => this.key(event),
    });
  }

  buildField() {
    const { label, limits } = this.options;
    return h("input", {
      type: "number",
      min: limits.low,
      max: limits.high,
      step: limits.whole ? 1 : "any",
      "aria-label": `${label}, exact`,
      onchange: () => this.typed(),
    });
  }

  /** Show this value. */
  set(value) {
    if (value !== this.value) this.note.hidden = true;
    this.value = value;
    if (document.activeElement !== this.field) this.field.value = String(value);
    this.slider.value = String(Math.round(this.steps * partOf(this.options.limits, value)));
    this.slider.setAttribute("aria-valuetext", String(value));
  }

  dragged() {
    this.take(valueAt(this.options.limits, Number(this.slider.value) / this.steps));
  }

  key(event) {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    this.take(neighbour(this.options.limits, this.value, by));
  }

  typed() {
    this.note.hidden = true;
    const { low, high, whole } = this.options.limits;
    const given = this.field.valueAsNumber;
    if (Number.isNaN(given)) this.set(this.value);
    else this.take(Math.min(high, Math.max(low, whole ? Math.round(given) : given)));
    this.field.value = String(this.value);
    if (given !== this.value) this.explain(given);
  }

  /** What was typed is not what is taken: say what can be. */
  explain(given) {
    const { low, high, whole } = this.options.limits;
    const kind = whole ? "a whole number" : "a number";
    const typed = Number.isNaN(given) ? "" : `, not ${plain(given)}`;
    this.note.textContent = `Takes ${kind} from ${plain(low)} to ${plain(high)}${typed}.`;
    this.note.hidden = false;
  }

  take(value) {
    if (value === this.value) return;
    this.set(value);
    this.options.onchange(value);
  }
}

/**
 * A choice of names.
 * @param {{name: string, label: string, about?: string, names: [string, string][], value: string,
 *   onchange: (value: string) => void}} options  names: value and what is shown
 */
export class Choice {
  constructor({ name, label, about, names, value, onchange }) {
    const id = `knob-${name}`;
    this.select = h(
      "select",
      { id, title: about, onchange: () => onchange(this.select.value) },
      names.map(([each, shown]) => h("option", { value: each }, shown)),
    );
    this.element = h("div", { class: "knob choice" }, h("label", { for: id }, label), this.select);
    this.set(value);
  }

  /** Show this one. */
  set(value) {
    this.select.value = String(value);
  }
}

/** Settings by their names on the server: in the address, on the page, and what they do. */
export const SETTINGS = {
  learning_rate: {
    key: "lr",
    label: "Learning rate",
    about: "How far a step goes along the gradient",
  },
  batch_size: {
    key: "batch",
    label: "Batch size",
    about: "Images whose mean gradient makes a step",
  },
  filters: { key: "filters", label: "Filters", about: "Kernels of the first convolution" },
  train_samples: {
    key: "samples",
    label: "Training images",
    about: "How many images are trained on",
  },
  epochs: { key: "epochs", label: "Epochs", about: "How often each image is gone through" },
  seeds: { key: "seeds", label: "Seeds", about: "How often the experiment is repeated" },
  seed: { key: "seed", label: "Seed", about: "Draws the first parameters and the order of images" },
};

/** Settings that the address names, as numbers within their limits. */
export function settingsIn(state, limits) {
  const found = {};
  for (const [name, { key }] of Object.entries(SETTINGS)) {
    const text = state.get(key);
    const value = Number(text);
    if (!(name in limits) || text === null || !Number.isFinite(value)) continue;
    const { low, high, whole } = limits[name];
    if (value >= low && value <= high && (!whole || Number.isInteger(value))) found[name] = value;
  }
  return found;
}
