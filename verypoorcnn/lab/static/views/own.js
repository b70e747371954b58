// Your own image: draw, drop or paste one, see every step that makes it an image of the network's
// kind, and shift, turn and cover it while the probabilities follow.

import { button, fill, h } from "../lib/dom.js";
import { latest } from "../lib/latest.js";
import { times } from "../lib/numbers.js";
import { drawPixels } from "../lib/pixels.js";
import { foremost, restOf } from "../parts/bars.js";
import { guess, ranking } from "../parts/gallery.js";
import { KEYS, Preparation } from "../parts/preparation.js";
import { sheet } from "../parts/sheet.js";
import { Sketchpad } from "../parts/sketchpad.js";

const PAUSE = 15; // milliseconds between two questions while one draws
const CHUNK = 8192; // bytes that become text at once

export const id = "own";
export const title = "Own image";
export const key = "8";

/** @returns {{destroy(): void}} */
export function mount(root, lab) {
  return new OwnView(root, lab);
}

class OwnView {
  constructor(root, lab) {
    this.lab = lab;
    this.ask = latest(() => this.fetch(), lab.complain, PAUSE);
    this.preparation = new Preparation(lab);
    this.pad = new Sketchpad(this.preparation, () => this.ask());
    this.build(root);
    this.stops = [
      lab.state.on(KEYS, () => {
        this.preparation.show();
        this.ask();
      }),
      lab.model.on(() => this.ask()),
      this.takeFiles(root),
    ];
    this.takeChosen();
  }

  destroy() {
    this.stops.forEach((stop) => stop());
  }

  // What is on the page.

  build(root) {
    this.steps = h("ol", { class: "steps" });
    this.guesses = h("div", { class: "guesses own-guesses", role: "status" });
    const look = () => this.lab.state.set({ image: this.image, view: "network" });
    this.look = button("Look inside", look, { class: "primary", disabled: true });
    const { switches, sliders } = this.preparation;
    fill(
      root,
      h(
        "div",
        { class: "own" },
        sheet("own-draw", "Draw, drop or paste", this.pad.element, this.tools()),
        sheet("own-steps", "What the network is given", switches, this.steps, sliders),
        sheet("own-result", "What it takes it for", this.guesses, this.look),
      ),
    );
  }

  tools() {
    const file = h("input", {
      type: "file",
      accept: "image/*",
      class: "unseen",
      tabindex: -1,
      "aria-label": "A picture file",
      onchange: () => file.files[0] && this.takeFile(file.files[0]),
    });
    return h(
      "div",
      { class: "own-tools" },
      button("Clear", () => this.clear()),
      this.eraser(),
      this.width(),
      button("Open a picture…", () => file.click()),
      file,
      button("Take the chosen image", () => this.takeChosen()),
    );
  }

  eraser() {
    const turn = () => {
      this.pad.erasing = !this.pad.erasing;
      eraser.setAttribute("aria-pressed", this.pad.erasing);
    };
    const eraser = button("Eraser", turn, { "aria-pressed": false });
    return eraser;
  }

  width() {
    const width = h("input", {
      type: "range",
      min: 6,
      max: 60,
      value: this.pad.nib,
      "aria-label": "Pen's width",
      oninput: () => (this.pad.nib = Number(width.value)),
    });
    return h("label", { class: "slider" }, h("span", {}, "Pen"), width);
  }

  // What comes onto the pad.

  /** An empty pad; what is drawn now will want to be centred and scaled. */
  clear() {
    this.preparation.reset();
    this.pad.clear();
  }

  /** Put the image that is chosen in the bar on the pad, pixel by pixel, and leave it as it is. */
  takeChosen() {
    const take = async () => {
      const { image } = await this.lab.model.forward();
      const [, rows, columns] = image.shape;
      const small = new OffscreenCanvas(columns, rows);
      drawPixels(small, image);
      this.preparation.leaveAsItIs();
      this.pad.place(small);
    };
    take().catch(this.lab.complain);
  }

  /** Put a picture file on the pad; one of the network's own size is left as it is. */
  takeFile(file) {
    const asItIs = () => {
      this.preparation.reset();
      this.preparation.leaveAsItIs();
    };
    this.pad.placeFile(file, asItIs).catch(this.lab.complain);
  }

  /** Take pictures that are dropped on the view or pasted; returns a function that stops it. */
  takeFiles(root) {
    const take = (event, files) => {
      const picture = [...(files ?? [])].find((file) => file.type.startsWith("image/"));
      if (!picture) return;
      event.preventDefault();
      this.takeFile(picture);
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

  // What becomes of it.

  async fetch() {
    const [channels] = this.lab.session().network.input_shape;
    const planes = this.pad.planes(channels).map(base64);
    const { width, height } = this.pad;
    const body = { ...this.preparation.asked(), width, height, planes };
    this.show(await this.lab.api.post("/api/own", body));
  }

  show({ steps, probabilities, image }) {
    this.image = image;
    fill(
      this.steps,
      steps.map((step) => stepItem(step)),
    );
    this.makeCoverable(this.steps.lastElementChild.querySelector("canvas"));
    this.showGuesses(probabilities);
    this.look.disabled = false;
  }

  showGuesses(probabilities) {
    const names = this.lab.session().class_names;
    const { shown, others } = foremost(probabilities);
    const ranked = ranking(probabilities).slice(0, shown.length);
    fill(
      this.guesses,
      ranked.map((k, place) => guess(names[k], probabilities[k], place === 0)),
      others.length > 0 && h("p", { class: "quiet-text" }, restOf(others, probabilities)),
    );
  }

  /** Let a click on the last step's picture place the covering square. */
  makeCoverable(canvas) {
    const { rows, columns } = this.preparation;
    canvas.classList.add("coverable");
    canvas.addEventListener("click", ({ clientX, clientY }) => {
      const { left, top, width, height } = canvas.getBoundingClientRect();
      const row = Math.floor(((clientY - top) / height) * rows);
      const column = Math.floor(((clientX - left) / width) * columns);
      this.preparation.coverAt(row, column);
    });
  }
}

function stepItem({ name, why, size, image }) {
  const label = `${name}, ${times(size)} pixels`;
  const canvas = h("canvas", { class: "step-image", role: "img", "aria-label": label });
  drawPixels(canvas, image);
  return h(
    "li",
    { class: "step" },
    h("div", { class: "step-frame" }, canvas),
    h("strong", {}, name),
    h("span", { class: "quiet-text" }, `${times(size)} · ${why}`),
  );
}

function base64(plane) {
  let text = "";
  for (let i = 0; i < plane.length; i += CHUNK) {
    text += String.fromCharCode(...plane.subarray(i, i + CHUNK));
  }
  return btoa(text);
}
