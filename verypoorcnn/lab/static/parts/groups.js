// Which arrays stand on the stage when a layer is open: on the way forward, on the way back, and in
// the step of training that follows.

import { before, classesOf, foldOf } from "./layers.js";

const HEIGHTS = { low: 178, high: 250 }; // of one panel's pictures, in CSS pixels
const HIGH = 900; // from this height of the window on there is more room
const LABELLED = 16; // classes with names beside their numbers: layout.js puts so many in a column

/** The groups of what is explained: values, gradients, or parameters after a step. */
const GROUPS = { value: forward, gradient: backward, update };

/**
 * Groups from left to right: input, parameters, output; of a step what is subtracted from what.
 * @param {"value"|"gradient"|"update"} of
 * @returns {{title: string, panels: import("./panel.js").PanelOptions[]}[]}
 */
export function groupsOf(session, column, of, width) {
  const filled = GROUPS[of](session, column).filter(({ panels }) => panels.length);
  const share = Math.max(120, Math.floor((width - 14 * (filled.length - 1)) / filled.length) - 20);
  const height = innerHeight < HIGH ? HEIGHTS.low : HEIGHTS.high;
  for (const { panels } of filled) {
    const deep = panels.filter((panel) => !panel.flat).length;
    for (const panel of panels) {
      panel.width = share;
      panel.height = panel.flat ? 50 : Math.max(110, height / deep + (deep > 1 ? 30 : 0));
      panel.fold ??= foldOf(session, panel.name);
      panel.labels = labelsOf(session, panel);
    }
  }
  return filled;
}

/** Classes, where each number has one and there is room for their names. */
function labelsOf(session, { name }) {
  return session.network.classes <= LABELLED ? classesOf(session, name) : null;
}

function value(name, more = {}) {
  return { name, of: "value", asked: false, ...more };
}

function gradient(name, more = {}) {
  return { name, of: "gradient", asked: true, ...more };
}

function forward(session, column) {
  const { name, layer } = column;
  const output = { title: "Output", panels: [value(name, { asked: true })] };
  if (name === "image") return [{ title: "The image, byte / 255", panels: output.panels }];
  const source = before(session, name).name;
  if (name === "probabilities") {
    const loss = value("loss", { asked: true, flat: true });
    return [
      { title: "Logits", panels: [value(source)] },
      { title: "Probabilities and loss", panels: [value(name, { asked: true }), loss] },
    ];
  }
  const parameters = Object.entries(layer.parameters).map(([parameter, shape]) =>
    value(parameter, parameterLook(session, source, shape)),
  );
  return [
    { title: "Input", panels: [value(source)] },
    { title: "Parameters", panels: parameters },
    output,
  ];
}

function backward(session, column) {
  const { name, layer } = column;
  if (name === "image")
    return [{ title: "∂ loss / ∂ pixel", panels: [value(name), gradient(name)] }];
  const source = before(session, name).name;
  if (name === "probabilities") {
    return [
      { title: "Probabilities", panels: [value(name)] },
      { title: "Gradient of the logits, p − y", panels: [gradient(source)] },
    ];
  }
  const parameters = Object.entries(layer.parameters).flatMap(([parameter, shape]) => {
    const look = parameterLook(session, source, shape);
    return look.flat
      ? [gradient(parameter, look)]
      : [value(parameter, look), gradient(parameter, look)];
  });
  return [
    { title: "Input", panels: [value(source), gradient(source)] },
    { title: "Parameters", panels: parameters },
    { title: "Output", panels: [value(name), gradient(name, { asked: false })] },
  ];
}

/** Parameters − rate × their gradients = parameters after the step. */
function update(session, { name, layer }) {
  const source = before(session, name).name;
  const panels = (of, asked) =>
    Object.entries(layer.parameters).map(([parameter, shape]) => {
      return { name: parameter, of, asked, ...parameterLook(session, source, shape) };
    });
  const { learning_rate: rate } = session.configuration.training;
  return [
    { title: "Parameters now", panels: panels("value", false) },
    { title: `− ${rate} × their gradients`, panels: panels("gradient", false) },
    { title: "= after the step", panels: panels("update", true) },
  ];
}

/** Biases lie flat; of a dense layer's weights one sees the row of one unit. */
function parameterLook(session, source, shape) {
  if (shape.length === 1) return { flat: true };
  return shape.length === 2 ? { row: true, fold: foldOf(session, source) } : {};
}
