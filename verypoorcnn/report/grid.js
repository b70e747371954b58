// Maps of numbers as coloured squares.  Blue is below 0, white is 0, orange above, always.

const FOLD = 36; // numbers of a vector in one line
const RATIO = 2; // dots a pixel, so that squares are sharp on fine screens and on paper

/** The diverging scale of theme.css: a function from -1 … 1 to a colour. */
export function signedScale() {
  const style = getComputedStyle(document.documentElement);
  const [negative, zero, positive] = ["--negative", "--zero", "--positive"].map((name) =>
    channels(style.getPropertyValue(name).trim()),
  );
  return (value) => {
    const end = value < 0 ? negative : positive;
    const part = Math.min(1, Math.abs(value));
    return `rgb(${zero.map((from, k) => Math.round(from + (end[k] - from) * part)).join(" ")})`;
  };
}

function channels(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

/**
 * A row of maps that are one stop of the Tab key; arrow keys go from number to number.
 *
 * `layer` has values, map after map, each row by row; maps, rows, columns; largest, the number
 * that has the full colour; cell, pixels of a square; place(map, row, column), a place in words;
 * perhaps together, how many maps stand in one frame.
 * `tell` is given the text of the number that is pointed at.
 */
export function strip(layer, label, tell) {
  const colour = signedScale();
  const element = document.createElement("div");
  element.className = "strip";
  element.tabIndex = 0;
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", `${label}; arrow keys go from number to number`);
  const canvases = Array.from({ length: layer.maps }, () => newCanvas(layer));
  element.append(...(layer.together > 1 ? bundles(canvases, layer.together) : canvases));
  let at = null; // [map, row, column]

  const index = ([map, row, column]) => (map * layer.rows + row) * layer.columns + column;
  const exists = (place) => layer.values[index(place)] !== undefined;
  const paint = (map) => draw(canvases[map], layer, map, colour, at?.[0] === map ? at : null);

  function choose(place) {
    const before = at;
    at = place;
    if (before) paint(before[0]);
    if (!place) return;
    paint(place[0]);
    tell(`${layer.place(...place)}: ${layer.values[index(place)]}`);
  }

  canvases.forEach((canvas, map) => {
    paint(map);
    canvas.addEventListener("pointermove", (event) => {
      const row = Math.floor(event.offsetY / layer.cell);
      const column = Math.floor(event.offsetX / layer.cell);
      const inside = row >= 0 && row < layer.rows && column >= 0 && column < layer.columns;
      if (inside && exists([map, row, column])) choose([map, row, column]);
    });
  });
  element.addEventListener("focus", () => at ?? choose([0, 0, 0]));
  element.addEventListener("blur", () => choose(null));
  element.addEventListener("keydown", (event) => {
    const next = moved(at ?? [0, 0, 0], event.key, layer);
    if (!next) return;
    event.preventDefault();
    if (exists(next)) choose(next);
  });
  return element;
}

/** So many maps at a time in a frame: the channels of one filter. */
function bundles(canvases, count) {
  const frames = [];
  for (let at = 0; at < canvases.length; at += count) {
    const frame = document.createElement("span");
    frame.className = "filter";
    frame.append(...canvases.slice(at, at + count));
    frames.push(frame);
  }
  return frames;
}

/** Where an arrow key leads: beyond the left or right edge into the neighbouring map. */
function moved([map, row, column], key, layer) {
  const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[key];
  if (!step) return null;
  const down = Math.max(0, Math.min(layer.rows - 1, row + step[0]));
  const right = column + step[1];
  if (right < 0) return map > 0 ? [map - 1, down, layer.columns - 1] : [map, down, 0];
  if (right >= layer.columns) return map + 1 < layer.maps ? [map + 1, down, 0] : [map, down, column];
  return [map, down, right];
}

function newCanvas(layer) {
  const canvas = document.createElement("canvas");
  canvas.width = layer.columns * layer.cell * RATIO;
  canvas.height = layer.rows * layer.cell * RATIO;
  canvas.style.width = `${layer.columns * layer.cell + 2}px`; // and its border
  canvas.style.height = `${layer.rows * layer.cell + 2}px`;
  return canvas;
}

function draw(canvas, layer, map, colour, marked) {
  const pen = canvas.getContext("2d");
  const side = layer.cell * RATIO;
  pen.clearRect(0, 0, canvas.width, canvas.height);
  for (let row = 0; row < layer.rows; row += 1) {
    for (let column = 0; column < layer.columns; column += 1) {
      const value = layer.values[(map * layer.rows + row) * layer.columns + column];
      if (value === undefined) continue;
      pen.fillStyle = colour(layer.largest ? value / layer.largest : 0);
      pen.fillRect(column * side, row * side, side, side);
    }
  }
  if (!marked) return;
  pen.strokeStyle = "#000";
  pen.lineWidth = 2 * RATIO;
  const inner = side - 2 * RATIO;
  pen.strokeRect(marked[2] * side + RATIO, marked[1] * side + RATIO, inner, inner);
}

/** The layer of a feature map, as `strip` wants it; a vector is folded into lines. */
export function mapsOf({ name, shape, shown, values }) {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (shape.length === 1) {
    const columns = Math.min(FOLD, shown);
    const rows = Math.ceil(shown / columns);
    const place = (_, row, column) => `${name}, number ${row * columns + column}`;
    return { values, maps: 1, rows, columns, largest, cell: 13, place };
  }
  const [, rows, columns] = shape;
  const place = (map, row, column) => `${name}, map ${map}, row ${row}, column ${column}`;
  const cell = Math.max(2, Math.floor(88 / columns));
  return { values, maps: shown, rows, columns, largest, cell, place };
}

/** The filters of a layer, as `strip` wants them: one map for each channel of each filter. */
export function filtersOf({ layer, shape, shown, largest }, values) {
  const [, channels, rows, columns] = shape;
  const place = (map, row, column) => {
    const filter = `${layer}, filter ${Math.floor(map / channels)}`;
    const channel = channels > 1 ? `, channel ${map % channels}` : "";
    return `${filter}${channel}, row ${row}, column ${column}`;
  };
  const cell = Math.max(3, Math.floor((channels > 1 ? 40 : 105) / columns));
  const maps = shown * channels;
  return { values, maps, rows, columns, largest, cell, place, together: channels };
}
