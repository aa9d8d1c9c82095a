// Join WebP pictures into an animated WebP. Browsers write the pictures; none writes animations.

import { joined } from "../bytes.js";
import { InputError } from "../errors.js";
import { checkFrames } from "./frames.js";

const LEAST_DELAY = 0.001;
const MAX_DELAY = 60;
/** Flags of the header and of a frame. */
const ANIMATION = 2, ALPHA = 16, REPLACE = 2;
/** Chunks of a picture that belong into a frame. Others, such as colour profiles, are left out. */
const OF_FRAMES = ["ALPH", "VP8 ", "VP8L"];
const HEADER = 12, CHUNK_HEADER = 8;
/** Of the sides of a picture in a lossless and in a lossy one. */
const SIDE_BITS = 14;

/**
 * An animated WebP that repeats for ever.
 *
 * @param {Uint8Array[]} pictures WebP files, all of one size
 * @param {number[]} seconds for which each is shown
 * @returns {Uint8Array}
 */
export function joinWebp(pictures, seconds) {
  const frames = pictures.map(frameOf);
  checkFrames("an animation", frames, seconds, LEAST_DELAY, MAX_DELAY);
  const sides = [...three(frames[0].width - 1), ...three(frames[0].height - 1)];
  const flags = ANIMATION | (frames.some(({ alpha }) => alpha) ? ALPHA : 0);
  const parts = [
    chunk("VP8X", [flags, 0, 0, 0, ...sides]),
    chunk("ANIM", [0, 0, 0, 0, 0, 0]), // nothing behind the faces; repeats for ever
    ...frames.map(({ content }, i) =>
      chunk("ANMF", [...three(0), ...three(0), ...sides, ...three(Math.round(1000 * seconds[i])), REPLACE], content)),
  ];
  return joined([letters("RIFF"), four(4 + parts.reduce((sum, part) => sum + part.length, 0)), letters("WEBP"), ...parts]);
}

/** The size of a picture, whether it has alpha, and its chunks that belong into a frame. */
function frameOf(file) {
  const name = (place) => String.fromCharCode(...file.subarray(place, place + 4));
  if (name(0) !== "RIFF" || name(8) !== "WEBP") throw new InputError("a frame is no WebP picture");
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength), found = { alpha: false }, content = [];
  for (let place = HEADER; place + CHUNK_HEADER < file.length; ) {
    const kind = name(place), start = place + CHUNK_HEADER, length = view.getUint32(place + 4, true);
    const end = start + length + (length & 1);
    if (OF_FRAMES.includes(kind)) content.push(file.subarray(place, end));
    if (kind === "ALPH") found.alpha = true;
    if (kind === "VP8 ") Object.assign(found, { width: side(view, start + 6), height: side(view, start + 8) });
    if (kind === "VP8L") Object.assign(found, lossless(view.getUint32(start + 1, true)));
    place = end;
  }
  if (!found.width) throw new InputError("a frame is no WebP picture");
  return { ...found, content: joined(content) };
}

const side = (view, place) => view.getUint16(place, true) & ((1 << SIDE_BITS) - 1);

const lossless = (bits) => ({
  width: (bits & 0x3fff) + 1, height: ((bits >>> SIDE_BITS) & 0x3fff) + 1, alpha: Boolean((bits >>> (2 * SIDE_BITS)) & 1),
});

const letters = (text) => new TextEncoder().encode(text);
const three = (value) => [value & 255, (value >> 8) & 255, (value >> 16) & 255];
const four = (value) => Uint8Array.from([...three(value), value >>> 24]);

function chunk(name, ...contents) {
  const length = contents.reduce((sum, content) => sum + content.length, 0);
  return joined([letters(name), four(length), ...contents, ...(length & 1 ? [[0]] : [])]);
}
