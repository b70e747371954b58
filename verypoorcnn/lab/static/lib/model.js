// What the page knows of the model: answers of the server, decoded, kept until the model changes.

import * as api from "./api.js";
import { array, decode, decodeImage } from "./arrays.js";
import { expanded } from "./columns.js";

const KEPT = 400; // explanations and arrays of other images that are kept for coming back

export class Model {
  /** @param {import("./state.js").State} state */
  constructor(state, session) {
    this.state = state;
    this.session = session;
    this.version = session.version;
    this.kept = new Map();
    this.listeners = new Set();
    this.trying = false; // whether a trial is on its way to the server
    api.on("model", ({ version }) => this.changed(version, { trial: this.trying }));
  }

  /** The address of the chosen image: "test:17". */
  image() {
    return this.state.get("image", "test:0");
  }

  /** Call fn({version, trial}) when the parameters have changed; returns a function that stops it. */
  on(fn) {
    this.listeners.add(fn);
    return () => this.listeners.delete(fn);
  }

  /**
   * The server told, in an event or an answer, that its model has this version now.  A trial lies on
   * top of the model and leaves what is known of the model itself.
   */
  changed(version, { trial = false } = {}) {
    if (version === this.version) return;
    this.version = version;
    for (const name of [...this.kept.keys()]) {
      if (!(trial && name.startsWith("original"))) this.kept.delete(name);
    }
    for (const fn of [...this.listeners]) fn({ version, trial });
  }

  /**
   * Put these edits and silent filters in the place of all that was tried out before.
   * @param {{parameter: string, index: number[], value: number}[]} edits
   * @param {{layer: string, filter: number}[]} silence
   */
  async tryOut(edits, silence) {
    this.trying = true;
    try {
      const { version } = await api.post("/api/whatif", { edits, silence });
      this.changed(version, { trial: true });
    } finally {
      this.trying = false;
    }
  }

  /** Names to arrays of everything that is computed of an image, its loss, and its label. */
  forward(image = this.image()) {
    return this.keep(`forward ${image}`, (key) => this.fetchForward({ image }, key));
  }

  /** The same without the what-if edits. */
  original(image = this.image()) {
    return this.keep(`original ${image}`, (key) => this.fetchForward({ image, original: 1 }, key));
  }

  async fetchForward(params, key) {
    const answer = await api.get("/api/forward", params, key);
    const layers = decoded(answer.layers);
    layers.image = decodeImage(answer.image);
    layers.probabilities = array(
      [answer.probabilities.length],
      Float64Array.from(answer.probabilities),
    );
    return { ...answer, layers };
  }

  /**
   * Gradients: of what the layers computed (`deltas`, with "image"), and of a layer's parameters.
   * @param {string} layer  "image" has no parameters
   */
  backward(layer, image = this.image()) {
    return this.keep(`backward ${layer} ${image}`, async (key) => {
      const answer = await api.get("/api/backward", { image, layer }, key);
      const deltas = decoded(answer.deltas);
      deltas.image = decode(answer.input);
      return { ...answer, deltas, gradients: decoded(answer.gradients) };
    });
  }

  /** All parameters by name, with what-if edits in them. */
  parameters() {
    return this.keep("parameters", async (key) => {
      const answer = await api.get("/api/parameters", {}, key);
      return { ...answer, values: decoded(answer.values) };
    });
  }

  /** How a number came about. @param {"value"|"gradient"|"update"} of */
  explain(target, of = "value", image = this.image()) {
    const params = { image, target, of, columns: 1 };
    return this.keep(`explain ${of} ${target} ${image}`, async () =>
      expanded(await api.get("/api/explain", params, "explain")),
    );
  }

  /**
   * The answer under this name, asked for once a version; a failure is not kept.  `ask` is given a
   * key for api.get: none of these questions cancels another, or a model that changes quickly would
   * never be answered for.
   */
  keep(name, ask) {
    if (this.kept.has(name)) return this.kept.get(name);
    const answer = ask(`${name}, version ${this.version}`);
    this.kept.set(name, answer);
    if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value);
    answer.catch(() => this.kept.get(name) === answer && this.kept.delete(name));
    return answer;
  }
}

function decoded(arrays) {
  return Object.fromEntries(Object.entries(arrays).map(([name, value]) => [name, decode(value)]));
}
