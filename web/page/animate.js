// Animations from a face as it is to the moved one, and back.

import { encodeApng, encodeGif, joinWebp } from "../src/index.js";
import { eased } from "../src/latent/easing.js";

export const STEPS = 20;
export const FRAME_SECONDS = 0.05;
/** Of the first and of the last frame. */
export const HOLD_SECONDS = 0.6;
/** Side of animations in pixels, and the longer side of those of a picture of the visitor's own. */
export const SIDE = 256, OWN_SIDE = 480;

const WEBP = "image/webp";
/** Of the pictures in an animated WebP; `cheermeup` has the same. */
const QUALITY = 0.9;

/** @typedef {import("../src/transparency.js").Picture} Picture */

/** The mixes of the way there, from none to all of `mix`. */
export const there = (mix) => Array.from({ length: STEPS }, (_, step) => {
  const share = eased(step / (STEPS - 1), "smooth");
  return Object.fromEntries(Object.entries(mix).map(([name, strength]) => [name, share * strength]));
});

/**
 * The frames there and back, and the seconds for which each is shown.
 *
 * @param {Picture[]} frames of the way there
 * @returns {[Picture[], number[]]}
 */
export function thereAndBack(frames) {
  const seconds = frames.map((_, i) => (i === 0 || i === frames.length - 1 ? HOLD_SECONDS : FRAME_SECONDS));
  return [[...frames, ...frames.slice(1, -1).reverse()], [...seconds, ...seconds.slice(1, -1)]];
}

/**
 * The formats that this browser writes without help.
 *
 * @param {boolean} soft whether frames have soft edges
 */
export async function writableFormats(soft) {
  const canvas = new OffscreenCanvas(1, 1);
  canvas.getContext("2d");
  const { type } = await canvas.convertToBlob({ type: WEBP }); // a PNG where the browser writes no WebP
  return ["gif", ...(soft ? ["apng"] : []), ...(type === WEBP ? ["webp"] : [])];
}

/**
 * The frames there and back as a file.
 *
 * @param {Picture[]} frames of the way there
 * @param {"gif" | "apng" | "webp"} format
 */
export async function encoded(frames, format) {
  const [all, seconds] = thereAndBack(frames);
  if (format === "webp") return joinWebp(await Promise.all(all.map(webpOf)), seconds);
  return (format === "gif" ? encodeGif : encodeApng)(all, seconds);
}

async function webpOf({ width, height, data }) {
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d").putImageData(new ImageData(data, width), 0, 0);
  return new Uint8Array(await (await canvas.convertToBlob({ type: WEBP, quality: QUALITY })).arrayBuffer());
}
