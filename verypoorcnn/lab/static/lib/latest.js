// For what is dragged: asks with the newest value only, one question at a time, not too often.

const PAUSE = 50; // milliseconds between two questions

/**
 * A function that calls the asynchronous `fn` with the arguments of its own newest call, never
 * twice at once and never sooner than after a pause.  Faults go to `complain`.  What it returns is
 * fulfilled when the newest call is done.
 */
export function latest(fn, complain, pause = PAUSE) {
  let waiting = null; // arguments of a call to come
  let running = null; // until nothing waits any more

  async function run() {
    while (waiting) {
      const args = waiting;
      waiting = null;
      const rest = new Promise((done) => setTimeout(done, pause));
      try {
        await fn(...args);
      } catch (error) {
        complain(error);
      }
      await rest;
    }
    running = null;
  }

  return (...args) => {
    waiting = args;
    running ??= Promise.resolve().then(run);
    return running;
  };
}
