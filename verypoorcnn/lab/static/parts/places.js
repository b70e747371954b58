// Where in the lab a number was made: what the address must say to open it there.

import { brackets } from "../lib/numbers.js";
import { after, homeOf } from "./layers.js";

/**
 * A layer's number is found forward in its layer, a gradient backward in the layer that computed
 * it, a parameter where one can change it.
 * @param {object} session
 * @param {{key: string, index: number[]}} target  key: "value:conv1", "gradient:conv1.weight", …
 * @returns {Object<string, string|null>|null}  changes of the address; null for a number that no
 *   layer makes, as the learning rate
 */
export function placeOf(session, { key, index }) {
  const [of, name] = key.split(":");
  const home = homeOf(session, name)?.name;
  if (!home) return null;
  const here = { of: null, cell: null, target: name + brackets(index) };
  const isParameter = name.includes(".");
  if (of === "gradient") {
    const layer = isParameter ? home : (after(session, home)?.name ?? home);
    return { ...here, view: "backward", layer };
  }
  if (isParameter) return { ...here, view: "whatif", layer: null };
  if (name === home) {
    return { ...here, view: "network", layer: home, cell: index.join("."), target: null };
  }
  return { ...here, view: "network", layer: home };
}
