// Finds the face in a picture, and the latent that draws it: where it lies, how it looks, and how well both fit.

import { averaged } from "../transparency.js";
import { near } from "./view.js";

/** First and last step of the search for the place of a face, as shares of its side. */
const FIRST_STEP = 0.08, LAST_STEP = 0.01;
/** Largest number of rounds of the search. A round tries six places. */
const MOST_ROUNDS = 20;
/** Least share of a place that lies in the picture, for the search. A face could be drawn well over little of it. */
const LEAST_INSIDE = 0.6;

/**
 * What takes pictures to latents and back.
 *
 * @typedef {object} Codec
 * @property {number} size side of its pictures, which are lists of red, green and blue
 * @property {number[]} behind the colour behind faces
 * @property {(pictures: Uint8Array[]) => Promise<Float32Array[]>} encode
 * @property {(z: Float32Array[]) => Promise<Uint8Array[]>} draw
 */

/**
 * A face that was looked for at one place: its latent, what the picture shows there, the face that the latent draws,
 * which pixels lie in the picture, and the mean squared difference there, where levels are from 0 to 1.
 *
 * @typedef {{place: import("./view.js").Place, z: Float32Array, seen: Uint8Array, drawn: Uint8Array, inside: Uint8Array,
 *   error: number}} Found
 */

/**
 * The face at that one of some places where it is drawn best.
 *
 * @param {import("./view.js").View} view
 * @param {import("./view.js").Place[]} places
 * @param {Codec} codec
 * @returns {Promise<Found>}
 */
export async function look(view, places, codec) {
  let seen = places.map((place) => averaged(view.square(place, codec.size, codec.behind), codec.size));
  const inside = places.map((place) => view.inside(place, codec.size));
  let z = await codec.encode(seen), drawn = await codec.draw(z);
  if (!inside.every((pixels) => pixels.every(Boolean))) {
    // What lies beyond the picture is not known. It is taken from the face that the rest shows.
    const filled = () => seen.map((one, i) => one.map((level, j) => (inside[i][Math.floor(j / 3)] ? level : drawn[i][j])));
    seen = filled();
    z = await codec.encode(seen);
    drawn = await codec.draw(z);
    seen = filled();
  }
  const found = places.map((place, i) => ({
    place, z: z[i], seen: seen[i], drawn: drawn[i], inside: inside[i], error: difference(seen[i], drawn[i], inside[i]),
  }));
  return found.reduce((best, one) => (one.error < best.error ? one : best));
}

/** The face at the place near `start` where it is drawn best: a pattern search over place and size. */
export async function searched(view, start, codec) {
  let best = start, step = FIRST_STEP;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const least = Math.min(LEAST_INSIDE, mean(best.inside));
    const places = near(best.place, step).filter((place) => mean(view.inside(place, codec.size)) >= least);
    const found = places.length ? await look(view, places, codec) : best;
    if (found.error < best.error) {
      best = found;
      continue;
    }
    step /= 2;
    if (step < LAST_STEP) break;
  }
  return best;
}

/** Share of a normal distribution above a value. */
export const shareAbove = (value, average, deviation) => 0.5 * erfc((value - average) / (deviation * Math.SQRT2));

/** Complementary error function, within 1.2e-7 of its value (Press and others, Numerical Recipes, section 6.2). */
function erfc(x) {
  const t = 1 / (1 + Math.abs(x) / 2);
  const terms = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
    0.17087277,
  ];
  const value = t * Math.exp(-x * x + terms.reduceRight((sum, term) => term + t * sum, 0));
  return x >= 0 ? value : 2 - value;
}

const mean = (flags) => flags.reduce((sum, flag) => sum + flag, 0) / flags.length;

function difference(seen, drawn, inside) {
  let sum = 0;
  for (let i = 0; i < seen.length; i++) if (inside[Math.floor(i / 3)]) sum += ((seen[i] - drawn[i]) / 255) ** 2;
  return sum / seen.length / Math.max(mean(inside), 1e-3);
}
