// A sheet of a view: a heading, and what stands beneath it.

import { h } from "../lib/dom.js";

/** @param {string} name  class of the section @param {string} heading @param {...any} children */
export function sheet(name, heading, ...children) {
  return h("section", { class: `sheet ${name}` }, h("h2", {}, heading), children);
}
