// What is done to a picture before the network gets it: switches and sliders.  What they stand for
// is in the address, where a key is missing if it is as usual.

import { h } from "../lib/dom.js";

const SWITCHES = { invert: "Invert", centre: "Centre", scale: "Scale" };
const USUAL = { invert: false, centre: true, scale: true }; // of what was drawn or dropped

/** Keys of the address that tell how a picture is prepared. */
export const KEYS = [...Object.keys(SWITCHES), "shift", "rotate", "occlude"];

export class Preparation {
  constructor(lab) {
    this.state = lab.state;
    [, this.rows, this.columns] = lab.session().network.input_shape;
    this.boxes = Object.keys(SWITCHES).map((name) => this.box(name));
    this.switches = h(
      "div",
      { class: "own-switches", role: "group", "aria-label": "Preparation" },
      this.boxes.map((box) => h("label", { class: "check" }, box, SWITCHES[box.name])),
    );
    const all = this.buildSliders();
    this.sliders = h(
      "div",
      { class: "own-sliders" },
      all.map(({ element }) => element),
      h("p", { class: "quiet-text" }, "A click on the last picture puts the square there, too."),
    );
    this.show();
  }

  buildSliders() {
    const { rows, columns } = this;
    const shorter = Math.min(rows, columns);
    const least = -(shorter >> 1); // of a corner: half of the largest square may stand outside
    this.right = slider("Shift right", -columns, columns, "px", () => this.shift());
    this.down = slider("Shift down", -rows, rows, "px", () => this.shift());
    this.turn = slider("Turn", -180, 180, "°", (angle) => this.write({ rotate: angle || null }));
    this.cover = slider("Cover, size", 0, shorter, "px", () => this.occlude());
    const move = (corner) => this.occlude({ ...this.corner(), ...corner });
    this.left = slider("Cover, column", least, columns - 1, "", (column) => move({ column }));
    this.top = slider("Cover, row", least, rows - 1, "", (row) => move({ row }));
    return [this.right, this.down, this.turn, this.cover, this.left, this.top];
  }

  /** What the address asks for, as POST /api/own wants it. */
  asked() {
    return {
      ...Object.fromEntries(Object.keys(SWITCHES).map((name) => [name, this.isOn(name)])),
      shift: this.numbers("shift", 2) ?? [0, 0],
      rotate: Number(this.state.get("rotate", 0)) || 0,
      occlude: this.numbers("occlude", 3),
    };
  }

  /** Leave a picture as it is. */
  leaveAsItIs() {
    this.write({ invert: null, centre: 0, scale: 0 });
  }

  /** As usual again. */
  reset() {
    this.write(Object.fromEntries(KEYS.map((key) => [key, null])));
  }

  /** Show what the address says. */
  show() {
    const { shift, rotate, occlude } = this.asked();
    for (const box of this.boxes) box.checked = this.isOn(box.name);
    this.right.put(shift[0]);
    this.down.put(shift[1]);
    this.turn.put(rotate);
    this.cover.put(occlude?.[2] ?? 0);
    const { row, column } = this.corner();
    this.left.put(column);
    this.top.put(row);
    for (const one of [this.left, this.top]) one.enable(Boolean(occlude));
  }

  /** Put the covering square round this pixel. */
  coverAt(row, column) {
    if (this.cover.value === 0) this.cover.put(Math.ceil(Math.min(this.rows, this.columns) / 4));
    const half = this.cover.value >> 1;
    this.occlude({ row: row - half, column: column - half });
  }

  box(name) {
    const set = ({ target }) =>
      this.state.set({ [name]: target.checked === USUAL[name] ? null : Number(target.checked) });
    return h("input", { type: "checkbox", name, onchange: set });
  }

  shift() {
    const [right, down] = [this.right.value, this.down.value];
    this.write({ shift: right || down ? `${right},${down}` : null });
  }

  /** Cover a square as large as the slider says, with this corner or the one it has. */
  occlude({ row, column } = this.corner()) {
    const size = this.cover.value;
    this.write({ occlude: size ? `${row},${column},${size}` : null });
  }

  /** The upper left corner of the covering square; of none, such that it begins in the middle. */
  corner() {
    const size = this.cover.value;
    const middle = [(this.rows - size) >> 1, (this.columns - size) >> 1];
    const [row, column] = this.numbers("occlude", 3) ?? middle;
    return { row, column };
  }

  write(changes) {
    this.state.set(changes, { replace: true });
  }

  isOn(name) {
    const given = this.state.get(name);
    return given === null ? USUAL[name] : given === "1";
  }

  /** Whole numbers under a key of the address: "3,-2" → [3, −2]; null if it is not that. */
  numbers(key, count) {
    const found = this.state.get(key, "").split(",").map(Number);
    return found.length === count && found.every(Number.isInteger) ? found : null;
  }
}

/**
 * A slider of whole numbers: `value`, put(value), enable(whether), `element`; oninput(value) when
 * it is dragged.
 */
function slider(label, low, high, unit, oninput) {
  const output = h("output", {});
  const input = h("input", { type: "range", min: low, max: high, step: 1 });
  const show = () => {
    output.textContent = `${input.value} ${unit}`.trim().replace("-", "−");
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.addEventListener("input", () => {
    show();
    oninput(Number(input.value));
  });
  return {
    get value() {
      return Number(input.value);
    },
    put(value) {
      input.value = value;
      show();
    },
    enable(whether) {
      input.disabled = !whether;
    },
    element: h("label", { class: "slider" }, h("span", {}, label), input, output),
  };
}
