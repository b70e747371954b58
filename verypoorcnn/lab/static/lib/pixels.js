// Images as the server sends them, {shape: [channels, rows, columns], data: bytes in base64}, drawn
// pixel by pixel: three channels as colours, one as greys.

import { bytes } from "./arrays.js";
import { h } from "./dom.js";

/** Make the canvas as large as the image, a pixel each, and draw it. */
export function drawPixels(canvas, { shape, data }) {
  draw(canvas, shape, bytes(data));
}

/** A canvas for each image of a sprite, {shape: [images, channels, rows, columns], data}. */
export function pictures({ shape: [count, ...shape], data }, className) {
  const pixels = bytes(data);
  const size = pixels.length / count;
  return Array.from({ length: count }, (_, place) => {
    const canvas = h("canvas", { class: className });
    draw(canvas, shape, pixels.subarray(place * size, (place + 1) * size));
    return canvas;
  });
}

function draw(canvas, [channels, rows, columns], pixels) {
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d");
  const picture = context.createImageData(columns, rows);
  const plane = rows * columns;
  const [red, green, blue] = channels === 3 ? [0, plane, 2 * plane] : [0, 0, 0]; // where they begin
  for (let i = 0; i < plane; i += 1) {
    picture.data[4 * i] = pixels[red + i];
    picture.data[4 * i + 1] = pixels[green + i];
    picture.data[4 * i + 2] = pixels[blue + i];
    picture.data[4 * i + 3] = 255;
  }
  context.putImageData(picture, 0, 0);
}
