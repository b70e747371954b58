// How the maps of an array are laid out in one picture: how many side by side, and how large a value.

export const GAP = 3; // pixels between two maps
const FLAT = 24; // numbers in a row of a vector that lies flat
const RAGGED = 0.8; // what a layout is worth whose last row has gaps
const STRETCH = 2; // how much wider than high the cells of a short vector are

/**
 * How the last two axes of `shape` are laid out as maps: a vector becomes rows of a grid.
 * @returns {{rows: number, columns: number, count: number}}
 */
export function planes(shape, { flat = false } = {}) {
  if (shape.length === 0) return { rows: 1, columns: 1, count: 1 };
  if (shape.length === 1) return flat ? flatPlane(shape[0]) : vectorPlane(shape[0]);
  const [rows, columns] = shape.slice(-2);
  return { rows, columns, count: shape.slice(0, -2).reduce((a, b) => a * b, 1) };
}

function flatPlane(length) {
  const columns = Math.min(length, FLAT);
  return { rows: Math.ceil(length / columns), columns, count: 1 };
}

function vectorPlane(length) {
  if (length <= 16) return { rows: length, columns: 1, count: 1, stretch: STRETCH };
  const columns = Math.ceil(Math.sqrt(length));
  return { rows: Math.ceil(length / columns), columns, count: 1 };
}

/** The number of maps side by side, and the size of a cell, that fill width × height best. */
export function fit({ rows, columns, count, stretch = 1 }, width, height, options = {}) {
  const { most = 28, across = 0, step = 1 } = options;
  let best = { worth: 0, cell: 0, across: 1 };
  for (let side = across || step; side <= (across || count); side += step) {
    const wide = (width - (side - 1) * GAP) / (side * columns * stretch);
    const deep = Math.ceil(count / side);
    const high = (height - (deep - 1) * GAP) / (deep * rows);
    const cell = Math.min(wide, high, most);
    const worth = count % side ? cell * RAGGED : cell;
    if (worth > best.worth) best = { worth, cell, across: side };
  }
  const cell = best.cell >= 2 ? Math.floor(best.cell) : Math.max(0.5, best.cell);
  return { rows, columns, count, stretch, cell, across: best.across };
}

/** Width and height of a layout in CSS pixels. */
export function extent({ rows, columns, count, cell, across, stretch = 1 }) {
  const deep = Math.ceil(count / across);
  const side = (maps, length) => maps * length + (maps - 1) * GAP;
  return [side(Math.min(across, count), columns * cell * stretch), side(deep, rows * cell)];
}

/** Where a map's upper left corner is, in CSS pixels. */
export function corner({ rows, columns, cell, across, stretch = 1 }, map) {
  const [x, y] = [map % across, Math.floor(map / across)];
  return [x * (columns * cell * stretch + GAP), y * (rows * cell + GAP)];
}
