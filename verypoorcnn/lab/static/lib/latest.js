// For what is dragged: asks with the newest value only, one question at a time, not too often.

const PAUSE = 50; // milliseconds between two questions

/**
 * A function that calls the asynchronous `fn` with the arguments of its own newest call, never
 * twice at once and never sooner than after a pause.  Faults go to `complain`.
 */
export function latest(fn, complain, pause = PAUSE) {
  let waiting = null;
  let busy = false;

  async function run() {
    if (busy) return;
    busy = true;
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
    busy = false;
  }

  return (...args) => {
    waiting = args;
    return run();
  };
}
