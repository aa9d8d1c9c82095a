// Resampling of pictures and planes with the filters, the numbers and the rounding of Pillow, as Python uses it.

/** Levels are weighted in whole numbers with so many bits below 1. */
const BITS = 22, ONE = 2 ** BITS;

const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** Filters: a function, and the distance at which it ends. */
export const LANCZOS = { at: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0), reach: 3 };
export const BICUBIC = { at: (x) => cubic(Math.abs(x)), reach: 2 };
export const BILINEAR = { at: (x) => Math.max(0, 1 - Math.abs(x)), reach: 1 };

function cubic(x) {
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

/**
 * For each of `size` places, what is taken from a row of `length` numbers, of which those between two edges are shown.
 *
 * @param {number} length
 * @param {number} from left edge
 * @param {number} to right edge
 * @param {number} size
 * @param {{at: (x: number) => number, reach: number}} filter
 * @returns {{first: number, weights: number[]}[]}
 */
export function taps(length, from, to, size, filter) {
  const start = Math.fround(from), scale = Math.fround(Math.fround(to) - start) / size, stretch = Math.max(scale, 1);
  const reach = filter.reach * stretch;
  return Array.from({ length: size }, (_, place) => {
    const centre = start + (place + 0.5) * scale;
    const first = Math.max(Math.trunc(centre - reach + 0.5), 0), last = Math.min(Math.trunc(centre + reach + 0.5), length);
    const weights = [];
    for (let i = first; i < last; i++) weights.push(filter.at((i - centre + 0.5) / stretch));
    const sum = weights.reduce((a, b) => a + b, 0);
    return { first, weights: weights.map((weight) => (sum ? weight / sum : weight)) };
  });
}

/**
 * The part of a picture between four edges, in `width` x `height` pixels.
 *
 * @param {import("../transparency.js").Picture} picture
 * @param {number[]} box left, top, right and bottom, within the picture
 * @param {number} width
 * @param {number} height
 * @returns {import("../transparency.js").Picture}
 */
export function resized(picture, [left, top, right, bottom], width, height) {
  const columns = taps(picture.width, left, right, width, LANCZOS).map(inWholeNumbers);
  const rows = taps(picture.height, top, bottom, height, LANCZOS).map(inWholeNumbers);
  const first = rows[0].first, last = Math.max(...rows.map((row) => row.first + row.weights.length));
  const source = premultiplied(picture.data.subarray(4 * first * picture.width, 4 * last * picture.width));
  const narrow = new Uint8ClampedArray(4 * width * (last - first)), data = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < last - first; y++) {
    for (let x = 0; x < width; x++) {
      weigh(source, 4 * (y * picture.width + columns[x].first), 4, columns[x].weights, narrow, 4 * (y * width + x));
    }
  }
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      weigh(narrow, 4 * ((rows[y].first - first) * width + x), 4 * width, rows[y].weights, data, 4 * (y * width + x));
    }
  }
  return { width, height, data: straight(data) };
}

/** Means over squares of `factor` pixels, which are cut off at the right and lower edge of the picture. */
export function reduced({ width, height, data }, factor) {
  const source = premultiplied(data), across = Math.ceil(width / factor), down = Math.ceil(height / factor);
  const means = new Uint8ClampedArray(4 * across * down);
  for (let y = 0, i = 0; y < down; y++) {
    for (let x = 0; x < across; x++) {
      const right = Math.min((x + 1) * factor, width), bottom = Math.min((y + 1) * factor, height);
      const area = (right - x * factor) * (bottom - y * factor), share = Math.floor(2 ** 24 / area);
      for (let channel = 0; channel < 4; channel++) {
        let sum = Math.floor(area / 2);
        for (let row = y * factor; row < bottom; row++) {
          for (let column = x * factor; column < right; column++) sum += source[4 * (row * width + column) + channel];
        }
        means[i++] = Math.floor((sum * share) / 2 ** 24);
      }
    }
  }
  return { width: across, height: down, data: straight(means) };
}

const inWholeNumbers = ({ first, weights }) => ({
  first, weights: Int32Array.from(weights, (weight) => Math.trunc(weight * ONE + (weight < 0 ? -0.5 : 0.5))),
});

/** Write the weighted sum of pixels, which are `step` levels apart from `start` on, to `place`. Sums have 31 bits. */
function weigh(levels, start, step, weights, sums, place) {
  let red = ONE / 2, green = red, blue = red, alpha = red;
  for (let i = 0, j = start; i < weights.length; i++, j += step) {
    const weight = weights[i];
    red = (red + Math.imul(weight, levels[j])) | 0;
    green = (green + Math.imul(weight, levels[j + 1])) | 0;
    blue = (blue + Math.imul(weight, levels[j + 2])) | 0;
    alpha = (alpha + Math.imul(weight, levels[j + 3])) | 0;
  }
  sums[place] = red >> BITS;
  sums[place + 1] = green >> BITS;
  sums[place + 2] = blue >> BITS;
  sums[place + 3] = alpha >> BITS;
}

/** Levels with colours multiplied by alpha, so that the colours of clear pixels do not count. */
function premultiplied(data) {
  const levels = data.slice();
  for (let i = 0; i < levels.length; i += 4) {
    const alpha = levels[i + 3];
    for (let channel = i; alpha < 255 && channel < i + 3; channel++) {
      const product = levels[channel] * alpha + 128;
      levels[channel] = ((product >> 8) + product) >> 8;
    }
  }
  return levels;
}

function straight(levels) {
  for (let i = 0; i < levels.length; i += 4) {
    const alpha = levels[i + 3];
    for (let channel = i; alpha > 0 && alpha < 255 && channel < i + 3; channel++) {
      levels[channel] = Math.floor((255 * levels[channel]) / alpha);
    }
  }
  return levels;
}
