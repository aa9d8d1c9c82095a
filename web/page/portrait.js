// Pictures on canvases, and files for the visitor.

import { enlarged } from "./enlarge.js";

/** Side to which pictures are enlarged along their edges; beyond it, the canvas does well enough. */
const ALONG_EDGES = 256;

/** Show a picture on a canvas, pixel for pixel. */
export function place(canvas, { width, height, data }) {
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(new ImageData(data, width), 0, 0);
}

/** Draw a face over the whole of a canvas of `side` pixels. */
export function paint(canvas, picture, side) {
  if (canvas.width !== side || canvas.height !== side) Object.assign(canvas, { width: side, height: side });
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.clearRect(0, 0, canvas.width, canvas.height);
  const large = enlarged(picture, Math.min(ALONG_EDGES, side / 2));
  context.drawImage(onCanvas(large), 0, 0, canvas.width, canvas.height);
}

function onCanvas(picture) {
  const canvas = document.createElement("canvas");
  place(canvas, picture);
  return canvas;
}

/** Offer a file for download. */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  // The download has begun when the next second has passed, and needs the address no longer.
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** A canvas as a PNG. */
export const png = (canvas) => new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
