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
  for (let y = y0; y < y1; y++) {
    const shown = fade.row(y - y0, 0, x1 - x0), taken = replaced.row(y - y0, 0, x1 - x0);
    const [from, to] = used(shown, taken);
    if (from === to) continue;
    const rows = [added, drawn].map((planes) => planes.map((one) => one.row(y - y0, from, to)));
    blendRow(data.subarray(4 * (y * width + x0), 4 * (y * width + x1)), from, to, shown, taken, ...rows);
  }
  return { width, height, data };
}

/** From the first to the last place at which one of two masks is above 0. */
function used(one, other) {
  let from = 0, to = one.length;
  while (from < to && !(one[from] > 0 || other[from] > 0)) from++;
  while (to > from && !(one[to - 1] > 0 || other[to - 1] > 0)) to--;
  return [from, to];
}

/** Blend a row of RGBA levels where they lie, from one place to another. */
function blendRow(levels, from, to, shown, taken, added, drawn) {
  const mixed = new Float64Array(4);
  for (let x = from, i = 4 * from; x < to; x++, i += 4) {
    const fade = shown[x], replaced = taken[x], alpha = levels[i + 3];
    if (!(fade > 0 || replaced > 0)) continue;
    for (let c = 0; c < 4; c++) {
      const own = c === 3 ? alpha : (levels[i + c] * alpha) / 255;
      mixed[c] = Math.min(Math.max(own + fade * added[c][x] - replaced * (own - drawn[c][x]), 0), 255);
    }
    if (!alpha && mixed[3] <= 0.5) continue; // what was clear and stays so keeps the colour that nobody sees
    const scale = 255 / Math.max(mixed[3], 1);
    for (let c = 0; c < 3; c++) levels[i + c] = mixed[c] * scale;
    levels[i + 3] = mixed[3];
  }
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
    this.#narrow = Array.from({ length: padded }, (_, y) => {
      const row = Float32Array.from({ length: padded }, (_, x) => plane[inside(y) * size + inside(x)]);
      return weighed(columns, row);
    });
  }

  /** The numbers of a row from one place to another; those outside are 0. */
  row(y, from, to) {
    const { first, weights } = this.#rows[y], row = new Float32Array(this.#width);
    for (let i = 0; i < weights.length; i++) {
      const narrow = this.#narrow[first + i], weight = weights[i];
      for (let x = from; x < to; x++) row[x] += weight * narrow[x];
    }
    return row;
  }
}

function weighed(columns, row) {
  const sums = new Float32Array(columns.length);
  for (let x = 0; x < sums.length; x++) {
    const { first, weights } = columns[x];
    let sum = 0;
    for (let i = 0; i < weights.length; i++) sum += weights[i] * row[first + i];
    sums[x] = sum;
  }
  return sums;
}
