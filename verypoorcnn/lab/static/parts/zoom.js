// The zoom of the ways forward and back: the network as a strip, one layer open beneath it, one
// number of it explained, all in the address.  On the way back a layer that learns has two faces.

import { Superseded } from "../lib/api.js";
import { inside } from "../lib/arrays.js";
import { button, fill, h, pause } from "../lib/dom.js";
import { latest } from "../lib/latest.js";
import { brackets, targetOf } from "../lib/numbers.js";
import { neighbour, nextAny } from "../shell/images.js";
import { isElsewhere } from "../shell/keys.js";
import { crumbs } from "./crumbs.js";
import { columnOf, parameterCount } from "./layers.js";
import { placeOf } from "./places.js";
import { Stage } from "./stage.js";
import { Strip } from "./strip.js";

const WIDE = 1040; // from this width on, the code stands beside the picture
const LOOKING = 150; // milliseconds after which one is taken to look at what is shown
const TOGETHER = 12; // milliseconds that pictures wait for a number's arithmetic, to be one frame
const SETTLED = 120; // milliseconds after which a window is not resized any more

const FACES = [
  ["gradient", "Gradients"],
  ["update", "The step of training"],
];

/**
 * @typedef {object} ZoomData  what there is to show of an image
 * @property {object} answer  of /api/forward
 * @property {Object<string, NumberArray>} strip  a picture for each column, by its name
 * @property {Object<string, NumberArray>} arrays  by "value:conv1", "gradient:conv1.weight", …
 * @typedef {import("../lib/arrays.js").NumberArray} NumberArray
 */

export class Zoom {
  /**
   * @param {object} kind
   * @param {"value"|"gradient"} kind.of  what the strip shows
   * @param {(layer: string, image: string) => Promise<ZoomData>} kind.load  given the open layer, if
   *   it learns, else "image"
   * @param {(data: ZoomData, cut: boolean) => any} kind.intro  what is said while no layer is open;
   *   `cut` if not all of the strip is in sight
   * @param {{show: Function, askAhead: Function}} [kind.extra]  shown beneath the arithmetic, see
   *   Stage
   */
  constructor(root, lab, kind) {
    Object.assign(this, { root, lab, kind });
    const direction = kind.of === "value" ? "forward" : "backward";
    this.strip = new Strip(lab, { direction, onopen: (name, map) => this.open(name, map) });
    this.crumbs = h("nav", { class: "crumbs", "aria-label": "Where one is" });
    this.faces = h("div", { class: "faces", role: "group", "aria-label": "What is explained" });
    this.below = h("div", { class: "below" });
    fill(
      root,
      h("div", { class: "zoom-head" }, this.crumbs, this.faces),
      h("div", { class: "strip-frame" }, this.strip.element),
      this.below,
    );
    const key = (event) => this.key(event);
    document.addEventListener("keydown", key);
    let timer = 0;
    const resize = () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.stage?.build(this.width()), SETTLED);
    };
    window.addEventListener("resize", resize);
    this.load = latest(() => this.fetch(), lab.complain, 0);
    this.stops = [
      lab.state.on(["layer"], () => this.load()),
      lab.state.on(["of"], () => this.showLayer()),
      lab.state.on(["cell", "target"], () => this.showPin()),
      lab.state.on(["image"], () => this.load()),
      lab.model.on(() => this.load()),
      () => document.removeEventListener("keydown", key),
      () => window.removeEventListener("resize", resize),
    ];
    this.load();
  }

  destroy() {
    this.stops.forEach((stop) => stop());
    this.stage?.destroy();
    clearTimeout(this.ahead);
    this.gone = true;
  }

  async fetch() {
    const note = h("p", { class: "note" }, "Every number of this image is being computed …");
    const slow = setTimeout(() => !this.data && fill(this.below, note), 300);
    try {
      const [image, layer] = [this.lab.model.image(), this.learner()];
      const pinned = this.askForPin(image);
      const data = await this.kind.load(layer, image);
      await Promise.race([pinned, pause(TOGETHER)]);
      if (this.gone || layer !== this.learner()) return; // another is being asked for
      const first = !this.data;
      this.data = data;
      this.redraw();
      if (first && !this.stage) this.strip.toBeginning();
      this.askAhead(image);
    } catch (error) {
      if (!(error instanceof Superseded)) this.lab.complain(error);
    } finally {
      clearTimeout(slow);
    }
  }

  /**
   * A pinned number of another image is asked for together with its pictures, not after them.
   * @returns {Promise<any>}  fulfilled when there is an answer, or a failure, which is told later
   */
  askForPin(image) {
    const column = this.column();
    const pin = column && this.pinOf(column);
    const known = pin && this.data?.arrays[pin.key];
    if (!known || !inside(known.shape, pin.index)) return Promise.resolve();
    const [of, name] = pin.key.split(":");
    const explained = this.lab.model.explain(name + brackets(pin.index), of, image);
    return Promise.allSettled([explained, this.kind.extra?.askAhead(pin, image)]);
  }

  /**
   * While one looks at an image, those that a key leads to are asked for: the next one, in the
   * direction one last went, and the one that will be "any".
   */
  askAhead(image) {
    const { lab } = this;
    const by = this.image === neighbour(lab, 1) ? -1 : 1;
    if (image !== this.image) this.next = neighbour(lab, by);
    this.image = image;
    clearTimeout(this.ahead);
    this.ahead = setTimeout(() => {
      for (const next of [this.next, nextAny(lab)]) {
        this.kind.load(this.learner(), next).catch(() => {}); // asked again when it is shown
        this.askForPin(next);
      }
    }, LOOKING);
  }

  redraw() {
    if (!this.data) return;
    this.showStrip();
    if (this.isOpen(this.column())) this.stage.refresh();
    else this.showLayer();
  }

  /** What of an open layer's numbers is explained. @returns {"value"|"gradient"|"update"} */
  ofColumn(column) {
    const learns = this.kind.of === "gradient" && parameterCount(column) > 0;
    return learns && this.lab.state.get("of") === "update" ? "update" : this.kind.of;
  }

  /** Whether this column stands open as the address wants it. */
  isOpen(column) {
    const { stage } = this;
    return (
      Boolean(column) && stage?.column.name === column.name && stage.of === this.ofColumn(column)
    );
  }

  showStrip() {
    const open = this.column();
    const { strip, answer } = this.data;
    this.strip.show(strip, { size: open ? "compact" : "full", answer });
    this.strip.select(open?.name ?? null);
  }

  /** The column that the address names, if there is such a one. */
  column() {
    return columnOf(this.lab.session(), this.lab.state.get("layer"));
  }

  /** The open layer if it has parameters, else "image". */
  learner() {
    const column = this.column();
    return column && parameterCount(column) > 0 ? column.name : "image";
  }

  /** Open or close what the address says. */
  showLayer() {
    if (!this.data) return;
    const column = this.column();
    this.showStrip();
    this.showCrumbs(column);
    this.showFaces(column);
    if (this.isOpen(column)) return;
    this.stage?.destroy();
    this.stage = null;
    if (!column) {
      fill(this.below, this.kind.intro(this.data, this.strip.isCut()));
      return;
    }
    this.stage = new Stage(this.lab, {
      column,
      of: this.ofColumn(column),
      arrays: (key) => this.data.arrays[key],
      onpin: (target) => this.pin(target),
      extra: this.kind.extra,
    });
    fill(this.below, this.stage.element);
    this.stage.pin(this.pinOf(column));
    this.stage.build(this.width());
  }

  width() {
    const all = this.root.clientWidth;
    return all >= WIDE ? all - 430 : all - 8;
  }

  /** The pinned number as the address has it. */
  pinOf(column) {
    const { state } = this.lab;
    const target = state.get("target");
    if (target) {
      const { name, index } = targetOf(target);
      return { key: `${this.ofColumn(column)}:${name}`, index };
    }
    const cell = state.get("cell");
    return cell && this.kind.of === "value"
      ? { key: `value:${column.name}`, index: cell.split(".").map(Number) }
      : null;
  }

  showPin() {
    if (!this.stage || !this.isOpen(this.column())) return; // else it comes with its layer
    this.showCrumbs(this.stage.column);
    this.stage.pin(this.pinOf(this.stage.column));
  }

  open(name, map = 0) {
    const { state } = this.lab;
    const closes = state.get("layer") === name;
    state.set({ layer: closes ? null : name, cell: null, target: null });
    if (map && this.stage) this.stage.startAt(map);
  }

  /** Pin a number of this layer, or of the one in which it was made. */
  pin(target) {
    const { state } = this.lab;
    if (!target) {
      state.set({ cell: null, target: null });
      return;
    }
    const [of, name] = target.key.split(":");
    if (target.elsewhere) {
      const place = placeOf(this.lab.session(), target);
      if (place) state.set(place);
    } else if (of === "value" && name === this.stage.column.name) {
      state.set({ cell: target.index.join("."), target: null }, { replace: true });
    } else {
      state.set({ target: name + brackets(target.index), cell: null }, { replace: true });
    }
  }

  /** A switch between the gradients of a layer that learns and the step that they make. */
  showFaces(column) {
    const both = this.kind.of === "gradient" && column && parameterCount(column) > 0;
    const face = (of, text) => {
      const pressed = of === this.ofColumn(column);
      return button(text, () => this.turn(of), { class: "chip", "aria-pressed": pressed });
    };
    fill(this.faces, both && FACES.map(([of, text]) => face(of, text)));
  }

  /** Show the other face; a pinned parameter stays. */
  turn(of) {
    const { state } = this.lab;
    const isParameter = state.get("target")?.includes(".");
    state.set({
      of: of === "update" ? of : null,
      target: isParameter ? state.get("target") : null,
    });
    this.faces.querySelector("[aria-pressed=true]")?.focus();
  }

  showCrumbs(column) {
    const { state } = this.lab;
    const whole = this.kind.of === "value" ? "Network" : "Gradients";
    const pin = column ? this.pinOf(column) : null;
    fill(
      this.crumbs,
      crumbs(whole, column, pin, (changes) => state.set(changes)),
    );
  }

  /** Esc goes one level up. */
  key(event) {
    if (event.key !== "Escape" || isElsewhere(event)) return;
    const { state } = this.lab;
    if (state.get("cell") || state.get("target")) state.set({ cell: null, target: null });
    else if (state.get("layer")) state.set({ layer: null });
    else return;
    event.preventDefault();
  }
}
