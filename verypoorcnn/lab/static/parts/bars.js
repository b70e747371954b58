// Probabilities as bars with the names of the classes; beside them, if given, those of before.

import { argmax } from "../lib/arrays.js";
import { h } from "../lib/dom.js";
import { percent } from "../lib/numbers.js";

/**
 * @param {object} lab
 * @param {{probabilities: number[], label: number|null}} answer
 * @param {{before?: number[]}} [options]  probabilities to compare with
 */
export function bars(lab, { probabilities, label }, { before } = {}) {
  const names = lab.session().class_names;
  const guess = argmax(probabilities);
  return h(
    "span",
    { class: "bars", role: "list", "aria-label": "Probabilities" },
    Array.from(probabilities, (p, k) =>
      bar({
        name: names[k] ?? `class ${k}`,
        p,
        was: before?.[k],
        guess: k === guess,
        label: k === label,
      }),
    ),
  );
}

function bar({ name, p, was, guess, label }) {
  const kind = ["bar-row", guess && "bar-guess", label && "bar-label"].filter(Boolean).join(" ");
  const text =
    `${name}: ${percent(p)}${was === undefined ? "" : `, before ${percent(was)}`}` +
    `${guess ? ", the guess" : ""}${label ? ", the label" : ""}`;
  return h(
    "span",
    { class: kind, role: "listitem", "aria-label": text },
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
