// Animations from a face as it is to the moved one, and back.

import { encodeApng, encodeGif } from "../src/index.js";
import { eased } from "../src/latent/easing.js";

export const STEPS = 20;
export const FRAME_SECONDS = 0.05;
/** Of the first and of the last frame. */
export const HOLD_SECONDS = 0.6;
/** Side of animations in pixels, and the longer side of those of a picture of the visitor's own. */
export const SIDE = 256, OWN_SIDE = 480;

/** The mixes of the way there, from none to all of `mix`. */
export const there = (mix) => Array.from({ length: STEPS }, (_, step) => {
  const share = eased(step / (STEPS - 1), "smooth");
  return Object.fromEntries(Object.entries(mix).map(([name, strength]) => [name, share * strength]));
});

/**
 * The frames there and back as a file.
 *
 * @param {import("../src/transparency.js").Picture[]} frames of the way there
 * @param {"gif" | "apng"} format
 */
export function encoded(frames, format) {
  const seconds = frames.map((_, i) => (i === 0 || i === frames.length - 1 ? HOLD_SECONDS : FRAME_SECONDS));
  const all = [...frames, ...frames.slice(1, -1).reverse()], times = [...seconds, ...seconds.slice(1, -1)];
  return (format === "gif" ? encodeGif : encodeApng)(all, times);
}
