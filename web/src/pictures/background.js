// What is behind the character of a picture: nothing, or a plain colour. Where the character stands out from it.

import { reduced, resized } from "./resampling.js";

/** Largest alpha (of 255) of background. Soft edges and shadows hardly show there. */
const CLEAR = 16;
/** Largest difference of background from its colour, in any channel. JPEG causes this much. */
export const NOISE = 40;
/** By this factor, what is cut out beyond a picture may be larger than what it becomes. */
const FINE = 8;
/** Share of the edges that must have one colour for a plain background. Shoulders may touch the lower edge. */
const PLAIN = 0.6;

/** Whether all, some or no pixels of a picture can be seen through: `solid`, `partly` or `clear`. */
export function transparency({ data }) {
  let most = 0, least = 255;
  for (let i = 3; i < data.length; i += 4) {
    if (data[i] > most) most = data[i];
    if (data[i] < least) least = data[i];
  }
  return most === 0 ? "clear" : least === 255 ? "solid" : "partly";
}

/** For each channel, the levels at the upper, left and right edges. Figures often touch the lower edge. */
export function edgeLevels({ width, height, data }) {
  const places = Array.from({ length: width }, (_, x) => x);
  for (let y = 0; y < height; y++) places.push(y * width, (y + 1) * width - 1);
  return [0, 1, 2].map((channel) => places.map((place) => data[4 * place + channel]));
}

/** The middle one of numbers, or the mean of the two in the middle. */
export function median(values) {
  const sorted = Float64Array.from(values).sort(), half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** The colour that most of the edges of an opaque picture have, or null. */
export function plainBackground(picture) {
  const edges = edgeLevels(picture), colour = edges.map(median);
  const alike = edges[0].filter((_, i) => colour.every((level, c) => Math.abs(edges[c][i] - level) <= NOISE));
  return alike.length / edges[0].length >= PLAIN ? colour : null;
}

/**
 * The box of the character: left, top, right and bottom in pixels, the last two outside. It is the whole picture if
 * nothing tells the character from what is behind.
 */
export function contentBox(picture) {
  const { width, height, data } = picture, kind = transparency(picture);
  if (kind === "clear") return [0, 0, width, height];
  if (kind === "partly") return boxOf(width, height, (i) => data[i + 3] > CLEAR);
  const colour = plainBackground(picture);
  if (!colour) return [0, 0, width, height];
  return boxOf(width, height, (i) => colour.some((level, channel) => Math.abs(data[i + channel] - level) > NOISE));
}

function boxOf(width, height, shows) {
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!shows(4 * (y * width + x))) continue;
      [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x + 1), y + 1];
    }
  }
  return right ? [left, top, right, bottom] : [0, 0, width, height];
}

/**
 * A square of a picture, `size` pixels squared, RGBA. Beyond the picture is `behind`; null is the colour of its edges.
 *
 * @param {import("../transparency.js").Picture} picture
 * @param {number[]} box left, top, right and bottom
 * @param {number} size
 * @param {number[] | null} behind RGBA
 */
export function square(picture, box, size, behind) {
  if (box[0] >= 0 && box[1] >= 0 && box[2] <= picture.width && box[3] <= picture.height) {
    return resized(picture, box, size, size);
  }
  const factor = Math.trunc((box[2] - box[0]) / (FINE * size));
  // Else the square around a panorama could take gigabytes.
  const small = factor > 1 ? reduced(picture, factor) : picture, edges = factor > 1 ? box.map((edge) => edge / factor) : box;
  const colour = behind ?? [...edgeLevels(small).map((levels) => Math.trunc(median(levels))), 255];
  const [x, y] = [Math.floor(edges[0]), Math.floor(edges[1])];
  const padded = onColour(small, x, y, Math.ceil(edges[2]) - x, Math.ceil(edges[3]) - y, colour);
  return resized(padded, [edges[0] - x, edges[1] - y, edges[2] - x, edges[3] - y], size, size);
}

/** What a window of a picture shows, with a colour where it reaches beyond the picture. */
function onColour(picture, left, top, width, height, colour) {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < data.length; i++) data[i] = colour[i & 3];
  const from = Math.max(left, 0), to = Math.min(left + width, picture.width);
  for (let y = Math.max(top, 0); from < to && y < Math.min(top + height, picture.height); y++) {
    const row = picture.data.subarray(4 * (y * picture.width + from), 4 * (y * picture.width + to));
    data.set(row, 4 * ((y - top) * width + from - left));
  }
  return { width, height, data };
}
