// Compares pictures of one's own with what Python says: golden_pictures.py wrote golden_pictures.json, or the file that
// GOLDEN names.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { before, describe, it } from "node:test";
import { inflateSync } from "node:zlib";
import { CheerMeUp, InputError } from "../src/index.js";
import { reduced, resized } from "../src/pictures/resampling.js";
import { assertClose, filesOf, projected } from "./golden.mjs";

const GOLDEN = process.env.GOLDEN ?? fileURLToPath(new URL("golden_pictures.json", import.meta.url));
const STRIDE = 97, LEAST_FIT = 0.001;

/** Differences that are no mistakes: float32 graphs on another machine. `FIT` is relative. */
const LATENT = 1e-3, PIXEL = 0.01, LEVEL = 1, FIT = 0.01;

const unpacked = (text) => Uint8ClampedArray.from(inflateSync(Buffer.from(text, "base64")));

for (const [bundle, { face, side, pictures, resampled }] of Object.entries(JSON.parse(readFileSync(GOLDEN, "utf8")))) {
  describe(bundle, () => {
    let app;
    const colours = unpacked(face);
    before(async () => (app = await CheerMeUp.open(filesOf(bundle))));

    it("resamples as Pillow does, bit for bit", () => {
      const noise = { width: 61, height: 43, data: unpacked(resampled.noise) };
      resampled.boxes.forEach((box, i) => {
        assert.deepEqual(resized(noise, box, 16, 16).data, unpacked(resampled.squares[i]), String(box));
      });
      for (const [factor, means] of Object.entries(resampled.means)) {
        assert.deepEqual(reduced(noise, Number(factor)).data, unpacked(means), factor);
      }
    });

    for (const one of pictures) {
      it(`finds and edits the face in a picture: ${one.name}`, async () => {
        const picture = drawn(colours, side, one.drawing);
        const found = await app.invert(picture, one.options);
        assertClose(projected(found.z), one.z, LATENT, "z");
        assertClose([found.box], [one.box], PIXEL, "box");
        assert.ok(Math.abs(found.fit / one.fit - 1) < FIT, `fit ${found.fit}, not ${one.fit}`);
        assertClose([Array.from(found.residual).filter((_, i) => i % STRIDE === 0)], [one.residual], LEVEL, "residual");
        const edited = await app.editPicture(picture, one.mix, { found, force: true });
        assert.deepEqual([edited.width, edited.height], [picture.width, picture.height]);
        assertClose([sampled(edited)], [one.edited], LEVEL, "edited");
        const count = changes(picture.data, edited.data);
        assert.ok(Math.abs(count - one.changed) <= one.changed / 100, `${count} pixels changed, not ${one.changed}`);
        if (one.fit < LEAST_FIT) await assert.rejects(app.editPicture(picture, one.mix, { found }), InputError);
        else assert.deepEqual((await app.editPicture(picture, one.mix, one.options)).data, edited.data);
      });
    }
  });
}

/** The picture that `drawn` of golden_pictures.py makes. */
function drawn(face, side, { width, height, ground, scale, left, top, disc }) {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < data.length; i++) {
    const x = (i >> 2) % width, y = Math.floor((i >> 2) / width), channel = i & 3;
    if (!ground) {
      data[i] = channel === 3 ? 255 : Number((BigInt(i) * BigInt(i) * 31n + BigInt(i) * 17n) / 7n % 256n);
      continue;
    }
    const column = Math.floor((x - left) / scale), row = Math.floor((y - top) / scale);
    const round = (2 * column - side) ** 2 + (2 * row - side) ** 2 < side * side;
    const inside = column >= 0 && column < side && row >= 0 && row < side && (!disc || round);
    data[i] = inside ? face[4 * (row * side + column) + channel] : ground[channel];
  }
  return { width, height, data };
}

/** Number of pixels that differ. */
function changes(before, after) {
  let count = 0;
  for (let i = 0; i < before.length; i += 4) count += [0, 1, 2, 3].some((c) => before[i + c] !== after[i + c]);
  return count;
}

/** Every so many levels of a picture, as in golden_pictures.py. */
function sampled({ data }) {
  const step = Math.max(1, Math.floor(data.length / 500)) | 1;
  return Array.from({ length: Math.ceil(data.length / step) }, (_, i) => data[i * step]);
}
