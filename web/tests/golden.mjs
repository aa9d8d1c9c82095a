// What tests do with bundles and with the numbers that Python wrote about them.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PROJECTIONS = 4;

/** The files of a bundle, by its folder, relative to the root. */
export function filesOf(bundle) {
  const folder = resolve(ROOT, bundle);
  return new Map(readdirSync(folder).map((name) => [name, readFileSync(`${folder}/${name}`)]));
}

/** Latents as sums in which each of their numbers counts, as in golden.py. */
export function projected(z) {
  const weights = (index) => (_, place) => Math.cos((index + 1) * place + index);
  return z.map((latent) => Array.from({ length: PROJECTIONS }, (_, index) =>
    latent.reduce((sum, value, place) => sum + value * weights(index)(null, place), 0)));
}

/** Fail unless rows of numbers are those that are expected, within a tolerance. */
export function assertClose(found, expected, tolerance, what) {
  assert.equal(found.length, expected.length, what);
  found.forEach((row, i) => {
    assert.equal(row.length, expected[i].length, what);
    row.forEach((value, j) => {
      assert.ok(Math.abs(value - expected[i][j]) <= tolerance, `${what}: ${value} at ${i}, ${j}, not ${expected[i][j]}`);
    });
  });
}
