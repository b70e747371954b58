// A guided tour in eight steps.  Each step opens a view as a link would, puts a ring round what it
// speaks of, and says what to try there.

import { fill, h } from "../lib/dom.js";

/** The steps; `state` may depend on the network. */
const STEPS = [
  {
    title: "A network, and nothing hidden",
    text: "An image comes in at the left, and probabilities go out at the right. Every picture in "
      + "between is drawn from numbers that this network computed just now.",
    state: () => ({ view: "network", layer: null, cell: null }),
    ring: ".strip",
  },
  {
    title: "Any image of the data",
    text: "Choose an image here, or go on with the keys [ and ]. All views follow. You can also "
      + "draw one of your own: that is view 8.",
    state: () => ({ view: "network" }),
    ring: "#choose-image",
  },
  {
    title: "Open a layer",
    text: "A click on a layer opens it, with its filters and its maps. Move over any value to see "
      + "the window that it was computed from; the arrow keys do the same.",
    state: (network) => ({ view: "network", layer: firstLayer(network).name, cell: null }),
    ring: ".stage-picture",
  },
  {
    title: "One number, all of its arithmetic",
    text: "This is how one value came about: inputs times weights, added up, with all digits. "
      + "Click a value to keep it here; point at a term to see where it comes from.",
    state: (network) => ({ view: "network", ...middle(firstLayer(network)) }),
    ring: ".stage-below",
  },
  {
    title: "The code that did it",
    text: "These lines of Python computed it, and no others. Step through them and watch the "
      + "variables. The tabs show what the compiler makes of the same lines, down to the bytes.",
    state: (network) => ({ view: "network", ...middle(firstLayer(network)) }),
    ring: ".stage .code",
  },
  {
    title: "The way back",
    text: "Learning is the same arithmetic backwards: how much would the loss change with each "
      + "number? Nudge a weight and see whether the gradient was right.",
    state: () => ({ view: "backward", layer: null, cell: null }),
    ring: "#main",
  },
  {
    title: "The whole experiment, again and again",
    text: "Drag a slider: the network is trained anew, on real images, while you watch. More "
      + "seeds show how much of a result is luck. View 3 trains step by step.",
    state: () => ({ view: "experiments", layer: null, cell: null }),
    ring: "#main",
  },
  {
    title: "Mistakes teach most",
    text: "Each cell opens the images behind its number. Which would you have got right? The link "
      + "in the address line keeps whatever you found, for you or for your class.",
    state: () => ({ view: "errors", layer: null, cell: null }),
    ring: ".matrix-scroll",
  },
];

export const id = "tour";
export const title = "Tour";

export function mount(root, lab) {
  const before = document.activeElement;
  const ring = h("div", { class: "tour-ring", "aria-hidden": "true" });
  const heading = h("h2", { id: "tour-title", tabindex: -1 });
  const text = h("p", {});
  const place = h("p", { class: "quiet-text" });
  const back = h("button", { type: "button", onclick: () => go(at() - 1) }, "Back");
  const next = h("button", { type: "button", class: "primary", onclick: () => go(at() + 1) });
  const leave = h("button", { type: "button", class: "small", "aria-label": "Leave the tour",
    onclick: () => end() }, "×");
  const card = h("div", { class: "tour-card", role: "dialog", "aria-labelledby": "tour-title" },
    h("div", { class: "section-head" }, heading, leave), text,
    h("div", { class: "tour-foot" }, place, back, next));
  fill(root, ring, card);

  const at = () => Math.min(STEPS.length, Math.max(1, Number(lab.state.get("step", 1)) || 1));

  function go(step) {
    if (step > STEPS.length) end();
    else if (step >= 1) {
      const state = STEPS[step - 1].state(lab.session().network);
      lab.state.set({ ...state, step });
      show();
    }
  }

  function show() {
    const step = STEPS[at() - 1];
    heading.textContent = step.title;
    text.textContent = step.text;
    place.textContent = `${at()} of ${STEPS.length}`;
    back.disabled = at() === 1;
    next.textContent = at() === STEPS.length ? "Done" : "Next";
    heading.focus({ preventScroll: true });
  }

  function end() {
    lab.state.set({ step: null });
    lab.close();
    before?.focus?.();
  }

  function key(event) {
    const moves = { ArrowRight: 1, ArrowLeft: -1 };
    if (event.key === "Escape") end();
    else if (event.key in moves) go(at() + moves[event.key]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  card.addEventListener("keydown", key);
  const stop = lab.state.on(["step"], () => lab.state.get("step") && show());
  const follow = follower(ring, card, () => document.querySelector(STEPS[at() - 1].ring));
  go(at());
  return {
    destroy() {
      stop();
      follow.stop();
    },
  };
}

/** Keep the ring round what `find` finds, while it moves and until it is there. */
function follower(ring, card, find) {
  let running = true;
  let seen = null;
  const place = () => {
    if (!running) return;
    const target = find();
    ring.hidden = !target;
    if (target) {
      if (target !== seen) bring(target);
      surround(ring, target.getBoundingClientRect());
      card.dataset.side = sideAway(target.getBoundingClientRect());
    }
    seen = target;
    requestAnimationFrame(place);
  };
  place();
  return { stop: () => (running = false) };
}

/** Scroll to it: to its beginning if it is too tall to be seen whole. */
function bring(target) {
  const tall = target.getBoundingClientRect().height > 0.8 * innerHeight;
  target.scrollIntoView({ block: tall ? "start" : "center", behavior: "auto" });
}

function surround(ring, { left, top, width, height }) {
  const box = { left: left - 6, top: top - 6, width: width + 12, height: height + 12 };
  for (const [name, length] of Object.entries(box)) ring.style[name] = `${length}px`;
}

/** The side of the window where the card hides least of what the ring is round. */
function sideAway({ left, right }) {
  return left + right > 1.3 * innerWidth ? "left" : "right";
}

/** The first layer that has learned something: the most to see. */
function firstLayer(network) {
  return network.layers.find(({ parameters }) => Object.keys(parameters).length)
    ?? network.layers[0];
}

/** The value in the middle of a layer's first map, or the first unit. */
function middle({ name, output_shape: shape }) {
  const cell = shape.length === 3 ? [0, shape[1] >> 1, shape[2] >> 1] : shape.map(() => 0);
  return { layer: name, cell: cell.join(".") };
}
