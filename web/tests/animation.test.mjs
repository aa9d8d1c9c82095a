// Animations of moving dots. With DOTS, a path, it writes DOTS.gif, DOTS.png and DOTS.raw, the levels, for Pillow to read,
// and DOTS.webp of the pictures that Pillow wrote to DOTS-0.webp, DOTS-1.webp, ….

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { encodeApng, encodeGif, InputError, joinWebp } from "../src/index.js";

const SIDE = 96;
const { DOTS } = process.env;

function frame(index, clear) {
  const data = new Uint8ClampedArray(4 * SIDE * SIDE);
  for (let i = 0; i < SIDE * SIDE; i++) {
    const x = i % SIDE, y = Math.floor(i / SIDE), inside = Math.hypot(x - 20 - 9 * index, y - 48) < 18;
    data.set(inside ? [230, 120 + y, 40, 255] : [2 * x, 2 * y, 90, clear ? 0 : 255], 4 * i);
  }
  return { width: SIDE, height: SIDE, data };
}

const frames = Array.from({ length: 6 }, (_, index) => frame(index, process.env.CLEAR === "1"));
const seconds = [0.5, 0.033, 0.033, 0.033, 0.033, 0.5];

describe("a GIF", () => {
  it("is written whole", () => {
    const gif = encodeGif(frames, seconds);
    assert.equal(new TextDecoder().decode(gif.subarray(0, 6)), "GIF89a");
    assert.equal(gif.at(-1), 0x3b);
    if (!DOTS) return;
    writeFileSync(`${DOTS}.gif`, gif);
    writeFileSync(`${DOTS}.raw`, Buffer.concat(frames.map(({ data }) => Buffer.from(data))));
  });
  it("needs frames of one size, and times that players show", () => {
    assert.throws(() => encodeGif([], []), InputError);
    assert.throws(() => encodeGif([frames[0], { width: 1, height: 1, data: new Uint8ClampedArray(4) }], [1, 1]), InputError);
    assert.throws(() => encodeGif(frames, [1]), InputError);
    assert.throws(() => encodeGif([frames[0]], [0.01]), /from 0\.02 to 600, not 0\.01/);
  });
});

describe("an animated PNG", () => {
  it("is written whole", async () => {
    const png = await encodeApng(frames, seconds);
    assert.equal(new TextDecoder().decode(png.subarray(-8, -4)), "IEND");
    if (DOTS) writeFileSync(`${DOTS}.png`, png);
  });
  it("needs frames of one size, and times", async () => {
    await assert.rejects(encodeApng([], []), InputError);
    await assert.rejects(encodeApng(frames, [1]), InputError);
    await assert.rejects(encodeApng([frames[0]], [0]), /from 0\.001 to 60, not 0/);
  });
});

describe("an animated WebP", () => {
  /** A lossless picture of one pixel. */
  const pixel = Uint8Array.from(atob("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=="), (letter) => letter.charCodeAt(0));
  it("is joined from pictures", () => {
    const pictures = DOTS ? frames.map((_, i) => readFileSync(`${DOTS}-${i}.webp`)) : frames.map(() => pixel);
    const webp = joinWebp(pictures, seconds);
    assert.equal(new DataView(webp.buffer).getUint32(4, true), webp.length - 8);
    if (DOTS) writeFileSync(`${DOTS}.webp`, webp);
  });
  it("needs pictures of one size, and times", () => {
    assert.throws(() => joinWebp([], []), InputError);
    assert.throws(() => joinWebp([pixel], []), InputError);
    assert.throws(() => joinWebp([pixel.subarray(0, 12)], [1]), /a frame is no WebP picture/);
    assert.throws(() => joinWebp([new Uint8Array(3)], [1]), /a frame is no WebP picture/);
    assert.throws(() => joinWebp([pixel], [0]), /from 0\.001 to 60, not 0/);
  });
});
