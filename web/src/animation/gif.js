// Write animated GIFs (GIF89a): one palette for all frames, no dithering, which crawls, and only what changes.

import { checkFrames } from "./frames.js";
import { Palette } from "./palette.js";

/** Players replace delays under 2 hundredths of a second by 10. */
const LEAST_DELAY = 0.02;
const MAX_DELAY = 600;
/** Index of clear pixels, and of those that stay as they are. */
const CLEAR = 255;
const CODE_BITS = 8;
const LONGEST_CODE = 12;
const KEEP_FRAME = 1, REMOVE_FRAME = 2;

/**
 * A GIF that repeats for ever.
 *
 * Pixels are clear or solid: those with alpha below 128 are clear.
 *
 * @param {import("../transparency.js").Picture[]} frames all of one size
 * @param {number[]} seconds for which each frame is shown, at least 0.02
 * @returns {Uint8Array}
 */
export function encodeGif(frames, seconds) {
  checkFrames("a GIF", frames, seconds, LEAST_DELAY, MAX_DELAY);
  const palette = new Palette(frames, CLEAR);
  const clear = frames.some(({ data }) => data.some((level, i) => i % 4 === 3 && level < 128));
  const out = [];
  header(out, frames[0], palette.colours);
  let before = null, spent = 0, written = 0;
  frames.forEach((frame, index) => {
    spent += seconds[index];
    const delay = Math.round(100 * spent) - written; // what rounding took from one frame, the next one gets
    written += delay;
    const indices = indexed(frame, palette);
    const box = clear || !before ? { x: 0, y: 0, ...sizeOf(frame) } : changes(before, indices, frame);
    control(out, delay, clear ? REMOVE_FRAME : KEEP_FRAME);
    image(out, box, part(indices, clear ? null : before, box, frame.width));
    before = indices;
  });
  out.push(0x3b);
  return Uint8Array.from(out);
}

const sizeOf = ({ width, height }) => ({ width, height });
const short = (out, value) => out.push(value & 255, value >> 8);
const text = (out, letters) => out.push(...new TextEncoder().encode(letters));

function header(out, { width, height }, colours) {
  text(out, "GIF89a");
  short(out, width);
  short(out, height);
  out.push(0xf7, CLEAR, 0); // a palette of 256 colours
  for (let i = 0; i < 256; i++) out.push(...(colours[i] ?? [0, 0, 0]));
  out.push(0x21, 0xff, 11);
  text(out, "NETSCAPE2.0");
  out.push(3, 1, 0, 0, 0); // repeats for ever
}

function control(out, delay, disposal) {
  out.push(0x21, 0xf9, 4, (disposal << 2) | 1);
  short(out, delay);
  out.push(CLEAR, 0);
}

function image(out, { x, y, width, height }, indices) {
  out.push(0x2c);
  for (const value of [x, y, width, height]) short(out, value);
  out.push(0, CODE_BITS);
  const codes = compressed(indices);
  for (let i = 0; i < codes.length; i += 255) {
    const block = codes.slice(i, i + 255);
    out.push(block.length, ...block);
  }
  out.push(0);
}

function indexed({ data }, palette) {
  const indices = new Uint8Array(data.length / 4);
  for (let i = 0, j = 0; i < indices.length; i++, j += 4) {
    indices[i] = data[j + 3] < 128 ? CLEAR : palette.nearest(data[j], data[j + 1], data[j + 2]);
  }
  return indices;
}

/** The smallest box that holds all pixels that change; at least one pixel. */
function changes(before, indices, { width, height }) {
  let left = width, right = 0, top = height, bottom = 0;
  indices.forEach((value, i) => {
    if (value === before[i]) return;
    const x = i % width, y = (i - x) / width;
    [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
  });
  if (left > right) return { x: 0, y: 0, width: 1, height: 1 };
  return { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/** The pixels of a box; those that are as they were before are clear. */
function part(indices, before, { x, y, width, height }, stride) {
  const found = new Uint8Array(width * height);
  for (let i = 0; i < found.length; i++) {
    const place = (y + Math.floor(i / width)) * stride + x + (i % width);
    found[i] = before && indices[place] === before[place] ? CLEAR : indices[place];
  }
  return found;
}

/** LZW codes of variable length, the lowest bit first. */
function compressed(indices) {
  const bytes = [], restart = 1 << CODE_BITS, end = restart + 1;
  let buffer = 0, filled = 0, bits = CODE_BITS + 1, next = end + 1;
  let table = new Map();
  const emit = (code) => {
    buffer |= code << filled;
    filled += bits;
    while (filled >= 8) {
      bytes.push(buffer & 255);
      buffer >>>= 8;
      filled -= 8;
    }
  };
  emit(restart);
  let prefix = indices[0];
  for (let i = 1; i < indices.length; i++) {
    const key = (prefix << 8) | indices[i], code = table.get(key);
    if (code !== undefined) {
      prefix = code;
      continue;
    }
    emit(prefix);
    if (next < 1 << LONGEST_CODE) {
      if (next === 1 << bits) bits++;
      table.set(key, next++);
    } else {
      emit(restart);
      [table, bits, next] = [new Map(), CODE_BITS + 1, end + 1];
    }
    prefix = indices[i];
  }
  emit(prefix);
  emit(end);
  if (filled) bytes.push(buffer & 255);
  return bytes;
}
