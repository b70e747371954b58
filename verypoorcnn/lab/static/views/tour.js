// A guided tour in eight steps.  Each step opens a view as a link would, puts a ring round what it
// speaks of, and says what to try there.

import { fill, h } from "../lib/dom.js";

/** The steps; `state` may depend on the network. */
const STEPS = [
  {
    title: "A network, and nothing hidden",
    text:
      "An image comes in at the left, and probabilities go out at the right. Every picture in " +
      "between is drawn from numbers that this network computed just now.",
    state: () => ({ view: "network", layer: null, cell: null }),
    ring: ".strip",
  },
  {
    title: "Any image of the data",
    text:
      "Choose an image here, or go on with the keys [ and ]. All views follow. You can also " +
      "draw one of your own: that is view 8.",
    state: () => ({ view: "network" }),
    ring: "#choose-image",
  },
  {
    title: "Open a layer",
    text:
      "A click on a layer opens it, with its filters and its maps. Move over any value to see " +
      "the window that it was computed from; the arrow keys do the same.",
    state: (network) => ({ view: "network", layer: firstLayer(network).name, cell: null }),
    ring: ".stage-picture",
  },
  {
    title: "One number, all of its arithmetic",
    text:
      "This is how one value came about: inputs times weights, added up, with all digits. " +
      "Click a value to keep it here; point at a term to see where it comes from.",
    state: (network) => ({ view: "network", ...middle(firstLayer(network)) }),
    ring: ".stage-below",
  },
  {
    title: "The code that did it",
    text:
      "These lines of Python computed it, and no others. Step through them and watch the " +
      "variables. The tabs show what the compiler makes of the same lines, down to the bytes.",
    state: (network) => ({ view: "network", ...middle(firstLayer(network)) }),
    ring: ".stage .code",
  },
  {
    title: "The way back",
    text:
      "Learning is the same arithmetic backwards: how much would the loss change with each " +
      "number? Nudge a weight and see whether the gradient was right.",
    state: () => ({ view: "backward", layer: null, cell: null }),
    ring: "#main",
  },
  {
    title: "The whole experiment, again and again",
    text:
      "Drag a slider: the network is trained anew, on real images, while you watch. More " +
      "seeds show how much of a result is luck. View 3 trains step by step.",
    state: () => ({ view: "experiments", layer: null, cell: null }),
    ring: "#main",
  },
  {
    title: "Mistakes teach most",
    text:
      "Each cell opens the images behind its number. Which would you have got right? The link " +
      "in the address line keeps whatever you found, for you or for your class.",
    state: () => ({ view: "errors", layer: null, cell: null }),
    ring: ".matrix-scroll",
  },
];

export const id = "tour";
export const title = "Tour";

/** @returns {{destroy(): void}} */
export function mount(root, lab) {
  return new Tour(root, lab);
}

class Tour {
  constructor(root, lab) {
    this.lab = lab;
    this.before = document.activeElement;
    this.heading = h("h2", { id: "tour-title", tabindex: -1 });
    this.text = h("p", {});
    this.place = h("p", { class: "quiet-text" });
    this.back = h("button", { type: "button", onclick: () => this.go(-1) }, "Back");
    this.next = h("button", { type: "button", class: "primary", onclick: () => this.go(1) });
    const ring = h("div", { class: "tour-ring", "aria-hidden": "true" });
    const card = this.card();
    fill(root, ring, card);
    this.stops = [
      lab.state.on(["step"], () => lab.state.get("step") && this.show()),
      follow(ring, card, () => document.querySelector(STEPS[this.at - 1].ring)),
    ];
    this.go(0);
  }

  destroy() {
    this.stops.forEach((stop) => stop());
  }

  card() {
    const leave = h(
      "button",
      { type: "button", class: "small", "aria-label": "Leave the tour", onclick: () => this.end() },
      "×",
    );
    return h(
      "div",
      {
        class: "tour-card",
        role: "dialog",
        "aria-labelledby": "tour-title",
        onkeydown: (event) => this.key(event),
      },
      h("div", { class: "section-head" }, this.heading, leave),
      this.text,
      h("div", { class: "tour-foot" }, this.place, this.back, this.next),
    );
  }

  /** The step of the address, from 1 on. */
  get at() {
    return Math.min(STEPS.length, Math.max(1, Number(this.lab.state.get("step", 1)) || 1));
  }

  /** So many steps on; beyond the last one the tour ends. */
  go(by) {
    const step = this.at + by;
    if (step > STEPS.length) this.end();
    if (step < 1 || step > STEPS.length) return;
    this.lab.state.set({ ...STEPS[step - 1].state(this.lab.session().network), step });
    this.show();
  }

  show() {
    const { title: heading, text } = STEPS[this.at - 1];
    this.heading.textContent = heading;
    this.text.textContent = text;
    this.place.textContent = `${this.at} of ${STEPS.length}`;
    this.back.disabled = this.at === 1;
    this.next.textContent = this.at === STEPS.length ? "Done" : "Next";
    this.heading.focus({ preventScroll: true });
  }

  end() {
    this.lab.state.set({ step: null });
    this.lab.close();
    this.before?.focus?.();
  }

  key(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === "Escape") this.end();
    else if (by) this.go(by);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/** Keep the ring round what `find` finds, wherever it moves; returns a function that stops it. */
function follow(ring, card, find) {
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
  return () => (running = false);
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
  return (
    network.layers.find(({ parameters }) => Object.keys(parameters).length) ?? network.layers[0]
  );
}

/** The value in the middle of a layer's first map, or the first unit. */
function middle({ name, output_shape: shape }) {
  const cell = shape.length === 3 ? [0, shape[1] >> 1, shape[2] >> 1] : shape.map(() => 0);
  return { layer: name, cell: cell.join(".") };
}
