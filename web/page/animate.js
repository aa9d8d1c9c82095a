// Animations from a face as it is to the moved one, and back.

import { encodeApng, encodeGif, joinWebp } from "../src/index.js";
import { eased } from "../src/latent/easing.js";
import { pictureFile } from "./picture_file.js";

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
 * The frames there and back, as pictures or in any other form, and the seconds for which each is shown.
 *
 * @template Frame
 * @param {Frame[]} frames of the way there
 * @returns {[Frame[], number[]]}
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
  const { type } = await pictureFile({ width: 1, height: 1, data: new Uint8ClampedArray(4) }, { type: WEBP });
  return ["gif", ...(soft ? ["apng"] : []), ...(type === WEBP ? ["webp"] : [])];
}

/**
 * The frames there and back as a file.
 *
 * @param {Picture[]} frames of the way there
 * @param {"gif" | "apng" | "webp"} format
 */
export async function encoded(frames, format) {
  if (format === "webp") return joinWebp(...thereAndBack(await Promise.all(frames.map(webpOf))));
  return (format === "gif" ? encodeGif : encodeApng)(...thereAndBack(frames));
}

async function webpOf(picture) {
  return new Uint8Array(await (await pictureFile(picture, { type: WEBP, quality: QUALITY })).arrayBuffer());
}
