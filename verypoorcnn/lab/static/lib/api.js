// Talking to the server: JSON back and forth, and its events.

const underway = new Map(); // key → AbortController of its newest get()
const listeners = new Map(); // kind of event → functions
let stream = null;
let broken = false; // whether events may have been missed since the stream was last open

/** What is said when there is no answer at all. */
export const SILENCE = "the server does not answer; is `verypoorcnn lab` still running?";

const SHORTEST_WAIT = 1000; // milliseconds after a refusal; after each further one twice as many
const LONGEST_WAIT = 30000;
let wait = SHORTEST_WAIT;

/** What a newer question of the same key has made pointless; callers may ignore it. */
export class Superseded extends Error {}

/**
 * The answer to GET `path` with these parameters, decoded.
 *
 * A newer get of the same `key` (the path unless given) cancels the older, which then throws
 * Superseded.  Refusals throw an Error with the server's line.
 */
export async function get(path, params = {}, key = path) {
  underway.get(key)?.abort();
  const controller = new AbortController();
  underway.set(key, controller);
  try {
    return await answer(path + query(params), { signal: controller.signal });
  } finally {
    if (underway.get(key) === controller) underway.delete(key);
  }
}

/** The answer to POST `path` with this body as JSON. */
export function post(path, body = {}) {
  const headers = { "Content-Type": "application/json" };
  return answer(path, { method: "POST", headers, body: JSON.stringify(body) });
}

function query(params) {
  const given = Object.entries(params).filter(([, value]) => value !== undefined && value !== null);
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

async function answer(address, options) {
  const response = await reach(address, options);
  const body = await response.json().catch((error) => {
    if (error.name === "AbortError") throw new Superseded(address); // while it was being read
    return null;
  });
  if (!response.ok)
    throw new Error(body?.error ?? `${address}: the server said ${response.status}`);
  if (body === null) throw new Error(`${address}: the answer is not JSON`);
  return body;
}

async function reach(address, options) {
  try {
    return await fetch(address, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw new Superseded(address);
    throw new Error(SILENCE);
  }
}

/**
 * Call fn(data) at every event of this kind; returns a function that stops it.
 *
 * The server's kinds are "model", "training", "experiment", "sweep" and "epochs".  Two are the
 * page's own: "lost" with {refused}, when events come no more, because the server is gone or has
 * refused to send them; and "reopened", when they come again.  Who shows how things stand then asks
 * anew.
 */
export function on(kind, fn) {
  stream ??= connected();
  if (!listeners.has(kind)) {
    listeners.set(kind, new Set());
    stream.addEventListener(kind, dispatch);
  }
  listeners.get(kind).add(fn);
  return () => listeners.get(kind).delete(fn);
}

function connected() {
  const source = new EventSource("/api/events");
  for (const kind of listeners.keys()) source.addEventListener(kind, dispatch);
  source.onopen = opened;
  source.onerror = () => {
    broken = true;
    tell("lost", { refused: source.readyState === EventSource.CLOSED });
    if (source.readyState === EventSource.CLOSED) connectLater();
  };
  return source;
}

function opened() {
  wait = SHORTEST_WAIT;
  if (broken) tell("reopened");
  broken = false;
}

/** The browser goes on after a break, but gives up for good when refused, as one page too many. */
function connectLater() {
  setTimeout(() => (stream = connected()), wait);
  wait = Math.min(2 * wait, LONGEST_WAIT);
}

function dispatch(event) {
  tell(event.type, JSON.parse(event.data));
}

function tell(kind, data) {
  for (const fn of [...(listeners.get(kind) ?? [])]) fn(data);
}
