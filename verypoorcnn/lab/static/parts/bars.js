// Probabilities as bars with the names of the classes; beside them, if given, those of before.  Of
// many classes the foremost stand for all.

import { argmax } from "../lib/arrays.js";
import { h } from "../lib/dom.js";
import { percent } from "../lib/numbers.js";

const FEW = 16; // classes of which each has its bar
const FOREMOST = 10; // of more classes, those that do

/**
 * The classes to show: of few all in their order, of many the most probable, now or before, and the
 * label; `others` are left out.
 * @param {number[]} probabilities
 * @param {{label?: number|null, before?: number[]}} [more]
 * @returns {{shown: number[], others: number[]}}
 */
export function foremost(probabilities, { label = null, before } = {}) {
  const all = [...probabilities.keys()];
  if (all.length <= FEW) return { shown: all, others: [] };
  const weight = (k) => Math.max(probabilities[k], before?.[k] ?? 0);
  const ranked = [...all].sort((a, b) => weight(b) - weight(a));
  const isShown = (k, place) => place < FOREMOST || k === label;
  return {
    shown: ranked.filter(isShown).sort((a, b) => probabilities[b] - probabilities[a]),
    others: ranked.filter((k, place) => !isShown(k, place)),
  };
}

/** "90 others: 0.4 %", or null where there are none. */
export function restOf(others, probabilities) {
  if (!others.length) return null;
  const share = others.reduce((sum, k) => sum + probabilities[k], 0);
  return `${others.length} others: ${percent(share)}`;
}

/**
 * @param {object} lab
 * @param {{probabilities: number[], label: number|null}} answer
 * @param {{before?: number[]}} [options]  probabilities to compare with
 */
export function bars(lab, { probabilities, label }, { before } = {}) {
  const names = lab.session().class_names;
  const guess = argmax(probabilities);
  const { shown, others } = foremost(probabilities, { label, before });
  const rest = restOf(others, probabilities);
  return h(
    "span",
    { class: "bars", role: "list", "aria-label": "Probabilities" },
    shown.map((k) =>
      bar({
        name: names[k] ?? `class ${k}`,
        p: probabilities[k],
        was: before?.[k],
        guess: k === guess,
        label: k === label,
      }),
    ),
    rest && h("span", { class: "bars-rest", role: "listitem" }, rest),
  );
}

function bar({ name, p, was, guess, label }) {
  const kind = ["bar-row", guess && "bar-guess", label && "bar-label"].filter(Boolean).join(" ");
  const text =
    `${name}: ${percent(p)}${was === undefined ? "" : `, before ${percent(was)}`}` +
    `${guess ? ", the guess" : ""}${label ? ", the label" : ""}`;
  return h(
    "span",
    { class: kind, role: "listitem", title: name, "aria-label": text },
    h("span", { class: "bar-name", "aria-hidden": "true" }, name),
    h(
      "span",
      { class: "bar-track", "aria-hidden": "true" },
      was !== undefined && h("span", { class: "bar-was", style: { width: `${was * 100}%` } }),
      h("span", { class: label ? "bar-fill right" : "bar-fill", style: { width: `${p * 100}%` } }),
    ),
    h("span", { class: "bar-value", "aria-hidden": "true" }, percent(p)),
  );
}
