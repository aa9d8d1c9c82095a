// Write animated PNGs: all colours and soft edges, in larger files than GIFs.

import { joined } from "../bytes.js";
import { checkFrames } from "./frames.js";

const LEAST_DELAY = 0.001;
const MAX_DELAY = 60;
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const DEPTH = 8, RGBA = 6;
/** The filter of each row: a byte is written as the difference from the one above it. */
const UP = 2;
/** A frame takes the place of all that was there. */
const KEEP = 0, REPLACE = 0;

const CHECKSUMS = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

/**
 * An animated PNG that repeats for ever.
 *
 * @param {import("../transparency.js").Picture[]} frames all of one size
 * @param {number[]} seconds for which each frame is shown
 * @returns {Promise<Uint8Array>}
 */
export async function encodeApng(frames, seconds) {
  checkFrames("an animation", frames, seconds, LEAST_DELAY, MAX_DELAY);
  const [{ width, height }] = frames;
  const parts = [
    Uint8Array.from(SIGNATURE),
    chunk("IHDR", [...long(width), ...long(height), DEPTH, RGBA, 0, 0, 0]),
    chunk("acTL", [...long(frames.length), ...long(0)]), // repeats for ever
  ];
  let number = 0;
  for (const [i, frame] of frames.entries()) {
    const delay = [...short(Math.round(1000 * seconds[i])), ...short(1000)];
    const place = [...long(width), ...long(height), ...long(0), ...long(0)];
    parts.push(chunk("fcTL", [...long(number++), ...place, ...delay, KEEP, REPLACE]));
    const content = await deflated(rows(frame));
    // Programs without animations show the first frame, which is that of a plain PNG.
    parts.push(i === 0 ? chunk("IDAT", content) : chunk("fdAT", [...long(number++)], content));
  }
  parts.push(chunk("IEND", []));
  return joined(parts);
}

function rows({ width, height, data }) {
  const stride = 4 * width, found = new Uint8Array(height * (stride + 1));
  for (let y = 0; y < height; y++) {
    const start = y * (stride + 1);
    found[start] = UP;
    for (let i = 0; i < stride; i++) {
      const place = y * stride + i;
      found[start + 1 + i] = data[place] - (y > 0 ? data[place - stride] : 0);
    }
  }
  return found;
}

async function deflated(content) {
  const stream = new Blob([content]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const short = (value) => [value >> 8, value & 255];
const long = (value) => [...short(value >>> 16), ...short(value & 0xffff)];

function chunk(type, ...contents) {
  const named = joined([new TextEncoder().encode(type), ...contents]);
  let sum = 0xffffffff;
  for (const byte of named) sum = CHECKSUMS[(sum ^ byte) & 255] ^ (sum >>> 8);
  return joined([long(named.length - 4), named, long(~sum >>> 0)]);
}
