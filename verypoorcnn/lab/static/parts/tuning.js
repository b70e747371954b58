// The knobs of the live training.

import { Choice, Knob, SETTINGS, settingsIn } from "./knobs.js";

const KNOBS = ["learning_rate", "batch_size", "filters", "train_samples", "epochs", "seed"];
const PACES = [
  ["0.2", "an epoch in 5 s"],
  ["1", "an epoch a second"],
  ["2", "2 epochs a second"],
  ["10", "10 epochs a second"],
  ["0", "full speed"],
];
const INITIALIZERS = [
  ["auto", "auto: He or Glorot"],
  ["he_normal", "He, normal"],
  ["glorot_uniform", "Glorot, uniform"],
  ["uniform", "uniform, as PyTorch"],
  ["zeros", "zeros: learns nothing"],
];

/**
 * The knobs by the names of their settings.
 * @param {{settings: object, limits: object}} state  of the training
 * @param {{turn: (name: string, value: number) => void, initializer: (name: string) => void,
 *   pace: (epochs: number) => void}} told  what to call when one is turned
 */
export function trainingKnobs({ settings, limits }, { turn, initializer, pace }) {
  const knob = (name) => {
    const about = { name, ...SETTINGS[name], limits: limits[name], value: settings[name] };
    return new Knob({ ...about, onchange: (value) => turn(name, value) });
  };
  const names = KNOBS.filter((name) => name in limits);
  return {
    ...Object.fromEntries(names.map((name) => [name, knob(name)])),
    initializer: new Choice({
      name: "initializer",
      label: "Initialiser",
      about: "How the first parameters are drawn; auto: He before ReLU, else Glorot",
      names: INITIALIZERS,
      value: settings.initializer,
      onchange: initializer,
    }),
    pace: new Choice({
      name: "pace",
      label: "Pace",
      names: PACES,
      value: settings.pace,
      onchange: (value) => pace(Number(value)),
    }),
  };
}

/** What a setting is called in the address. */
export const KEYS = {
  ...Object.fromEntries(KNOBS.map((name) => [name, SETTINGS[name].key])),
  initializer: "init",
  engine: "engine",
};

/** Settings that the address names and the server has otherwise. */
export function addressed(address, { settings, limits }) {
  const named = { engine: address.get(KEYS.engine), initializer: address.get(KEYS.initializer) };
  const known = Object.entries(named).filter(([name, one]) => limits[name].names.includes(one));
  const asked = { ...settingsIn(address, limits), ...Object.fromEntries(known) };
  const other = Object.entries(asked).filter(([name, value]) => settings[name] !== value);
  return Object.fromEntries(other);
}
