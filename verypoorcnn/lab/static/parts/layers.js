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

/** The column before the one of this name: where its input comes from. */
export function before(session, name) {
  const columns = columnsOf(session);
  return columns[columns.findIndex((column) => column.name === name) - 1];
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
