// The state of the page is in the address, behind the "#", so that a link shows what one sees:
// #view=network&image=test:17&layer=conv1&cell=2.3.4

/** "view=network&layer=conv1" → {view: "network", layer: "conv1"} */
export function parseState(text) {
  return Object.fromEntries(new URLSearchParams(text.replace(/^#/, "")));
}

/** {view: "network"} → "view=network"; what needs no protection stays readable. */
export function formatState(values) {
  const text = new URLSearchParams(values).toString();
  return text.replace(/%(3A|2C|5B|5D|3D)/g, decodeURIComponent);
}

/** The values with these changes; null, undefined and "" take a key away; others survive. */
export function merged(values, changes) {
  const result = { ...values };
  for (const [key, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === "") delete result[key];
    else result[key] = String(value);
  }
  return result;
}

/** The keys whose values differ. */
export function changedKeys(before, after) {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].filter((key) => before[key] !== after[key]);
}

/** The page's state; `place` is a window (another one in tests). */
export class State {
  constructor(place) {
    this.place = place;
    this.values = parseState(place.location.hash);
    this.listeners = new Set();
    place.addEventListener("popstate", () => this.read());
    place.addEventListener("hashchange", () => this.read());
  }

  /** The value of a key, or `otherwise`. */
  get(key, otherwise = null) {
    return this.values[key] ?? otherwise;
  }

  /** Change keys; with `replace` without a new entry in the history. */
  set(changes, { replace = false } = {}) {
    const after = merged(this.values, changes);
    if (!changedKeys(this.values, after).length) return;
    const address = `#${formatState(after)}`;
    this.place.history[replace ? "replaceState" : "pushState"](null, "", address);
    this.take(after);
  }

  /** Call fn(changed keys) when one of these keys changes; returns a function that stops it. */
  on(keys, fn) {
    const listener = { keys: new Set(keys), fn };
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  read() {
    this.take(parseState(this.place.location.hash));
  }

  take(after) {
    const changed = changedKeys(this.values, after);
    this.values = after;
    for (const { keys, fn } of [...this.listeners]) {
      const own = changed.filter((key) => keys.has(key));
      if (own.length) fn(own);
    }
  }
}
