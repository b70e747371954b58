// The receptive field of a number: the part of the image that can change it, framed.

import { array, plane } from "../lib/arrays.js";
import { h } from "../lib/dom.js";
import { MapWidget } from "../lib/maps.js";

const SIDE = 112; // of the small image, in CSS pixels

/**
 * A small picture of the image's first channel with the field framed.
 * @param {import("../lib/arrays.js").NumberArray} image  [channel][row][column]
 * @param {string} target  whose field it is
 * @param {{rows: [number, number], columns: [number, number]}} receptive  first and last of each
 * @returns {{element: HTMLElement, frame: () => void}}  frame() draws the frame once the element
 *   stands in the page, which is where its colour comes from
 */
export function receptiveField(image, target, { rows: [top, bottom], columns: [left, right] }) {
  const [, rows, columns] = image.shape;
  const size = { height: bottom - top + 1, width: right - left + 1 };
  const widget = new MapWidget({
    name: `Receptive field of ${target}: rows ${top} to ${bottom}, columns ${left} to ${right}`,
    width: SIDE,
    height: SIDE,
    palette: "grey",
  });
  widget.show(array([rows, columns], plane(image, 0)), { max: 1 });
  const caption = `Receptive field: ${size.height}×${size.width} pixels`;
  return {
    element: h("figure", {}, widget.element, h("figcaption", {}, caption)),
    frame: () => widget.mark([{ map: 0, row: top, column: left, ...size }]),
  };
}
