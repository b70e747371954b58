// The stream of events: who listens, and what happens when the server refuses.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

const streams = [];

/** As much of the browser's as is used, and what happens to it. */
class EventSource {
  static CLOSED = 2;
  listeners = new Map();
  readyState = 0;

  constructor(address) {
    this.address = address;
    streams.push(this);
  }

  addEventListener(kind, fn) {
    this.listeners.set(kind, fn);
  }

  open() {
    this.readyState = 1;
    this.onopen();
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
const { Superseded, get, on } = await import("../../verypoorcnn/lab/static/lib/api.js");

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
  streams[2].open();
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

test("after a break, and only then, those who show how things stand hear of it", () => {
  let breaks = 0;
  const stop = on("reopened", () => (breaks += 1));
  const broken = streams.at(-1);
  broken.open(); // after all the refusals above
  assert.equal(breaks, 1);

  broken.fail(0); // broken off: the browser connects again
  broken.fail(0);
  assert.equal(breaks, 1);
  broken.open();
  assert.equal(breaks, 2);
  broken.open();
  assert.equal(breaks, 2);

  broken.fail(EventSource.CLOSED);
  mock.timers.tick(1000);
  assert.equal(breaks, 2);
  streams.at(-1).open();
  assert.equal(breaks, 3);
  stop();
});

test("a loss is told at once, and whether the server refused", () => {
  const told = [];
  const stops = [on("lost", (how) => told.push(how)), on("reopened", () => told.push("reopened"))];
  streams.at(-1).fail(0);
  streams.at(-1).open();
  streams.at(-1).fail(EventSource.CLOSED);
  assert.deepEqual(told, [{ refused: false }, "reopened", { refused: true }]);
  stops.forEach((stop) => stop());
});

test("a question that is replaced while its answer is being read is no fault", async () => {
  const aborted = Object.assign(new Error("aborted"), { name: "AbortError" });
  globalThis.fetch = async () => ({ ok: true, json: () => Promise.reject(aborted) });
  await assert.rejects(get("/api/session"), Superseded);
  globalThis.fetch = async () => ({ ok: true, json: () => Promise.reject(new SyntaxError("<")) });
  await assert.rejects(get("/api/session"), /is not JSON/);
});
