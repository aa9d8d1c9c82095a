// One picture with all expressions of a face, side by side.

import { paint, place } from "./portrait.js";

/** Largest side of a face on the sheet, pixels. */
const LARGEST = 256;

/**
 * A canvas with pictures of one size in rows, the first at the upper left.
 *
 * @param {import("../src/transparency.js").Picture[]} pictures
 * @param {boolean} drawn whether they are faces, which are enlarged along their edges
 */
export function sheet(pictures, drawn) {
  const [{ width, height }] = pictures, columns = Math.ceil(Math.sqrt(pictures.length));
  const scale = drawn ? LARGEST / width : Math.min(1, LARGEST / Math.max(width, height));
  const [across, down] = [width, height].map((side) => Math.max(1, Math.round(scale * side)));
  const canvas = document.createElement("canvas"), cell = document.createElement("canvas");
  Object.assign(canvas, { width: columns * across, height: Math.ceil(pictures.length / columns) * down });
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  for (const [i, picture] of pictures.entries()) {
    if (drawn) paint(cell, picture, LARGEST);
    else place(cell, picture);
    context.drawImage(cell, (i % columns) * across, Math.floor(i / columns) * down, across, down);
  }
  return canvas;
}
