// Parts of the page that need no browser: links, steps back and forth, and enlarged pictures.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { newestOnly } from "../page/backend.js";
import { enlarged } from "../page/enlarge.js";
import { fromHash, History, toHash } from "../page/state.js";

describe("a link", () => {
  const names = ["joy", "très fâché", "a:b,c=d&e", "hat"];

  it("restores a face, with any names", () => {
    const face = { seed: 12, mix: { joy: 0.25, "très fâché": -0.5, "a:b,c=d&e": 1 }, keep: ["character", "hat"] };
    assert.deepEqual(fromHash(toHash(face), names), face);
  });
  it("of nonsense is the first face", () => {
    for (const hash of ["", "#", "#seed=-1", "#seed=x&mix=&keep=", "#mix=rage:1,joy:x&keep=rage", "#mix=%E0%A4%A:1"]) {
      assert.deepEqual(fromHash(hash, names), { seed: 0, mix: {}, keep: [] });
    }
  });
  it("holds strengths within the sliders", () => {
    assert.deepEqual(fromHash("#seed=3&mix=joy:7,hat:-7", names), { seed: 3, mix: { joy: 1, hat: -1 }, keep: [] });
  });
});

describe("steps", () => {
  const face = (seed) => ({ seed, mix: {}, keep: [] });

  it("go back and forth, and end at a new face", () => {
    const steps = new History(face(0));
    for (const seed of [1, 2, 2, 3]) steps.add(face(seed));
    assert.deepEqual([steps.undo().seed, steps.undo().seed, steps.redo().seed], [2, 1, 2]);
    steps.add(face(9));
    assert.ok(!steps.canRedo);
    assert.deepEqual([1, 2, 3, 4].map(() => steps.undo().seed), [2, 1, 0, 0]);
    assert.ok(!steps.canUndo);
  });
  it("forget pictures of one's own", () => {
    const steps = new History(face(0));
    for (const one of [face(1), { ...face(1), own: 7 }, { ...face(1), own: 7, mix: { joy: 1 } }]) steps.add(one);
    steps.forgetOwn();
    assert.deepEqual([steps.now, steps.canRedo, steps.undo().seed, steps.canUndo], [face(1), false, 0, false]);
  });
});

describe("requests", () => {
  it("are sent one at a time, and only the newest of those that wait", async () => {
    const sent = [], shown = [], failed = [];
    let open;
    const work = (request) => new Promise((resolve, reject) => {
      sent.push(request);
      open = request === 4 ? () => reject(new Error("four")) : () => resolve(10 * request);
    });
    const ask = newestOnly(work, (answer) => shown.push([answer, sent.at(-1)]), (error, request) => failed.push(request));
    const settle = async () => {
      open();
      await new Promise((resolve) => setTimeout(resolve, 0));
    };
    for (const request of [1, 2, 3]) ask(request);
    await settle();
    ask(4);
    await settle();
    await settle();
    ask(5);
    await settle();
    // What waits is sent before the answer is shown, which takes time.
    assert.deepEqual([sent, shown, failed], [[1, 3, 4, 5], [[10, 3], [30, 4], [50, 5]], [4]]);
  });
});

describe("an enlarged picture", () => {
  const picture = (side, level) => {
    const data = new Uint8ClampedArray(4 * side * side);
    for (let i = 0; i < side * side; i++) data.set(level(i % side, Math.floor(i / side)), 4 * i);
    return { width: side, height: side, data };
  };
  const at = ({ width, data }, x, y) => Array.from(data.subarray(4 * (y * width + x), 4 * (y * width + x) + 4));

  it("keeps its pixels, and plain colours", () => {
    const small = picture(16, (x, y) => [10 * x, 10 * y, (x * y * 37) % 256, 255]), large = enlarged(small, 64);
    assert.equal(large.width, 64);
    for (const [x, y] of [[0, 0], [3, 9], [15, 15]]) assert.deepEqual(at(large, 4 * x + 2, 4 * y + 2), at(small, x, y));
    assert.ok(enlarged(picture(8, () => [9, 80, 200, 255]), 32).data.every((level, i) => level === [9, 80, 200, 255][i % 4]));
  });
  it("stays as it is if it is large enough", () => {
    const large = picture(64, (x, y) => [x, y, 0, 255]);
    assert.equal(enlarged(large, 64), large);
  });
  it("has straight slanted edges", () => {
    // Black below a line at 45 degrees, white above: along the line, every place is about as bright as the next one.
    const large = enlarged(picture(16, (x, y) => (x > y ? [255, 255, 255, 255] : [0, 0, 0, 255])), 64);
    const along = Array.from({ length: 40 }, (_, i) => at(large, 12 + i + 2, 12 + i)[0]);
    assert.ok(Math.max(...along) - Math.min(...along) < 60, String(along));
  });
  it("has no dark edges where it is clear", () => {
    const large = enlarged(picture(16, (x) => (x < 8 ? [0, 0, 0, 0] : [240, 200, 40, 255])), 64);
    for (let x = 0; x < 64; x++) {
      const [red, , , alpha] = at(large, x, 30);
      if (alpha > 32) assert.ok(Math.abs(red - 240) < 8, `${red} at ${x}`);
    }
    assert.ok(at(large, 4, 30)[3] < 8 && at(large, 60, 30)[3] > 247);
  });
});
