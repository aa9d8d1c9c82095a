// Latents that are checked, and arithmetic of vectors in double precision.

import { InputError } from "../errors.js";

/** Limit of each coordinate of a latent, in standard deviations of the prior. */
const MAX_LATENT = 1000;

/** Copies of latents, each of `dim` numbers, as float32. */
export function checkedLatents(z, dim) {
  if (!Array.isArray(z) || !z.length || !z.every((latent) => latent?.length === dim)) {
    throw new InputError(`z must be a list of latents, each of ${dim} numbers`);
  }
  if (!z.every((latent) => Array.prototype.every.call(latent, (value) => Math.abs(value) <= MAX_LATENT))) {
    throw new InputError(`z must be finite, and from -${MAX_LATENT} to ${MAX_LATENT}`);
  }
  return z.map((latent) => Float32Array.from(latent));
}

/** Sum of products. */
export function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Length of a vector. */
export const norm = (a) => Math.sqrt(dot(a, a));

/** Sum of `weights[k] * rows[k]`, of `dim` numbers. */
export function blend(weights, rows, dim) {
  const sum = new Float64Array(dim);
  for (let k = 0; k < rows.length; k++) {
    if (weights[k] === 0) continue;
    for (let i = 0; i < dim; i++) sum[i] += weights[k] * rows[k][i];
  }
  return sum;
}

/** a + scale * b. */
export const plus = (a, b, scale = 1) => Float64Array.from(a, (value, i) => value + scale * b[i]);

/** Whether two vectors hold the same numbers. */
export const same = (a, b) => a.every((value, i) => Object.is(value, b[i]));

/** Whether any number is not 0. */
export const any = (a) => a.some((value) => value !== 0);
