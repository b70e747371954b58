// A black ground to draw on in white: with the pointer, or with the arrow keys while the space bar
// has put the pen down.  Files can be dropped and pictures pasted.  It has a whole number of pixels
// for each of the network's, so that an image of the network's own size stays what it is.

import { h } from "../lib/dom.js";

const SIDE = 280; // pixels, at least, of the longer side; ten for each of Fashion-MNIST's
const LARGEST = 640; // pixels that the server takes
const LUMA = [19595, 38470, 7471]; // what red, green and blue give to grey, of 65536, as in Pillow
const STEP = 10; // pixels that an arrow key moves the pen
const MOVES = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

export class Sketchpad {
  /**
   * @param {{rows: number, columns: number}} image  the size of the network's
   * @param {() => void} onchange  called at every change of the picture
   */
  constructor({ rows, columns }, onchange) {
    Object.assign(this, { rows, columns, onchange });
    this.nib = 22; // pixels
    this.erasing = false;
    const longer = Math.max(rows, columns);
    const zoom = longer > LARGEST ? LARGEST / longer : Math.ceil(SIDE / longer);
    this.width = Math.max(1, Math.floor(columns * zoom));
    this.height = Math.max(1, Math.floor(rows * zoom));
    this.pen = { x: this.width / 2, y: this.height / 2, down: false };
    this.canvas = h("canvas", {
      width: this.width,
      height: this.height,
      class: "sketchpad",
      tabindex: 0,
      role: "application",
      "aria-roledescription": "drawing area",
      "aria-label": "Draw here. Arrow keys move the pen, space puts it down or lifts it.",
    });
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.cursor = h("span", { class: "sketchpad-cursor", "aria-hidden": "true", hidden: true });
    this.element = h("div", { class: "sketchpad-frame" }, this.canvas, this.cursor);
    this.cover("#000");
    this.listen();
  }

  /** All black again. */
  clear() {
    this.cover("#000");
    this.onchange();
  }

  cover(colour) {
    this.context.fillStyle = colour;
    this.context.fillRect(0, 0, this.width, this.height);
  }

  /** Put a picture in the middle, as large as fits: one of the network's size pixel by pixel. */
  place(source) {
    const { width, height } = source;
    const exact = this.isExact(source);
    const scale = Math.min(this.width / width, this.height / height);
    const [wide, high] = exact ? [this.width, this.height] : [width * scale, height * scale];
    this.cover(exact ? "#fff" : "#000"); // beneath what shines through, as in pictures of a folder
    this.context.imageSmoothingEnabled = !exact;
    this.context.drawImage(source, (this.width - wide) / 2, (this.height - high) / 2, wide, high);
    this.onchange();
  }

  /** Whether a picture has the network's size. */
  isExact({ width, height }) {
    return width === this.columns && height === this.rows;
  }

  /**
   * Put a picture file in; rejects with a line for the user if it is none.
   * @param {() => void} asItIs  called before one of the network's size is placed
   */
  async placeFile(file, asItIs) {
    const raw = { colorSpaceConversion: "none" };
    const picture = await createImageBitmap(file, raw).catch(() => {
      throw new Error(
        `${file.name || "what was pasted"}: not a picture that this browser can read`,
      );
    });
    if (this.isExact(picture)) asItIs();
    this.place(picture);
    picture.close();
  }

  /** Its planes as bytes: grey, or red, green and blue. @param {number} channels */
  planes(channels) {
    const { data } = this.context.getImageData(0, 0, this.width, this.height);
    const size = this.width * this.height;
    const found = Array.from({ length: channels === 3 ? 3 : 1 }, () => new Uint8Array(size));
    for (let i = 0; i < size; i += 1) {
      const [red, green, blue] = data.subarray(4 * i, 4 * i + 3);
      if (channels === 3) [red, green, blue].forEach((level, c) => (found[c][i] = level));
      else found[0][i] = (LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue + 0x8000) >> 16;
    }
    return found;
  }

  line(from, to) {
    const { context } = this;
    context.strokeStyle = this.erasing ? "#000" : "#fff";
    context.lineWidth = this.nib;
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
    const scale = this.width / box.width;
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
      pen.x = Math.min(this.width, Math.max(0, pen.x + right * STEP));
      pen.y = Math.min(this.height, Math.max(0, pen.y + down * STEP));
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
    cursor.style.left = `${(100 * pen.x) / this.width}%`;
    cursor.style.top = `${(100 * pen.y) / this.height}%`;
    cursor.dataset.down = pen.down;
  }
}
