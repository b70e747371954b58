// Epochs as the server sends them, and what is to be said of where they are from.

import { decode, decodeImage } from "../lib/arrays.js";

/** An answer of /api/epoch with its arrays decoded; layers as [name, array]. */
export function decodeEpoch(answer) {
  return {
    ...answer,
    image: decodeImage(answer.image),
    filters: answer.filters && decode(answer.filters),
    layers: Object.entries(answer.layers).map(([name, values]) => [name, decode(values)]),
  };
}

/** What is to be said of where the epochs are from. */
export function told({ source, epochs, repetition, error }) {
  if (error) return error;
  if (source === "live") {
    return epochs.length > 1
      ? "Every epoch of the live training is kept while there is room."
      : "Nothing is trained yet: press play in the view Training, then come back.";
  }
  return repetition.finished
    ? repetition.reason
    : `Repeating: epoch ${repetition.done} of ${repetition.of} …`;
}
