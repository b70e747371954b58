// The bar at the top: what is shown, the image with its chooser, theme, link, legend, tour.

import { button, fill, h } from "../lib/dom.js";
import { latest } from "../lib/latest.js";
import { drawPixels } from "../lib/pixels.js";
import { load } from "../views/index.js";
import { Chooser } from "./chooser.js";
import { anyImage, neighbour, readAddress } from "./images.js";
import { otherTheme } from "./theme.js";

/** Fill the bar. */
export function header(bar, lab) {
  fill(bar, title(lab), imageBox(lab), trialNote(lab), tools(lab));
}

function title(lab) {
  const { title: name, origin } = lab.session();
  return h(
    "div",
    { class: "bar-title" },
    h("h1", {}, h("span", {}, "VeryPoorCNN"), " ", h("span", {}, "lab")),
    h("p", { title: origin }, name),
  );
}

function imageBox(lab) {
  const { state } = lab;
  const dialog = new Chooser(lab);
  return h(
    "div",
    { class: "bar-image", role: "group", "aria-label": "Image" },
    small("‹", "Image before", "[", () => state.set({ image: neighbour(lab, -1) })),
    imageButton(lab, () => dialog.open()),
    dialog.element,
    small("›", "Next image", "]", () => state.set({ image: neighbour(lab, 1) })),
    small("random", "Any image", "r", () => state.set({ image: anyImage(lab) })),
  );
}

/** Shows the image that is chosen. */
function imageButton(lab, open) {
  const canvas = h("canvas", { class: "thumb", "aria-hidden": "true" });
  const caption = h("span", {});
  const props = { id: "choose-image", class: "image-button", "aria-haspopup": "dialog" };
  const choose = button([canvas, caption], open, props);
  const show = async () => {
    const forward = await lab.model.forward();
    drawPixels(canvas, forward.image);
    fill(caption, ...captionOf(lab, forward));
    choose.setAttribute("aria-label", `Choose another image; now ${caption.textContent}`);
  };
  const update = latest(show, lab.complain, 0);
  lab.state.on(["image"], update);
  lab.model.on(update);
  update();
  return choose;
}

function captionOf(lab, { label }) {
  const { part, index } = readAddress(lab.model.image());
  const name =
    label === null || label === undefined ? "no label" : lab.session().class_names[label];
  return [h("strong", {}, name), " ", h("span", { class: "quiet-text" }, `${part} ${index}`)];
}

function small(text, label, key, onclick) {
  const name = text.length > 1 ? null : label; // a sign needs a name, a word is one
  const props = { class: "small", title: `${label} (${key})` };
  return button(text, onclick, { ...props, "aria-label": name, "aria-keyshortcuts": key });
}

/** Tells in every view that something is tried out on the model, and takes it back. */
function trialNote(lab) {
  const note = h("div", { class: "trial-note", role: "status" });
  const reset = async () => {
    lab.state.set({ edits: null, silence: null }, { replace: true });
    await lab.model.tryOut([], []);
  };
  const back = button("Reset", () => reset().catch(lab.complain), { class: "small" });
  const update = async () => {
    const { edited, silenced } = await lab.model.parameters();
    const changes = edited.length + silenced.length;
    fill(note, changes > 0 && [trialLink(lab, changes), back]);
  };
  const follow = latest(update, lab.complain, 0);
  lab.model.on(follow);
  follow();
  return note;
}

function trialLink(lab, changes) {
  const onclick = (event) => {
    event.preventDefault();
    lab.state.set({ view: "whatif" });
  };
  const text = `${changes} ${changes === 1 ? "change" : "changes"} tried out`;
  return h("a", { href: "#view=whatif", onclick }, text);
}

function tools(lab) {
  const tool = (text, id, onclick) => button(text, onclick, { class: "quiet", id });
  return h(
    "div",
    { class: "bar-tools" },
    tool("Legend", "open-legend", () => overlay("legend", lab)),
    tool("Tour", "open-tour", () => overlay("tour", lab)),
    tool("Copy link", "copy-link", () => copyLink(lab)),
    tool("Theme", "switch-theme", () => lab.state.set({ theme: otherTheme() })),
  );
}

async function copyLink(lab) {
  try {
    await navigator.clipboard.writeText(location.href);
    lab.say("The address of exactly this picture is in the clipboard.");
  } catch {
    lab.say(`Copy it from the address line: ${location.href}`, { seconds: 12 });
  }
}

const open = new Map(); // overlays by their names

/** Open the tour or the legend over the page; a second click closes the legend. */
async function overlay(id, lab) {
  const host = document.getElementById(`${id}-host`);
  const close = () => {
    open.get(id)?.destroy();
    open.delete(id);
    fill(host);
  };
  const wasOpen = open.has(id);
  close();
  if (wasOpen && id === "legend") return;
  const root = h("div", { class: `overlay overlay-${id}` });
  fill(host, root);
  const module = await load(id);
  open.set(id, module.mount(root, { ...lab, close }));
}
