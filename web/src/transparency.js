// Pictures: RGBA with straight alpha, as a canvas takes them, over colours, and averaged for the classifier.

import { InputError } from "./errors.js";
import { shown, whole } from "./validation.js";

/**
 * A picture in the form of `ImageData`: rows from top to bottom, RGBA with straight alpha.
 *
 * @typedef {{width: number, height: number, data: Uint8ClampedArray}} Picture
 */

/** A colour from `#rrggbb`, or from three numbers from 0 to 255, as three numbers. */
export function colour(what, value) {
  if (typeof value === "string" && /^#[0-9a-f]{6}$/i.test(value)) {
    return [1, 3, 5].map((place) => parseInt(value.slice(place, place + 2), 16));
  }
  if (Array.isArray(value) && value.length === 3) return value.map((level) => whole(what, level, 0, 255));
  throw new InputError(`${what} must be null or a colour such as #ffaa00, not ${shown(value)}`);
}

/** A picture from the output of a generator, `side` pixels squared of 3 or 4 channels. */
export function picture(levels, side) {
  if (levels.length === 4 * side * side) return { width: side, height: side, data: new Uint8ClampedArray(levels) };
  const data = new Uint8ClampedArray(4 * side * side).fill(255);
  for (let i = 0, j = 0; i < levels.length; i += 3, j += 4) {
    [data[j], data[j + 1], data[j + 2]] = [levels[i], levels[i + 1], levels[i + 2]];
  }
  return { width: side, height: side, data };
}

/** A picture over one colour, in whole numbers as in Python, so that both agree. */
export function over({ width, height, data }, behind) {
  const solid = new Uint8ClampedArray(data.length).fill(255);
  for (let i = 0; i < data.length; i++) {
    const channel = i % 4;
    if (channel === 3) continue;
    const alpha = data[i - channel + 3];
    solid[i] = Math.floor((data[i] * alpha + behind[channel] * (255 - alpha) + 127) / 255);
  }
  return { width, height, data: solid };
}

/** The red, green and blue of a picture, averaged over squares to `size` pixels: what the classifier takes. */
export function averaged({ width, data }, size) {
  const factor = width / size, area = factor * factor, levels = new Uint8Array(3 * size * size);
  for (let i = 0; i < levels.length; i++) {
    const channel = i % 3, x = Math.floor(i / 3) % size, y = Math.floor(i / 3 / size);
    let sum = Math.floor(area / 2);
    for (let down = 0; down < factor; down++) {
      for (let right = 0; right < factor; right++) {
        sum += data[4 * ((y * factor + down) * width + x * factor + right) + channel];
      }
    }
    levels[i] = Math.floor(sum / area);
  }
  return levels;
}
