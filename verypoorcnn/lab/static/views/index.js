// The views in the order of their tabs and keys 1–9.  A view's module is fetched when it is first
// opened; it exports mount(root, lab) → {destroy()}.

import { SILENCE } from "../lib/api.js";

export const VIEWS = [
  { id: "network", title: "Network" },
  { id: "backward", title: "Backward" },
  { id: "training", title: "Training" },
  { id: "experiments", title: "Experiments" },
  { id: "code", title: "Code" },
  { id: "errors", title: "Errors" },
  { id: "time", title: "Time" },
  { id: "own", title: "Own image" },
  { id: "whatif", title: "What if" },
].map((view, place) => ({ ...view, key: String(place + 1) }));

/** The module of a view, of the tour, or of the legend; rejects with a line if none comes. */
export async function load(id) {
  try {
    return await import(`./${id}.js`);
  } catch (error) {
    throw error instanceof TypeError ? new Error(SILENCE) : error; // as browsers put it
  }
}
