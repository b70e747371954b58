// The window in which one picks an image: thumbnails of a part, all or of one class.

import { get } from "../lib/api.js";
import { button, fill, h } from "../lib/dom.js";
import { pictures } from "../lib/pixels.js";
import { partSize } from "./images.js";

const RESTING = 60; // milliseconds after which the pointer rests on a picture
const PAGE = 60; // thumbnails that are fetched at once
const FEW = 20; // classes that are offered as buttons; more, as a list

/** The dialog `element`; open() shows it. */
export class Chooser {
  constructor(lab) {
    this.lab = lab;
    this.part = "test";
    this.label = null; // the class asked for; null: all
    this.filters = h("div", { class: "chooser-filters" });
    this.grid = h("div", { class: "chooser-grid" });
    this.about = h("p", { class: "quiet-text", role: "status" });
    const more = () => this.show(this.start + PAGE).catch(lab.complain);
    this.more = button("Show more", more, { class: "quiet" });
    const props = { class: "small", "aria-label": "Close" };
    const close = button("×", () => this.element.close(), props);
    this.element = h(
      "dialog",
      {
        class: "chooser",
        "aria-label": "Choose an image",
        onclick: ({ target }) => target === this.element && this.element.close(), // beside it
      },
      h("div", { class: "chooser-head" }, this.filters, close),
      this.grid,
      this.more,
      this.about,
    );
  }

  open() {
    this.choose({});
    this.element.showModal();
  }

  /** @param {{part?: string, label?: number|null}} change  another part, or class, is wanted */
  choose(change) {
    Object.assign(this, change);
    fill(this.filters, this.parts(), this.classes());
    this.show(0).catch(this.lab.complain);
  }

  async show(start) {
    this.start = start;
    const params = { part: this.part, start, count: PAGE, label: this.label };
    const answer = await get("/api/images", params);
    const thumbs = this.thumbs(answer);
    if (start === 0) fill(this.grid, thumbs);
    else this.grid.append(...thumbs);
    this.more.hidden = start + answer.images.length >= answer.total;
    this.about.textContent = `${this.grid.childElementCount} of ${answer.total} images`;
  }

  parts() {
    const buttons = ["test", "train"]
      .filter((part) => partSize(this.lab, part))
      .map((part) => chip(part, this.part === part, () => this.choose({ part })));
    return h("div", { role: "group", "aria-label": "Part of the data" }, buttons);
  }

  classes() {
    const names = this.lab.session().class_names;
    const offers = [["all classes", null], ...names.map((name, label) => [name, label])];
    if (names.length > FEW) return this.listOf(offers);
    const chips = offers.map(([name, label]) =>
      chip(name, this.label === label, () => this.choose({ label })),
    );
    return h("div", { role: "group", "aria-label": "Class" }, chips);
  }

  listOf(offers) {
    const options = offers.map(([name, label]) =>
      h("option", { selected: label === this.label }, name),
    );
    const onchange = () => this.choose({ label: offers[select.selectedIndex][1] });
    const select = h("select", { onchange }, options);
    return h("div", {}, h("label", { class: "check" }, "Class ", select));
  }

  thumbs({ images, sprite }) {
    const canvases = pictures(sprite, "thumb");
    return images.map(({ index, label, duplicate }, place) => {
      const name = `${this.lab.session().class_names[label] ?? "no label"}, image ${index}`;
      const twin = duplicate ? `, the same image as ${duplicate.replace(":", " ")}` : "";
      return button(canvases[place], () => this.pick(index), {
        class: "thumb-button",
        title: name + twin,
        "aria-label": name + twin,
        onpointerenter: () => this.consider(index),
      });
    });
  }

  /** Where the pointer rests, it may click: the image's numbers are asked for ahead. */
  consider(index) {
    clearTimeout(this.resting);
    const ask = () => this.lab.model.forward(`${this.part}:${index}`).catch(() => {});
    this.resting = setTimeout(ask, RESTING);
  }

  pick(index) {
    clearTimeout(this.resting);
    this.lab.state.set({ image: `${this.part}:${index}` });
    this.element.close();
  }
}

function chip(text, pressed, onclick) {
  return button(text, onclick, { class: "chip", "aria-pressed": pressed });
}
