// Your own image: draw, drop or paste one, see every step that makes it an image of the network's
// kind, and shift, turn and cover it while the probabilities follow.

import { bytes } from "../lib/arrays.js";
import { fill, h, oncePerFrame } from "../lib/dom.js";
import { times } from "../lib/numbers.js";
import { guess, ranking } from "../parts/gallery.js";
import { SIDE, Sketchpad } from "../parts/sketchpad.js";
import { drawBytes } from "../shell/chooser.js";

const SWITCHES = ["invert", "centre", "scale"];
const PREPARATION = [...SWITCHES, "shift", "rotate", "occlude"];
const AS_SENT = { centre: true, scale: true };

export const id = "own";
export const title = "Own image";
export const key = "8";

export function mount(root, lab) {
  const steps = h("ol", { class: "steps" });
  const probabilities = h("div", { class: "guesses own-guesses", role: "status" });
  const look = h("button", { type: "button", class: "primary", disabled: true }, "Look inside");
  const ask = asker(lab, () => bodyOf(lab, pad), show);
  const pad = new Sketchpad(() => ask?.());
  const controls = new Controls(lab, ask);

  function show(answer) {
    const [, rows, columns] = lab.session().network.input_shape;
    fill(steps, answer.steps.map((step) => stepItem(step)));
    controls.target(steps.lastElementChild, rows, columns);
    fill(probabilities, ranking(answer.probabilities).map((k, place) =>
      guess(lab.session().class_names[k], answer.probabilities[k], place === 0)));
    look.disabled = false;
    look.onclick = () => lab.state.set({ image: answer.image, view: "network" });
  }

  fill(root, h("div", { class: "own" },
    h("section", { class: "sheet own-draw" }, h("h2", {}, "Draw, drop or paste"),
      pad.element, tools(lab, pad)),
    h("section", { class: "sheet own-steps" }, h("h2", {}, "What the network is given"),
      controls.switches, steps, controls.sliders),
    h("section", { class: "sheet own-result" }, h("h2", {}, "What it takes it for"),
      probabilities, look)));

  const stops = [
    lab.state.on(PREPARATION, () => { controls.read(); ask(); }),
    lab.model.on(ask), takeFiles(root, pad, lab),
  ];
  loadChosen(lab, pad).catch(lab.complain);
  return { destroy: () => stops.forEach((stop) => stop()) };
}

/** A function that asks the server about the newest picture, one question at a time. */
function asker(lab, body, show) {
  let busy = false;
  let again = false;
  const run = async () => {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      show(await lab.api.post("/api/own", body()));
    } catch (error) {
      lab.complain(error);
    }
    busy = false;
    if (again) {
      again = false;
      run();
    }
  };
  return oncePerFrame(run);
}

function bodyOf(lab, pad) {
  const [channels] = lab.session().network.input_shape;
  const flags = Object.fromEntries(SWITCHES.map((name) => [name, isOn(lab, name)]));
  const covered = numbers(lab, "occlude", 3);
  return {
    ...flags, width: SIDE, height: SIDE, planes: pad.planes(channels).map(base64),
    shift: numbers(lab, "shift", 2) ?? [0, 0], rotate: Number(lab.state.get("rotate", 0)) || 0,
    occlude: covered,
  };
}

function base64(plane) {
  let text = "";
  for (let i = 0; i < plane.length; i += 8192) {
    text += String.fromCharCode(...plane.subarray(i, i + 8192));
  }
  return btoa(text);
}

function isOn(lab, name) {
  const given = lab.state.get(name);
  return given === null ? Boolean(AS_SENT[name]) : given === "1";
}

/** Whole numbers under a key of the state: "3,-2" → [3, −2]; null if it is not that. */
function numbers(lab, name, count) {
  const found = (lab.state.get(name) ?? "").split(",").map(Number);
  return found.length === count && found.every(Number.isInteger) ? found : null;
}

function stepItem({ name, why, size, image }) {
  const [channels, rows, columns] = image.shape;
  const canvas = h("canvas", { width: columns, height: rows, class: "step-image", role: "img",
    "aria-label": `${name}, ${times(size)} pixels` });
  drawBytes(canvas, bytes(image.data), channels, rows, columns);
  return h("li", { class: "step" }, h("div", { class: "step-frame" }, canvas),
    h("strong", {}, name), h("span", { class: "quiet-text" }, `${times(size)} · ${why}`));
}

/** Switches and sliders; what they stand for is in the state. */
class Controls {
  constructor(lab, changed) {
    this.lab = lab;
    this.changed = changed;
    const about = { invert: "Invert", centre: "Centre", scale: "Scale" };
    this.boxes = SWITCHES.map((name) => h("input", { type: "checkbox", name,
      onchange: (event) => this.set(name, event.target.checked) }));
    this.switches = h("div", { class: "own-switches", role: "group", "aria-label": "Preparation" },
      this.boxes.map((box) => h("label", { class: "check" }, box, about[box.name])));
    const [, rows, columns] = lab.session().network.input_shape;
    this.right = slider("Shift right", -columns, columns, "px", () => this.shift());
    this.down = slider("Shift down", -rows, rows, "px", () => this.shift());
    this.turn = slider("Turn", -180, 180, "°", () =>
      lab.state.set({ rotate: Number(this.turn.input.value) || null }, { replace: true }));
    this.cover = slider("Cover, size", 0, Math.min(rows, columns), "px", () => this.covered());
    this.sliders = h("div", { class: "own-sliders" },
      [this.right, this.down, this.turn, this.cover].map(({ element }) => element),
      h("p", { class: "quiet-text" }, "Click the last picture to put the covering square there."));
    this.read();
  }

  set(name, on) {
    this.lab.state.set({ [name]: on === Boolean(AS_SENT[name]) ? null : Number(on) });
  }

  shift() {
    const [right, down] = [this.right.input.value, this.down.input.value];
    const shift = Number(right) || Number(down) ? `${right},${down}` : null;
    this.lab.state.set({ shift }, { replace: true });
  }

  covered(corner = null) {
    const size = Number(this.cover.input.value);
    const [, rows, columns] = this.lab.session().network.input_shape;
    const before = numbers(this.lab, "occlude", 3) ?? [(rows - size) >> 1, (columns - size) >> 1];
    const [row, column] = corner ?? before;
    this.lab.state.set({ occlude: size ? `${row},${column},${size}` : null }, { replace: true });
  }

  /** Let a click on the last step's picture place the covering square. */
  target(step, rows, columns) {
    const canvas = step.querySelector("canvas");
    canvas.classList.add("coverable");
    canvas.addEventListener("click", (event) => {
      const box = canvas.getBoundingClientRect();
      const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
      const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
      if (this.cover.input.value === "0") this.cover.put(Math.ceil(Math.min(rows, columns) / 4));
      const half = Number(this.cover.input.value) >> 1;
      this.covered([row - half, column - half]);
    });
  }

  /** Show what the state says. */
  read() {
    for (const box of this.boxes) box.checked = isOn(this.lab, box.name);
    const [right, down] = numbers(this.lab, "shift", 2) ?? [0, 0];
    this.right.put(right);
    this.down.put(down);
    this.turn.put(Number(this.lab.state.get("rotate", 0)) || 0);
    this.cover.put((numbers(this.lab, "occlude", 3) ?? [0, 0, 0])[2]);
  }
}

function slider(label, low, high, unit, oninput) {
  const output = h("output", {});
  const input = h("input", { type: "range", min: low, max: high, step: 1, oninput: () => {
    show();
    oninput();
  } });
  const show = () => {
    output.textContent = `${input.value} ${unit}`;
    input.setAttribute("aria-valuetext", output.textContent);
  };
  const put = (value) => {
    input.value = value;
    show();
  };
  return { input, put, element: h("label", { class: "slider" }, h("span", {}, label), input, output) };
}

function tools(lab, pad) {
  const file = h("input", { type: "file", accept: "image/*", class: "unseen", tabindex: -1,
    "aria-label": "A picture file",
    onchange: () => file.files[0] && pad.placeFile(file.files[0]).catch(lab.complain) });
  const eraser = h("button", { type: "button", "aria-pressed": "false", onclick: () => {
    pad.erasing = !pad.erasing;
    eraser.setAttribute("aria-pressed", pad.erasing);
  } }, "Eraser");
  const width = h("input", { type: "range", min: 6, max: 60, value: pad.width, "aria-label": "Pen's width",
    oninput: () => (pad.width = Number(width.value)) });
  return h("div", { class: "own-tools" },
    h("button", { type: "button", onclick: () => clear(lab, pad) }, "Clear"), eraser,
    h("label", { class: "slider" }, h("span", {}, "Pen"), width),
    h("button", { type: "button", onclick: () => file.click() }, "Open a picture…"), file,
    h("button", { type: "button", onclick: () => loadChosen(lab, pad).catch(lab.complain) },
      "Take the chosen image"));
}

/** An empty pad; what is drawn now will want to be centred and scaled. */
function clear(lab, pad) {
  lab.state.set(Object.fromEntries(PREPARATION.map((name) => [name, null])), { replace: true });
  pad.clear();
}

/** Put the image that is chosen in the bar on the pad, pixel by pixel, and leave it as it is. */
async function loadChosen(lab, pad) {
  const { image } = await lab.model.forward();
  const [channels, rows, columns] = image.shape;
  const small = new OffscreenCanvas(columns, rows);
  drawBytes(small, bytes(image.data), channels, rows, columns);
  lab.state.set({ invert: null, centre: 0, scale: 0 }, { replace: true });
  pad.place(small, columns, rows, { smooth: false });
}

/** Take pictures that are dropped on the view or pasted; returns a function that stops it. */
function takeFiles(root, pad, lab) {
  const take = (event, files) => {
    const picture = [...(files ?? [])].find((file) => file.type.startsWith("image/"));
    if (!picture) return;
    event.preventDefault();
    pad.placeFile(picture).catch(lab.complain);
  };
  const paste = (event) => take(event, event.clipboardData?.files);
  root.addEventListener("dragover", (event) => event.preventDefault());
  root.addEventListener("drop", (event) => {
    event.preventDefault();
    take(event, event.dataTransfer?.files);
  });
  document.addEventListener("paste", paste);
  return () => document.removeEventListener("paste", paste);
}
