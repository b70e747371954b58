// Arrays as the server sends them: a shape, and float64 numbers as bytes in base64.

/**
 * @typedef {object} NumberArray
 * @property {number[]} shape
 * @property {Float64Array} values  in row-major order
 */

/** The bytes that a base64 text stands for: a loop, ten times as fast as Uint8Array.from. */
export function bytes(text) {
  const characters = atob(text);
  const found = new Uint8Array(characters.length);
  for (let i = 0; i < found.length; i++) found[i] = characters.charCodeAt(i);
  return found;
}

/** {shape, data} of float64 numbers → NumberArray. */
export function decode({ shape, data }) {
  return array(shape, new Float64Array(bytes(data).buffer));
}

/** {shape, data} of an image's bytes → NumberArray of pixels / 255, as the textbook scales them. */
export function decodeImage({ shape, data }) {
  return array(
    shape,
    Float64Array.from(bytes(data), (byte) => byte / 255),
  );
}

/** @returns {NumberArray} */
export function array(shape, values) {
  if (values.length !== size(shape)) {
    throw new Error(
      `an array of ${shape.join("×")} has ${size(shape)} numbers, not ${values.length}`,
    );
  }
  return { shape, values };
}

/** How many numbers a shape has. */
export function size(shape) {
  return shape.reduce((product, side) => product * side, 1);
}

/** Where the number at this index stands. */
export function offset(shape, index) {
  return index.reduce((place, i, axis) => place * shape[axis] + i, 0);
}

/** The index of the number that stands there; the other way round. */
export function indexAt(shape, place) {
  const index = new Array(shape.length);
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    index[axis] = place % shape[axis];
    place = Math.floor(place / shape[axis]);
  }
  return index;
}

/** The number at this index. */
export function at(numbers, index) {
  return numbers.values[offset(numbers.shape, index)];
}

/** Whether the index lies inside the shape: whole numbers, one for each axis. */
export function inside(shape, index) {
  const fits = (i, axis) => Number.isInteger(i) && i >= 0 && i < shape[axis];
  return index.length === shape.length && index.every(fits);
}

/** The `number`-th map (or kernel slice) of the last two axes, without copying. */
export function plane(numbers, number) {
  const [rows, columns] = numbers.shape.slice(-2);
  return numbers.values.subarray(number * rows * columns, (number + 1) * rows * columns);
}

/** A row of a matrix, without copying. */
export function rowOf({ shape: [, columns], values }, number) {
  return array([columns], values.subarray(number * columns, (number + 1) * columns));
}

/** The largest absolute value; 0 of nothing. */
export function largest(values) {
  let found = 0;
  for (const value of values) if (Math.abs(value) > found) found = Math.abs(value);
  return found;
}

/** The place of the greatest value; the first of equals. */
export function argmax(values) {
  let best = 0;
  for (let i = 1; i < values.length; i += 1) if (values[i] > values[best]) best = i;
  return best;
}

/** An array of the same shape with `fn` of each number. */
export function map({ shape, values }, fn) {
  return array(shape, values.map(fn));
}

/** Element by element a − b. */
export function difference(a, b) {
  return map(a, (value, i) => value - b.values[i]);
}

/** One number as an array without sides. */
export function scalar(value) {
  return array([], Float64Array.of(value));
}
