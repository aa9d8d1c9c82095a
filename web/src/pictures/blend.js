// Puts the change of a drawn face into a picture. Where nothing changes, the picture keeps every bit.

import { BICUBIC, BILINEAR, taps } from "./resampling.js";

/** Changes of the drawn face in levels: smaller ones are left out, larger ones count in full. */
const FADE_IN = [8, 16];
/** The same for what the drawing lacks. Where a face changes, the picture's own details belong to the face before. */
const REPLACE = [8, 20];
/** Width of the edge, as a share of the side, in which the change fades out where the picture goes on. */
const SEAM = 0.06;
/** Pixels around a drawn face, so that filters find some beyond its edges. */
const EDGE = 2;

/**
 * A picture with the change from the drawn face `before` to `after`, both of one size, RGBA as the picture. Where the
 * change is small, it is added to the picture. Where it is large, the drawn face takes its place.
 *
 * @param {import("../transparency.js").Picture} picture
 * @param {import("./view.js").Place} place where the face lies
 * @param {import("../transparency.js").Picture} before
 * @param {import("../transparency.js").Picture} after
 * @returns {import("../transparency.js").Picture}
 */
export function blended(picture, place, before, after) {
  const { width, height } = picture, data = picture.data.slice(), [left, top, side] = place;
  const x0 = Math.max(Math.floor(left), 0), x1 = Math.min(Math.ceil(left + side), width);
  const y0 = Math.max(Math.floor(top), 0), y1 = Math.min(Math.ceil(top + side), height);
  if (x0 >= x1 || y0 >= y1) return { width, height, data };
  const size = before.width, old = planes(before), changes = planes(after).map((plane, c) => plane.map((level, i) => level - old[c][i]));
  const strength = spread(changes, size), seam = seams(place, width, height, size);
  const window = { left: x0 - left, top: y0 - top, right: x1 - left, bottom: y1 - top };
  const large = (plane, filter = BICUBIC) => new Enlarged(plane, size, window, side, filter);
  const masked = (ramp) => large(strength.map((value, i) => smooth(value, ...ramp) * seam[i]), BILINEAR);
  const fade = masked(FADE_IN), replaced = masked(REPLACE);
  const added = changes.map((plane) => large(plane)), drawn = old.map((plane) => large(plane));
  const mixed = new Float64Array(4);
  for (let y = y0; y < y1; y++) {
    const shown = fade.row(y - y0), taken = replaced.row(y - y0);
    const add = added.map((one) => one.row(y - y0)), draw = drawn.map((one) => one.row(y - y0));
    for (let x = 0; x < x1 - x0; x++) {
      if (!(shown[x] > 0 || taken[x] > 0)) continue;
      const start = 4 * (y * width + x0 + x), alpha = picture.data[start + 3];
      for (let c = 0; c < 4; c++) {
        const own = c === 3 ? alpha : (picture.data[start + c] * alpha) / 255;
        mixed[c] = Math.min(Math.max(own + shown[x] * add[c][x] - taken[x] * (own - draw[c][x]), 0), 255);
      }
      if (!alpha && mixed[3] <= 0.5) continue; // what was clear and stays so keeps the colour that nobody sees
      for (let c = 0; c < 3; c++) data[start + c] = (mixed[c] * 255) / Math.max(mixed[3], 1);
      data[start + 3] = mixed[3];
    }
  }
  return { width, height, data };
}

/** Red, green, blue and alpha as numbers. Colours are multiplied by alpha. */
function planes({ data }) {
  const one = (c) => Float32Array.from({ length: data.length / 4 }, (_, i) =>
    c === 3 ? data[4 * i + 3] : (data[4 * i + c] * data[4 * i + 3]) / 255);
  return [0, 1, 2, 3].map(one);
}

/** 0 below `low`, 1 above `high`, and a smooth step between. */
function smooth(value, low, high) {
  const share = Math.min(Math.max((value - low) / (high - low), 0), 1);
  return share * share * (3 - 2 * share);
}

/** The largest change within a pixel around each, so that a mask covers the edges of what changes. */
function spread(changes, size) {
  const largest = changes[0].map((_, i) => Math.max(...changes.map((plane) => Math.abs(plane[i]))));
  return largest.map((_, i) => {
    let most = 0;
    for (let y = Math.floor(i / size) - 1, end = y + 3; y < end; y++) {
      for (let x = (i % size) - 1, last = x + 3; x < last; x++) {
        if (x >= 0 && y >= 0 && x < size && y < size) most = Math.max(most, largest[y * size + x]);
      }
    }
    return most;
  });
}

/** A mask that is 1, and falls to 0 at those edges of the square beyond which the picture goes on. */
function seams([left, top, side], width, height, size) {
  const along = (start, length) => Float32Array.from({ length: size }, (_, i) => {
    const share = (i + 0.5) / size;
    return (start > 0.5 ? smooth(share, 0, SEAM) : 1) * (start + side < length - 0.5 ? smooth(1 - share, 0, SEAM) : 1);
  });
  const across = along(left, width), down = along(top, height);
  return Float32Array.from({ length: size * size }, (_, i) => across[i % size] * down[Math.floor(i / size)]);
}

/** The part of a drawn plane that a window of the picture shows, row by row, in pixels of the picture. */
class Enlarged {
  #narrow;
  #rows;
  #width;

  constructor(plane, size, { left, top, right, bottom }, side, filter) {
    const padded = size + 2 * EDGE, edge = (value) => Math.min(Math.max((value * size) / side + EDGE, 0), padded);
    this.#width = Math.round(right - left);
    const columns = taps(padded, edge(left), edge(right), this.#width, filter);
    this.#rows = taps(padded, edge(top), edge(bottom), Math.round(bottom - top), filter);
    const inside = (place) => Math.min(Math.max(place - EDGE, 0), size - 1);
    this.#narrow = Array.from({ length: padded }, (_, y) => Float32Array.from(columns, ({ first, weights }) =>
      weights.reduce((sum, weight, i) => sum + weight * plane[inside(y) * size + inside(first + i)], 0)));
  }

  row(y) {
    const { first, weights } = this.#rows[y], row = new Float32Array(this.#width);
    for (let i = 0; i < weights.length; i++) {
      const narrow = this.#narrow[first + i];
      for (let x = 0; x < row.length; x++) row[x] += weights[i] * narrow[x];
    }
    return row;
  }
}
