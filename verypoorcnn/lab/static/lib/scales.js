// Small things that charts need: where axes end, how their numbers are written.

import { percent } from "./numbers.js";

const DOTTED = 40;

/** Options of a chart whose values are shares of all. */
export const SHARES = {
  range: [0, 1],
  format: percent,
  tick: (value) => `${Math.round(100 * value)} %`,
};

/** The value there, or (of the last values) the nearest before it. */
export function nearby(column, place, before) {
  let at = place;
  while (before && at > 0 && (column[at] ?? null) === null) at -= 1;
  return column[at] ?? null;
}

/** Whether there are so few values that each can have a dot. */
export function isSparse(column) {
  return column.filter((value) => value !== null).length <= DOTTED;
}

/** A round number as it is, another with two decimals. */
export function plain(value) {
  const decimals = Math.abs(value) < 1 ? 4 : 2;
  return String(Number(value.toFixed(decimals))).replace("-", "−");
}

/** Where an axis ends: as asked for, else with a little room around the data. */
export function ends([least, most], low, high) {
  const from = least ?? low ?? 0;
  const to = most ?? (high === null || high === undefined ? 1 : high + 0.05 * (high - from));
  return to > from ? [from, to] : [from, from + 1];
}

/** Where the axis along the bottom ends: with the data; somewhere if they are none or just one. */
export function span(low, high) {
  if (low === null || low === undefined) return [0, 1];
  return high > low ? [low, high] : [low, low + 1];
}

/** A colour that lets through what is beneath. */
export function transparent(colour) {
  const parts = colour.match(/[\d.]+/g) ?? ["128", "128", "128"];
  return `rgb(${parts.slice(0, 3).join(" ")} / 0.22)`;
}
