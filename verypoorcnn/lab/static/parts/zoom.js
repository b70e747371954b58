// The zoom that the views of the way forward and the way back share: the network as a strip, one
// layer open beneath it, one number of it explained.  All of it is in the address.

import { Superseded } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { latest } from "../lib/latest.js";
import { brackets } from "../lib/numbers.js";
import { isElsewhere } from "../shell/keys.js";
import { onTheme } from "../shell/theme.js";
import { columnOf, describe } from "./layers.js";
import { Stage } from "./stage.js";
import { Strip } from "./strip.js";

const WIDE = 1040; // from this width on, the code stands beside the picture

/** @param {{of: "value"|"gradient", load: () => Promise<object>, intro: any, extra?: object}} kind */
export class Zoom {
  constructor(root, lab, kind) {
    Object.assign(this, { root, lab, kind });
    const direction = kind.of === "value" ? "forward" : "backward";
    this.strip = new Strip(lab, { direction, onopen: (name, map) => this.open(name, map) });
    this.crumbs = h("nav", { class: "crumbs", "aria-label": "Where one is" });
    this.below = h("div", { class: "below" });
    fill(root, this.crumbs, h("div", { class: "strip-frame" }, this.strip.element), this.below);
    const key = (event) => this.key(event);
    document.addEventListener("keydown", key);
    let timer = 0;
    const resize = () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.stage?.build(this.width()), 120);
    };
    window.addEventListener("resize", resize);
    this.load = latest(() => this.fetch(), lab.complain, 0);
    this.stops = [
      lab.state.on(["layer"], () => this.showLayer()),
      lab.state.on(["cell", "target"], () => this.showPin()),
      lab.state.on(["image"], () => this.load()),
      lab.model.on(() => this.load()),
      onTheme(() => this.redraw()),
      () => document.removeEventListener("keydown", key),
      () => window.removeEventListener("resize", resize),
    ];
    this.load();
  }

  destroy() {
    this.stops.forEach((stop) => stop());
    this.stage?.destroy();
    this.gone = true;
  }

  async fetch() {
    const note = h("p", { class: "note" }, "Every number of this image is being computed …");
    const slow = setTimeout(() => !this.data && fill(this.below, note), 300);
    try {
      const data = await this.kind.load();
      if (this.gone) return;
      this.data = data;
      this.redraw();
    } catch (error) {
      if (!(error instanceof Superseded)) this.lab.complain(error);
    } finally {
      clearTimeout(slow);
    }
  }

  redraw() {
    if (!this.data) return;
    this.showStrip();
    if (this.stage && this.stage.column.name === this.lab.state.get("layer")) this.stage.refresh();
    else this.showLayer();
  }

  showStrip() {
    const open = this.lab.state.get("layer");
    const { strip, answer } = this.data;
    this.strip.show(strip, { size: open ? "compact" : "full", answer });
    this.strip.select(open);
  }

  /** Open or close what the address says. */
  showLayer() {
    if (!this.data) return;
    const { state } = this.lab;
    const column = columnOf(this.lab.session(), state.get("layer"));
    this.showStrip();
    this.showCrumbs(column);
    if (column && this.stage?.column.name === column.name) return;
    this.stage?.destroy();
    this.stage = null;
    if (!column) {
      const frame = this.strip.element.parentElement;
      const cut = frame.scrollWidth > frame.clientWidth; // the last column may be out of sight
      fill(this.below, this.kind.intro(this.data, cut));
      return;
    }
    this.stage = new Stage(this.lab, {
      column,
      of: this.kind.of,
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
    const numbers = (text) =>
      text
        .split(/[.\]\[]+/)
        .filter(Boolean)
        .map(Number);
    const target = state.get("target");
    if (target) {
      const name = target.replace(/\[.*/, "");
      return { key: `${this.kind.of}:${name}`, index: numbers(target.slice(name.length)) };
    }
    const cell = state.get("cell");
    return cell && this.kind.of === "value"
      ? { key: `value:${column.name}`, index: numbers(cell) }
      : null;
  }

  showPin() {
    if (!this.stage) return;
    this.showCrumbs(this.stage.column);
    this.stage.pin(this.pinOf(this.stage.column));
  }

  open(name, map = 0) {
    const { state } = this.lab;
    if (state.get("layer") === name) state.set({ layer: null, cell: null, target: null });
    else state.set({ layer: name, cell: null, target: null });
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
      this.leaveFor(of, name, target.index);
    } else if (of === "value" && name === this.stage.column.name) {
      state.set({ cell: target.index.join("."), target: null }, { replace: true });
    } else {
      state.set({ target: name + brackets(target.index), cell: null }, { replace: true });
    }
  }

  /** Follow an operand to its layer: forward its own, backward the one whose gradient it is. */
  leaveFor(of, name, index) {
    const owner = name.split(".")[0];
    if (!columnOf(this.lab.session(), owner)) return;
    const view = of === "gradient" ? "backward" : "network";
    const layer = of === "gradient" && owner === name ? this.after(owner) : owner;
    const parameter = name !== owner;
    this.lab.state.set(
      parameter && of === "value"
        ? { view: "whatif", target: name + brackets(index), cell: null, layer: null }
        : {
            view,
            layer,
            cell: of === "value" ? index.join(".") : null,
            target: of === "gradient" ? name + brackets(index) : null,
          },
    );
  }

  after(name) {
    const names = [
      ...this.lab.session().network.layers.map((layer) => layer.name),
      "probabilities",
    ];
    return names[names.indexOf(name) + 1] ?? name;
  }

  showCrumbs(column) {
    const { state } = this.lab;
    const pin = column && this.pinOf(column);
    const link = (text, changes) =>
      h("button", { type: "button", class: "crumb", onclick: () => state.set(changes) }, text);
    const whole = this.kind.of === "value" ? "Network" : "Gradients";
    fill(
      this.crumbs,
      column ? link(whole, { layer: null, cell: null, target: null }) : h("strong", {}, whole),
      column && [
        " › ",
        pin ? link(column.name, { cell: null, target: null }) : h("strong", {}, column.name),
      ],
      pin && [
        " › ",
        h(
          "strong",
          {},
          pin.key.split(":")[1] === column.name
            ? brackets(pin.index)
            : pin.key.split(":")[1] + brackets(pin.index),
        ),
      ],
      column && h("span", { class: "quiet-text" }, ` ${column.type}, ${describe(column)}`),
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
