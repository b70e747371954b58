// The views in the order of their tabs and keys 1–9.  A view's module is fetched when it is first
// opened; it exports mount(root, lab) → {destroy()}.

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

/** The module of a view, of the tour, or of the legend. */
export function load(id) {
  return import(`./${id}.js`);
}
