// The window in which one picks an image: thumbnails of a part, all or of one class.

import { get } from "../lib/api.js";
import { bytes } from "../lib/arrays.js";
import { fill, h } from "../lib/dom.js";
import { partSize } from "./images.js";

const PAGE = 60; // thumbnails that are fetched at once

/** The dialog; open() shows it. */
export function chooser(lab) {
  const view = { part: "test", label: null, start: 0 };
  const grid = h("div", { class: "chooser-grid" });
  const about = h("p", { class: "quiet-text", role: "status" });
  const more = h(
    "button",
    { type: "button", class: "quiet", onclick: () => show(view.start + PAGE) },
    "Show more",
  );
  const filters = h("div", { class: "chooser-filters" });
  const close = h(
    "button",
    { type: "button", class: "small", "aria-label": "Close", onclick: () => element.close() },
    "×",
  );
  const element = h(
    "dialog",
    { class: "chooser", "aria-label": "Choose an image" },
    h("div", { class: "chooser-head" }, filters, close),
    grid,
    more,
    about,
  );
  element.addEventListener("click", (event) => event.target === element && element.close());

  const pick = (index) => {
    lab.state.set({ image: `${view.part}:${index}` });
    element.close();
  };
  const show = async (start) => {
    view.start = start;
    const params = { part: view.part, start, count: PAGE, label: view.label };
    const answer = await get("/api/images", params);
    const thumbs = thumbnails(lab, answer, pick);
    if (start === 0) fill(grid, thumbs);
    else grid.append(...thumbs);
    more.hidden = start + answer.images.length >= answer.total;
    about.textContent = `${grid.childElementCount} of ${answer.total} images`;
  };
  const choose = (change) => {
    Object.assign(view, change);
    fill(filters, parts(lab, view, choose), classes(lab, view, choose));
    show(0).catch(lab.complain);
  };
  return {
    element,
    open() {
      choose({});
      element.showModal();
    },
  };
}

function parts(lab, view, choose) {
  const buttons = ["test", "train"]
    .filter((part) => partSize(lab, part))
    .map((part) => toggle(part, view.part === part, () => choose({ part })));
  return h("div", { role: "group", "aria-label": "Part of the data" }, buttons);
}

function classes(lab, view, choose) {
  const names = ["all classes", ...lab.session().class_names];
  const buttons = names.map((name, place) => {
    const label = place ? place - 1 : null;
    return toggle(name, view.label === label, () => choose({ label }));
  });
  return h("div", { role: "group", "aria-label": "Class" }, buttons);
}

function toggle(text, pressed, onclick) {
  return h("button", { type: "button", class: "chip", "aria-pressed": pressed, onclick }, text);
}

function thumbnails(lab, { images, sprite }, pick) {
  const [, channels, rows, columns] = sprite.shape;
  const pixels = bytes(sprite.data);
  const size = channels * rows * columns;
  return images.map(({ index, label, duplicate }, place) => {
    const canvas = h("canvas", { width: columns, height: rows, class: "thumb" });
    const own = pixels.subarray(place * size, (place + 1) * size);
    drawBytes(canvas, own, channels, rows, columns);
    const name = `${lab.session().class_names[label] ?? "no label"}, image ${index}`;
    const twin = duplicate ? `, the same image as ${duplicate.replace(":", " ")}` : "";
    return h(
      "button",
      {
        type: "button",
        class: "thumb-button",
        "aria-label": name + twin,
        title: name + twin,
        onclick: () => pick(index),
      },
      canvas,
    );
  });
}

/** Draw an image's bytes, [channel][row][column]. */
export function drawBytes(canvas, pixels, channels, rows, columns) {
  const picture = canvas.getContext("2d").createImageData(columns, rows);
  const plane = rows * columns;
  for (let i = 0; i < plane; i += 1) {
    const colour =
      channels === 3 ? [0, 1, 2].map((c) => pixels[c * plane + i]) : Array(3).fill(pixels[i]);
    picture.data.set([...colour, 255], 4 * i);
  }
  canvas.getContext("2d").putImageData(picture, 0, 0);
}
