// `View`: a picture of one's own, what of it is behind the character, and squares of it.

import { InputError } from "../errors.js";
import { over } from "../transparency.js";
import { shown } from "../validation.js";
import { contentBox, NOISE, plainBackground, square, transparency } from "./background.js";
import { reduced } from "./resampling.js";

/** Ratio of the sides above which a picture is far from square. Its middle square then leaves out a fifth or more. */
export const FAR = 1.25;
/** In larger pictures, the character is looked for in fewer pixels. */
const LOOKED_AT = 512;
/** Largest side of a picture in pixels. */
const MAX_SIDE = 16_384;
/** Difference from a background below which it is not painted over. */
const ALIKE = 2;

/** @typedef {[number, number, number]} Place left and top of a square, and its side, in pixels; it may lie partly outside */

export class View {
  #plain;
  #content;

  /** @param {import("../transparency.js").Picture} picture */
  constructor(picture) {
    this.picture = checked(picture);
    const kind = transparency(picture);
    if (kind === "clear") throw new InputError("cannot use the picture: transparent all over, it shows nothing");
    /** Whether parts of the picture are transparent. */
    this.clear = kind === "partly";
  }

  /** The colour behind the character, if the edges of an opaque picture have one; else null. */
  get plain() {
    this.#plain ??= { colour: this.clear ? null : (plainBackground(this.picture)?.map(Math.trunc) ?? null) };
    return this.#plain.colour;
  }

  /** The box of the character; the whole picture if nothing tells it from what is behind. */
  get content() {
    if (this.#content) return this.#content;
    const { width, height } = this.picture, factor = Math.max(1, Math.floor(Math.max(width, height) / LOOKED_AT));
    const box = contentBox(factor > 1 ? reduced(this.picture, factor) : this.picture);
    const [left, top, right, bottom] = box.map((edge) => edge * factor);
    return (this.#content = [left, top, Math.min(right, width), Math.min(bottom, height)]);
  }

  /** Which pixels of a square, `size` pixels squared, lie in the picture; 1 or 0 for each. */
  inside([left, top, side], size) {
    const { width, height } = this.picture;
    const middles = Array.from({ length: size }, (_, i) => ((i + 0.5) * side) / size);
    const across = middles.map((x) => left + x >= 0 && left + x <= width);
    const down = middles.map((y) => top + y >= 0 && top + y <= height);
    return Uint8Array.from({ length: size * size }, (_, i) => across[i % size] && down[Math.floor(i / size)]);
  }

  /**
   * A square of the picture over a colour, `size` pixels squared. A plain background of another colour is painted over,
   * as far as it reaches in from the edges of the square.
   */
  square([left, top, side], size, behind) {
    const box = [left, top, left + side, top + side];
    if (this.clear) return over(square(this.picture, box, size, [0, 0, 0, 0]), behind);
    const cut = square(this.picture, box, size, this.plain && [...this.plain, 255]);
    if (!this.plain || this.plain.every((level, c) => Math.abs(level - behind[c]) <= ALIKE)) return cut;
    return repainted(cut, this.plain, behind);
  }
}

function checked(picture) {
  const { width, height, data } = picture ?? {};
  if (!Number.isSafeInteger(width) || !Number.isSafeInteger(height) || width < 1 || data?.length !== 4 * width * height) {
    throw new InputError(`a picture is { width, height, data } in RGBA, as ImageData is, not ${shown(picture)}`);
  }
  if (Math.max(width, height) > MAX_SIDE) {
    throw new InputError(`a picture has at most ${MAX_SIDE} pixels on a side, not ${Math.max(width, height)}`);
  }
  return picture;
}

/**
 * A square whose plain background has another colour, up to where the character begins. Pixels at the edge of the
 * character are mixtures with the background; they change by their share of it.
 */
function repainted({ width, height, data }, plain, behind) {
  const painted = data.slice(), reached = new Uint8Array(width * height), next = [];
  const distance = (place) => Math.max(...plain.map((level, channel) => Math.abs(data[4 * place + channel] - level)));
  const visit = (x, y) => {
    const place = y * width + x;
    if (x < 0 || y < 0 || x >= width || y >= height || reached[place] || distance(place) > NOISE) return;
    reached[place] = 1;
    next.push(place);
  };
  for (let i = 0; i < width; i++) [visit(i, 0), visit(i, height - 1)];
  for (let i = 0; i < height; i++) [visit(0, i), visit(width - 1, i)];
  while (next.length) {
    const place = next.pop(), x = place % width, y = Math.floor(place / width), share = 1 - distance(place) / (2 * NOISE);
    plain.forEach((level, c) => (painted[4 * place + c] = data[4 * place + c] + share * (behind[c] - level)));
    for (const [right, down] of [[-1, 0], [1, 0], [0, -1], [0, 1]]) visit(x + right, y + down);
  }
  return { width, height, data: painted };
}

/** The middle square of a picture. */
export function whole({ width, height }) {
  const side = Math.min(width, height);
  return [(width - side) / 2, (height - side) / 2, side];
}

/** The square with the middle of a box (left, top, width, height) and its longer side. */
export function around([left, top, width, height]) {
  const side = Math.max(width, height);
  return [left + (width - side) / 2, top + (height - side) / 2, side];
}

/**
 * The squares in which a character lies as in the usual face: by its width, and by its height.
 *
 * @param {number[]} content left, top, right and bottom of the character, in pixels
 * @param {number[]} usual those of faces, in shares of their side
 */
export function fitted([left, top, right, bottom], usual) {
  const middle = (usual[0] + usual[2]) / 2;
  const sides = [(right - left) / (usual[2] - usual[0]), (bottom - top) / (usual[3] - usual[1])];
  return sides.map((side) => [(left + right) / 2 - middle * side, top - usual[1] * side, side]);
}

/** Six squares about one: shifted by a share of its side, smaller and larger. */
export function near([left, top, side], step) {
  const shift = step * side, larger = side * (1 + step), smaller = side / (1 + step);
  return [
    [left - shift, top, side], [left + shift, top, side], [left, top - shift, side], [left, top + shift, side],
    [left + (side - larger) / 2, top + (side - larger) / 2, larger],
    [left + (side - smaller) / 2, top + (side - smaller) / 2, smaller],
  ];
}
