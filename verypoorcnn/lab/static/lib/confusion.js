// Confusion matrices as the server counts them: counts[truth][predicted].

import { percent } from "./numbers.js";

export const READING = "Rows: what the images show. Columns: what the model takes them for.";

/** How many images of a class there are. */
export function support(counts, truth) {
  return counts[truth].reduce((sum, count) => sum + count, 0);
}

/** Which part of a class's images was taken for another; 0 of none. */
export function share(counts, truth, predicted) {
  return counts[truth][predicted] / (support(counts, truth) || 1);
}

/** "Shirt taken for Coat" */
export function confusion(names, truth, predicted) {
  return `${names[truth]} taken for ${names[predicted]}`;
}

/** "Shirt taken for Coat: 12 of 60, 20.0 %" */
export function sentence(names, counts, truth, predicted) {
  const part = percent(share(counts, truth, predicted));
  const number = `${counts[truth][predicted]} of ${support(counts, truth)}`;
  return `${confusion(names, truth, predicted)}: ${number}, ${part}`;
}
