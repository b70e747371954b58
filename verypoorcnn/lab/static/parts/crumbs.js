// Where one is in the zoom: the network › a layer › a number, each a way back.

import { button, h } from "../lib/dom.js";
import { brackets } from "../lib/numbers.js";
import { describe } from "./layers.js";

/**
 * @param {string} whole  what the outermost level is called
 * @param {import("./layers.js").Column|undefined} column  the one that is open
 * @param {{key: string, index: number[]}|null} pin  the number that is pinned
 * @param {(changes: object) => void} go  change the address
 */
export function crumbs(whole, column, pin, go) {
  const here = (text) => h("strong", {}, text);
  const back = (text, changes) => button(text, () => go(changes), { class: "crumb" });
  if (!column) return [here(whole)];
  const layer = pin ? back(column.name, { cell: null, target: null }) : here(column.name);
  return [
    back(whole, { layer: null, cell: null, target: null }),
    " › ",
    layer,
    pin && [" › ", here(nameOf(pin, column))],
    h("span", { class: "quiet-text" }, ` ${column.type}, ${describe(column)}`),
  ];
}

/** "[2][3][4]" of the column's own array, "conv1.weight[2][0][1][4]" of another. */
function nameOf({ key, index }, column) {
  const [, name] = key.split(":");
  return (name === column.name ? "" : name) + brackets(index);
}
