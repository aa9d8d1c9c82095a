// Compares the package with what Python says: golden.py wrote golden.json, or the file that GOLDEN names.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { before, describe, it } from "node:test";
import { CheerMeUp } from "../src/index.js";
import { assertClose, filesOf, projected } from "./golden.mjs";

const GOLDEN = process.env.GOLDEN ?? fileURLToPath(new URL("golden.json", import.meta.url));
const STRIDE = 997;

/** Differences that are no mistakes: float32 graphs on another machine, and readings of pictures off by a level. */
const LATENT = 1e-4, LEVEL = 1, READING = 0.02;

const levels = (pictures) => pictures.map(({ data }) => Array.from(data).filter((_, i) => i % STRIDE === 0));

for (const [bundle, golden] of Object.entries(JSON.parse(readFileSync(GOLDEN, "utf8")))) {
  describe(bundle, () => {
    let app, z;
    before(async () => {
      app = await CheerMeUp.open(filesOf(bundle));
      z = await app.sample(golden.faces, golden.seed);
    });

    it("has the names and sizes that Python reads", () => {
      for (const key of ["emotions", "characters", "drawnCharacters", "attributes", "methods", "latentDim", "imageSize"]) {
        assert.deepEqual(app[key], golden[key], key);
      }
    });

    it("samples the same latents", async () => {
      assertClose(projected(z), golden.sample, LATENT, "sample");
      const far = await app.sample(golden.faces, BigInt(golden.far.seed));
      assertClose(projected(far), golden.far.sample, LATENT, "largest seed");
      const [, second] = await app.sample(2, golden.seed);
      assert.deepEqual(second, (await app.sample(3, golden.seed))[1]);
    });

    it("moves them to the same places", async () => {
      assert.ok(golden.moves.length >= 9 * golden.methods.length);
      for (const { mix, options, moved } of golden.moves) {
        const found = await app.move(z, mix, options);
        assertClose(projected(found), moved, LATENT, JSON.stringify([mix, options]));
      }
    });

    it("returns latents as they are at strength 0", async () => {
      assert.deepEqual(await app.move(z, { [app.emotions[0]]: 0 }), z);
    });

    it("draws and reads the same pictures", async () => {
      const { mix, ...expected } = golden.pictures;
      const pictures = await app.render(await app.move(z, mix));
      assertClose(levels(pictures), expected.levels, LEVEL, "levels");
      const scores = await app.classify(pictures);
      assertClose(scores.emotion, expected.emotion, READING, "emotion");
      assertClose(scores.character, expected.character, READING, "character");
    });

    it("walks through the same frames", async () => {
      const frames = [];
      const { emotion, steps } = golden.walk;
      for await (const frame of app.walk(z, emotion, { steps, easing: "smooth" })) frames.push(levels(frame));
      assert.equal(frames.length, steps);
      frames.forEach((frame, i) => assertClose(frame, golden.walk.levels[i], LEVEL, `frame ${i}`));
    });

    it("follows the same timeline", async () => {
      const { text, fps, levels: expected } = golden.timeline, frames = [];
      for await (const frame of app.timeline(z, text, { fps })) frames.push(levels(frame));
      assert.equal(frames.length, expected.length);
      frames.forEach((frame, i) => assertClose(frame, expected[i], LEVEL, `frame ${i}`));
      const pairs = [[0, {}], [0.3, { [app.emotions[0]]: 0.8 }], [0.5, { [app.emotions[1]]: 1, [app.emotions[2]]: -0.5 }]];
      let count = 0;
      for await (const frame of app.timeline(z, pairs, { fps })) assert.deepEqual(levels(frame), frames[count++]);
      assert.equal(count, frames.length);
    });

    it("answers calls that are made at the same time", async () => {
      const [name] = app.emotions, half = await app.move(z, { [name]: 0.5 });
      const calls = [
        () => app.render(z), () => app.move(z, { [name]: 0.5 }), () => app.render(half), () => app.sample(3, 9),
        async () => app.classify(await app.render(half)),
      ];
      const one = [];
      for (const call of calls) one.push(await call());
      assert.deepEqual(await Promise.all(calls.map((call) => call())), one);
    });

    it("draws without a background where Python does", { skip: !golden.clear }, async () => {
      assertClose(levels(await app.render(z, { background: null })), golden.clear, LEVEL, "clear");
      assertClose(levels(await app.render(z, { background: "#ff0000" })), golden.red, LEVEL, "red");
    });

    it("draws with the quick generator", { skip: !golden.int8 }, async () => {
      const quick = await CheerMeUp.open(filesOf(bundle), { precision: "int8" });
      assertClose(levels(await quick.render(z)), golden.int8, LEVEL, "int8");
    });
  });
}
