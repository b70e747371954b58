// What the page knows of the model: answers of the server, decoded, kept until the model changes.

import * as api from "./api.js";
import { array, decode, decodeImage } from "./arrays.js";
import { expanded } from "./columns.js";

const KEPT = 120; // answers that are kept for coming back; those of large networks are megabytes

export class Model {
  /** @param {import("./state.js").State} state */
  constructor(state, session) {
    this.state = state;
    this.version = session.version;
    this.learned = session.learned; // the version since which this has been learned
    this.kept = new Map();
    this.listeners = new Set();
    this.waiting = null; // the newest event while a trial is on its way to the server
    this.trials = 0; // that are on their way
    api.on("model", (event) => {
      if (this.trials) this.waiting = event;
      else this.changed(event);
    });
  }

  /** The address of the chosen image: "test:17". */
  image() {
    return this.state.get("image", "test:0");
  }

  /** Call fn({version, trial, own}) when the parameters have changed; returns what stops it. */
  on(fn) {
    this.listeners.add(fn);
    return () => this.listeners.delete(fn);
  }

  /**
   * The server told, in an event or an answer, that its model has this version now.  What is tried
   * out on a model leaves what is known of the model itself.
   * @param {{version: number, learned: number}} told
   * @param {object} more
   * @param {boolean} [more.own]  whether this page has tried it out
   * @param {Object<string, object>} [more.known]  answers for the new version
   */
  changed({ version, learned }, { own = false, known = {} } = {}) {
    if (version <= this.version) return;
    const trial = learned === this.learned;
    Object.assign(this, { version, learned });
    for (const name of [...this.kept.keys()]) {
      if (!(trial && name.startsWith("original"))) this.kept.delete(name);
    }
    for (const [name, answer] of Object.entries(known)) {
      this.keep(name, () => Promise.resolve(answer));
    }
    for (const fn of [...this.listeners]) fn({ version, trial, own });
  }

  /**
   * Put these edits and silent filters in the place of all that was tried out before.  The answer
   * brings what becomes of the chosen image, so that nobody needs to ask.
   * @param {{parameter: string, index: number[], value: number}[]} edits
   * @param {{layer: string, filter: number}[]} silence
   */
  async tryOut(edits, silence) {
    const image = this.image();
    const untouched = this.untouched();
    this.trials += 1;
    try {
      const answer = await api.post("/api/whatif", { edits, silence, image });
      const known = {
        [`forward ${image}`]: decodedForward(answer.forward),
        parameters: whole(await untouched, answer.parameters),
      };
      this.changed(answer, { own: true, known: answer.learned === this.learned ? known : {} });
    } finally {
      this.trials -= 1;
      if (!this.trials) this.takeWaiting();
    }
  }

  /** No trial is on its way any more: take in what was told meanwhile. */
  takeWaiting() {
    const event = this.waiting;
    this.waiting = null;
    if (event) this.changed(event);
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
    return decodedForward(await api.get("/api/forward", params, key));
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

  /** All parameters by name, with what-if edits in them, and the edits. */
  parameters() {
    return this.keep("parameters", async (key) => {
      const untouched = this.untouched();
      const answer = await api.get("/api/parameters", { changed: 1 }, key);
      return whole(await untouched, answer);
    });
  }

  /** All parameters as they were learned. */
  untouched() {
    return this.keep("original parameters", async (key) => {
      const { values } = await api.get("/api/parameters", { original: 1 }, key);
      return decoded(values);
    });
  }

  /** How a number came about. @param {"value"|"gradient"|"update"} of */
  explain(target, of = "value", image = this.image()) {
    const params = { image, target, of, columns: 1 };
    const key = image === this.image() ? "explain" : `explain ${target} ${image}`; // none other's
    return this.keep(`explain ${of} ${target} ${image}`, async () =>
      expanded(await api.get("/api/explain", params, key)),
    );
  }

  /**
   * What becomes of an image's loss when one weight moves.
   * @param {{parameter: string, index: number[]}} weight
   * @param {number} by
   */
  nudge(weight, by, image = this.image()) {
    const { parameter, index } = weight;
    return this.keep(`nudge ${parameter} ${index} ${by} ${image}`, () =>
      api.post("/api/nudge", { image, parameter, index, by }),
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

/** An answer of /api/forward with arrays by name: of the layers, the image, the probabilities. */
function decodedForward(answer) {
  const layers = decoded(answer.layers);
  layers.image = decodeImage(answer.image);
  layers.probabilities = array(
    [answer.probabilities.length],
    Float64Array.from(answer.probabilities),
  );
  return { ...answer, layers };
}

/** An answer of /api/parameters that has only what is changed, made whole. */
function whole(untouched, answer) {
  return { ...answer, values: { ...untouched, ...decoded(answer.values) } };
}

function decoded(arrays) {
  return Object.fromEntries(Object.entries(arrays).map(([name, value]) => [name, decode(value)]));
}
