// The confusion matrix: of few classes a table of buttons, of many a map.

import { MatrixMap } from "./matrixmap.js";
import { MatrixTable } from "./matrixtable.js";

const FEW = 24; // classes whose cells have room for their numbers

/** Whether the matrix of so many classes shows its numbers. */
export function hasNumbers(classes) {
  return classes <= FEW;
}

/**
 * A matrix: `element`; show(counts) puts numbers into it, choose([truth, predicted]) marks a cell,
 * choose(null) none; destroy?.() ends what a map has to end.
 * @param {string[]} names  of the classes
 * @param {(truth: number, predicted: number) => void} onpick  a cell was chosen
 * @returns {MatrixTable|MatrixMap}
 */
export function confusionMatrix(names, onpick) {
  return hasNumbers(names.length) ? new MatrixTable(names, onpick) : new MatrixMap(names, onpick);
}
