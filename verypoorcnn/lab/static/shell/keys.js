// Keys that work everywhere: 1–9 for the views, [ and ] for the image before and after, r for any,
// i to choose one, t for the theme.  Views listen to the others themselves.

import { VIEWS } from "../views/index.js";
import { anyImage, neighbour } from "./images.js";
import { otherTheme } from "./theme.js";

const ELSEWHERE = "input, select, textarea, [contenteditable], dialog[open]";
const OWN_KEYS = "button, summary, [role=application]";

/** Whether the key is meant for a field or for the system. */
export function isElsewhere(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return true;
  return event.target instanceof Element && Boolean(event.target.closest(ELSEWHERE));
}

/** Whether the key is for no one in particular: a button, and a map, have keys of their own. */
export function isFree(event) {
  return !isElsewhere(event) && !event.target.closest?.(OWN_KEYS);
}

/** Listen to the keys of the shell. */
export function listenToKeys(lab) {
  const { state } = lab;
  const actions = {
    "[": () => state.set({ image: neighbour(lab, -1) }),
    "]": () => state.set({ image: neighbour(lab, 1) }),
    r: () => state.set({ image: anyImage(lab) }),
    i: () => document.getElementById("choose-image").click(),
    t: () => state.set({ theme: otherTheme() }),
    "?": () => document.getElementById("open-legend").click(),
  };
  for (const { id, key } of VIEWS) actions[key] = () => state.set({ view: id });
  document.addEventListener("keydown", (event) => {
    if (isElsewhere(event) || !(event.key in actions)) return;
    event.preventDefault();
    actions[event.key]();
  });
}
