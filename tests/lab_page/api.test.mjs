// The stream of events: who listens, and what happens when the server refuses.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

const streams = [];

/** As much of the browser's as is used. */
class EventSource {
  static CLOSED = 2;
  listeners = new Map();
  readyState = 1;

  constructor(address) {
    this.address = address;
    streams.push(this);
  }

  addEventListener(kind, fn) {
    this.listeners.set(kind, fn);
  }

  send(kind, data) {
    this.listeners.get(kind)({ type: kind, data: JSON.stringify(data) });
  }

  fail(readyState) {
    this.readyState = readyState;
    this.onerror();
  }
}

globalThis.EventSource = EventSource;
mock.timers.enable({ apis: ["setTimeout"] });
const { on } = await import("../../verypoorcnn/lab/static/lib/api.js");

test("a refused stream is opened again, each time after twice as long, with all who listen", () => {
  const heard = [];
  const stop = on("model", ({ version }) => heard.push(version));
  on("training", () => heard.push("training"));
  assert.deepEqual(
    streams.map(({ address }) => address),
    ["/api/events"],
  );
  streams[0].send("model", { version: 1 });

  streams[0].fail(0); // broken off: the browser connects again
  mock.timers.tick(100_000);
  assert.equal(streams.length, 1);

  streams[0].fail(EventSource.CLOSED);
  on("sweep", () => heard.push("sweep"));
  mock.timers.tick(999);
  assert.equal(streams.length, 1);
  mock.timers.tick(1);
  assert.equal(streams.length, 2);

  streams[1].fail(EventSource.CLOSED);
  mock.timers.tick(1999);
  assert.equal(streams.length, 2);
  mock.timers.tick(1);
  streams[2].onopen();
  streams[2].send("model", { version: 2 });
  streams[2].send("sweep", {});
  stop();
  streams[2].send("model", { version: 3 });
  assert.deepEqual(heard, [1, 2, "sweep"]);

  streams[2].fail(EventSource.CLOSED); // it was open: patience begins anew
  mock.timers.tick(1000);
  assert.equal(streams.length, 4);
  for (let refusals = 0; refusals < 8; refusals += 1) {
    const last = streams.length;
    streams.at(-1).fail(EventSource.CLOSED);
    mock.timers.tick(30_000);
    assert.equal(streams.length, last + 1);
  }
});
