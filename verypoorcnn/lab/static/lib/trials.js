// What one tries out on a model, as the address has it:
// edits=conv1.weight[0][0][1][2]=0.5,fc1.bias[3]=-1&silence=conv1.2,fc1.7

import { brackets } from "./numbers.js";

/**
 * @typedef {{parameter: string, index: number[], value: number}} Edit
 * @typedef {{layer: string, filter: number}} Silenced
 */

/** @param {string|null} text @returns {Edit[]} */
export function readEdits(text) {
  return (text ?? "").split(",").flatMap((part) => {
    const match = /^([\w.]+)((?:\[\d+\])+)=(-?[\d.]+(?:e[+-]?\d+)?)$/.exec(part);
    if (!match || !Number.isFinite(Number(match[3]))) return [];
    const index = match[2].slice(1, -1).split("][").map(Number);
    return [{ parameter: match[1], index, value: Number(match[3]) }];
  });
}

/** @param {Edit[]} edits */
export function writeEdits(edits) {
  return edits
    .map(({ parameter, index, value }) => `${parameter}${brackets(index)}=${value}`)
    .join(",");
}

/** @param {string|null} text @returns {Silenced[]} */
export function readSilence(text) {
  return (text ?? "").split(",").flatMap((part) => {
    const match = /^(\w+)\.(\d+)$/.exec(part);
    return match ? [{ layer: match[1], filter: Number(match[2]) }] : [];
  });
}

/** @param {Silenced[]} silence */
export function writeSilence(silence) {
  return silence.map(({ layer, filter }) => `${layer}.${filter}`).join(",");
}

/** The edits with this one in place of an earlier one at the same place. */
export function withEdit(edits, edit) {
  return [...edits.filter((each) => !samePlace(each, edit)), edit];
}

export function samePlace(a, b) {
  return a.parameter === b.parameter && String(a.index) === String(b.index);
}

/** Silent filters with this one switched. */
export function withSwitched(silence, { layer, filter }) {
  const others = silence.filter((each) => each.layer !== layer || each.filter !== filter);
  return others.length < silence.length ? others : [...silence, { layer, filter }];
}
