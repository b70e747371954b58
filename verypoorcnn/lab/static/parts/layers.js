// What the page knows about a network: its columns, what comes before what, and words for them.

import { size } from "../lib/arrays.js";

/**
 * @typedef {object} Column  the image, a layer, or the probabilities
 * @property {string} name
 * @property {string} type
 * @property {number[]} shape
 * @property {object|null} layer  as the session describes it
 */

/** @returns {Column[]} */
export function columnsOf(session) {
  const { input_shape: input, layers, classes } = session.network;
  return [
    { name: "image", type: "Image", shape: input, layer: null },
    ...layers.map((layer) => ({
      name: layer.name,
      type: layer.type,
      shape: layer.output_shape,
      layer,
    })),
    { name: "probabilities", type: "Softmax", shape: [classes], layer: null },
  ];
}

/** The column of this name. */
export function columnOf(session, name) {
  return columnsOf(session).find((column) => column.name === name);
}

/**
 * The column that an array belongs to: of "conv1.weight" that of conv1, of "loss" the last one;
 * none for what belongs to no layer, as the learning rate.
 */
export function homeOf(session, array) {
  return columnOf(session, array === "loss" ? "probabilities" : array.split(".")[0]);
}

/** The column before the one of this name: where its input comes from. */
export function before(session, name) {
  const columns = columnsOf(session);
  return columns[columns.findIndex((column) => column.name === name) - 1];
}

/** The column behind the one of this name: where its gradient comes from. */
export function after(session, name) {
  const columns = columnsOf(session);
  return columns[columns.findIndex((column) => column.name === name) + 1];
}

/** The shape of maps that a vector was flattened from, if a Flatten made it; else undefined. */
export function foldOf(session, name) {
  const columns = columnsOf(session);
  for (let i = columns.findIndex((column) => column.name === name); i > 0; i -= 1) {
    if (columns[i].type === "Flatten") return columns[i - 1].shape;
    if (columns[i].type !== "ReLU" && columns[i].type !== "Dropout") return undefined;
  }
  return undefined;
}

/**
 * All calls of the network's functions, in the order of its layers; last, those of image and loss.
 * @returns {{layer: string, call: number, function: string,
 *   direction: "forward"|"backward"|"update"}[]}  layer and call as /api/code wants them
 */
export function callsOf({ network }) {
  const layers = network.layers.map(({ name, functions }) => [name, functions]);
  return [...layers, ...Object.entries(network.ends)].flatMap(([layer, functions]) =>
    functions.map((each) => ({ layer, ...each })),
  );
}

/** The names of the classes, if an array has a number for each of them; else null. */
export function classesOf({ network, class_names: names }, array) {
  return array === "probabilities" || array === network.layers.at(-1).name ? names : null;
}

/** How many numbers a layer learns. */
export function parameterCount(column) {
  return Object.values(column.layer?.parameters ?? {}).reduce((sum, shape) => sum + size(shape), 0);
}

/** "5×5, stride 3" */
export function describe({ type, layer }) {
  const s = layer?.settings ?? {};
  if (type === "Conv2D") {
    const parts = [`${s.kernel_size}×${s.kernel_size}`, `stride ${s.strides}`];
    return [...parts, ...(s.padding ? [`padding ${s.padding}`] : [])].join(", ");
  }
  if (type === "MaxPool2D") {
    return `${s.pool_size}×${s.pool_size}, stride ${s.strides ?? s.pool_size}`;
  }
  return (
    {
      ReLU: "max(0, x)",
      Flatten: "row by row",
      Dense: "Wx + b",
      Image: "byte / 255",
      Softmax: "exp z / Σ exp z",
    }[type] ?? type
  );
}
