// A black square to draw on in white: with the pointer, or with the arrow keys while the space bar
// has put the pen down.  Files can be dropped and pictures pasted.

import { h } from "../lib/dom.js";

export const SIDE = 280; // pixels; ten for each of Fashion-MNIST's
const STEP = 10; // pixels that an arrow key moves the pen
const MOVES = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

export class Sketchpad {
  /** @param {() => void} onchange  called at every change of the picture */
  constructor(onchange) {
    this.onchange = onchange;
    this.width = 22;
    this.erasing = false;
    this.pen = { x: SIDE / 2, y: SIDE / 2, down: false };
    this.canvas = h("canvas", { width: SIDE, height: SIDE, class: "sketchpad", tabindex: 0,
      role: "application", "aria-roledescription": "drawing area",
      "aria-label": "Draw here. Arrow keys move the pen, space puts it down or lifts it." });
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.cursor = h("span", { class: "sketchpad-cursor", "aria-hidden": "true", hidden: true });
    this.element = h("div", { class: "sketchpad-frame" }, this.canvas, this.cursor);
    this.clear();
    this.listen();
  }

  /** All black again. */
  clear() {
    this.context.fillStyle = "#000";
    this.context.fillRect(0, 0, SIDE, SIDE);
    this.onchange();
  }

  /** Put a picture in the middle, as large as fits; `smooth` is false for pictures of few pixels. */
  place(source, width, height, { smooth = true } = {}) {
    const scale = SIDE / Math.max(width, height);
    const [wide, high] = [width * scale, height * scale];
    this.context.fillStyle = "#000";
    this.context.fillRect(0, 0, SIDE, SIDE);
    this.context.imageSmoothingEnabled = smooth;
    this.context.drawImage(source, (SIDE - wide) / 2, (SIDE - high) / 2, wide, high);
    this.onchange();
  }

  /** Put a picture file in; rejects with a line for the user if it is none. */
  async placeFile(file) {
    const picture = await createImageBitmap(file).catch(() => {
      throw new Error(`${file.name || "what was pasted"}: not a picture that this browser can read`);
    });
    this.place(picture, picture.width, picture.height);
    picture.close();
  }

  /** Its planes as bytes: grey, or red, green and blue. @param {number} channels */
  planes(channels) {
    const { data } = this.context.getImageData(0, 0, SIDE, SIDE);
    const found = Array.from({ length: channels === 3 ? 3 : 1 }, () => new Uint8Array(SIDE * SIDE));
    for (let i = 0; i < SIDE * SIDE; i += 1) {
      const [red, green, blue] = data.subarray(4 * i, 4 * i + 3);
      if (channels === 3) [red, green, blue].forEach((level, c) => (found[c][i] = level));
      else found[0][i] = Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
    }
    return found;
  }

  line(from, to) {
    const { context } = this;
    context.strokeStyle = this.erasing ? "#000" : "#fff";
    context.lineWidth = this.width;
    context.lineCap = "round";
    context.lineJoin = "round";
    context.beginPath();
    context.moveTo(from.x, from.y);
    context.lineTo(to.x + 0.01, to.y);
    context.stroke();
    this.onchange();
  }

  listen() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.last = this.under(event);
      this.line(this.last, this.last);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!this.last) return;
      const here = this.under(event);
      this.line(this.last, here);
      this.last = here;
    });
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, () => (this.last = null));
    }
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("focus", () => this.showCursor());
    canvas.addEventListener("blur", () => (this.cursor.hidden = true));
  }

  under(event) {
    const box = this.canvas.getBoundingClientRect();
    const scale = SIDE / box.width;
    return { x: (event.clientX - box.left) * scale, y: (event.clientY - box.top) * scale };
  }

  key(event) {
    const { pen } = this;
    if (event.key === " ") {
      pen.down = !pen.down;
      if (pen.down) this.line(pen, pen);
    } else if (event.key in MOVES) {
      const from = { ...pen };
      const [right, down] = MOVES[event.key];
      pen.x = Math.min(SIDE, Math.max(0, pen.x + right * STEP));
      pen.y = Math.min(SIDE, Math.max(0, pen.y + down * STEP));
      if (pen.down) this.line(from, pen);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    this.showCursor();
  }

  showCursor() {
    const { cursor, pen } = this;
    cursor.hidden = !this.canvas.matches(":focus-visible");
    cursor.style.left = `${(100 * pen.x) / SIDE}%`;
    cursor.style.top = `${(100 * pen.y) / SIDE}%`;
    cursor.dataset.down = pen.down;
  }
}
