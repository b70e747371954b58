// An explanation as the server gives it, made ready for drawing: which elements take part, and the
// little grids (window, weights, products) that its terms form.

import { array, size } from "../lib/arrays.js";

/** "gradient:conv1": which array of which kind an element belongs to. */
export function keyOf({ of = "value", array: name }) {
  return `${of}:${name}`;
}

/** The expression whose terms make the table: the number's own, or that of the part it stands on. */
export function mainExpression({ expression, parts }) {
  const inner = onlyPart(expression, parts);
  return inner?.terms?.length > (expression.terms?.length ?? 0) ? inner : expression;
}

function onlyPart(expression, parts) {
  const named = (expression.terms ?? [])
    .flatMap((term) => term.factors)
    .filter((factor) => factor.kind === "part")
    .map((factor) => parts[factor.name]);
  return named.sort((a, b) => (b?.terms?.length ?? 0) - (a?.terms?.length ?? 0))[0];
}

/** All elements within an expression. */
function elementsOf(expression) {
  if (!expression) return [];
  if (expression.kind === "element") return [expression];
  return (expression.terms ?? []).flatMap((term) => term.factors.flatMap(elementsOf));
}

/** All elements of an explanation: of its expression, its parts, its conditions. */
export function allElements({ expression, parts, conditions }) {
  const sides = (conditions ?? []).flatMap(({ left, right }) => [left, right]);
  return [expression, ...Object.values(parts ?? {}), ...sides].flatMap(elementsOf);
}

/**
 * Terms that are products of two elements, as three arrays of the same shape.
 * @returns {{names: string[], factors: import("../lib/arrays.js").NumberArray[],
 *   products: import("../lib/arrays.js").NumberArray, placeOf: number[]}|null}
 *   placeOf: term → place within the arrays; null where the terms form no grid
 */
export function gridsOf(terms, foldShape) {
  const pairs = terms.map((term) => term.factors);
  const products = pairs.filter((pair) => isPair(pair, pairs[0]));
  if (products.length < 2 || products.length < pairs.length - 1) return null;
  for (const side of [1, 0]) {
    const frame = frameOf(pairs, side, products.length, foldShape);
    if (frame) return filled(terms, frame);
  }
  return null;
}

function isPair(pair, model) {
  return (
    pair.length === 2 &&
    pair.every((factor, side) => factor.kind === "element" && factor.array === model[side]?.array)
  );
}

/** The box that one side's indices fill without gaps: its shape, and the place of each term. */
function frameOf(pairs, side, count, foldShape) {
  const indices = pairs.map((pair) => (pair.length === 2 ? pair[side].index : null));
  const known = indices.filter(Boolean);
  const low = known[0].map((_, axis) => Math.min(...known.map((index) => index[axis])));
  const high = known[0].map((_, axis) => Math.max(...known.map((index) => index[axis])));
  const shape = low.map((from, axis) => high[axis] - from + 1);
  if (size(shape) !== count) return null;
  const placeOf = indices.map((index) =>
    index ? index.reduce((place, i, axis) => place * shape[axis] + i - low[axis], 0) : -1,
  );
  return { shape: drawn(shape, count, foldShape), placeOf };
}

/** Without sides of 1 in front; a vector as the maps that it was flattened from. */
function drawn(shape, count, foldShape) {
  const sides = shape
    .slice(0, -2)
    .filter((side) => side > 1)
    .concat(shape.slice(-2));
  const isVector = shape.filter((side) => side > 1).length <= 1;
  if (isVector && foldShape && size(foldShape) === count) return foldShape;
  return isVector ? [count] : sides;
}

function filled(terms, { shape, placeOf }) {
  const blank = () => array(shape, new Float64Array(size(shape)).fill(NaN));
  const [first, second, products] = [blank(), blank(), blank()];
  terms.forEach((term, number) => {
    const place = placeOf[number];
    if (place < 0) return;
    first.values[place] = term.factors[0].value;
    second.values[place] = term.factors[1].value;
    products.values[place] = term.value;
  });
  const pair = terms[placeOf.findIndex((place) => place >= 0)].factors;
  const names = pair.map((factor) =>
    factor.of === "gradient" ? `∂${factor.array}` : factor.array,
  );
  return { names, factors: [first, second], products, placeOf };
}

/** The candidates of a maximum as the window that they stand in; null where they form none. */
export function candidatesOf(terms) {
  const elements = terms.map((term) => term.factors[0]);
  if (!elements.every((element) => element.kind === "element")) return null;
  const columns = new Set(elements.map((element) => element.index.at(-1))).size;
  if (elements.length % columns || elements.length < 2) return null;
  const values = Float64Array.from(elements, (element) => element.value);
  return array([elements.length / columns, columns], values);
}

/** Indices of these elements, by the key of the array they are of. */
export function groupByKey(elements) {
  const found = new Map();
  for (const element of elements) {
    const key = keyOf(element);
    found.set(key, [...(found.get(key) ?? []), element.index]);
  }
  return found;
}
