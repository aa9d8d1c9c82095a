// Enlarge small pictures without stairs at slanted edges: directional cubic interpolation (Zhou, Shen and Dong 2012).
// Plain cubic interpolation, which canvases have, shows the grid of a face of 64 pixels.

/** One direction must be this much calmer than the other one for an edge. */
const EDGE = 1.15;
/** Weights of four pixels in a row for the place in their middle. */
const OUTER = -1 / 16, INNER = 9 / 16;
/** Pixels around a picture while it is doubled; even, and more than the farthest neighbour. */
const BORDER = 8;

const THREE = [-3, -1, 1];
const square = THREE.flatMap((x) => THREE.map((y) => [x, y]));
const flat = [[-3, 0], [-1, 0], [1, 0], [-2, -1], [0, -1], [-2, 1], [0, 1]];
/** Directions of the places between four pixels, and of those between two. */
const SLANTED = [{ step: [2, 2], starts: square }, { step: [2, -2], starts: square.map(([x, y]) => [x, y + 2]) }];
const UPRIGHT = [{ step: [2, 0], starts: flat }, { step: [0, 2], starts: flat.map(([x, y]) => [y, x]) }];

/**
 * A picture of at least `side` pixels, doubled as often as that takes.
 *
 * @param {import("../src/transparency.js").Picture} picture RGBA with straight alpha, squared
 * @param {number} side
 * @returns {import("../src/transparency.js").Picture}
 */
export function enlarged(picture, side) {
  const { width, data } = picture;
  if (width >= side) return picture;
  const solid = data.every((level, i) => i % 4 !== 3 || level === 255);
  let size = width;
  let planes = [0, 1, 2, ...(solid ? [] : [3])].map((channel) => plane(data, channel));
  while (size < side) {
    planes = doubled(planes, size);
    size *= 2;
  }
  return { width: size, height: size, data: interleaved(planes, size, size / width / 2) };
}

/** A channel as numbers. Colours are weighted by alpha, since clear pixels have none. */
function plane(data, channel) {
  return Float32Array.from({ length: data.length / 4 }, (_, i) =>
    channel === 3 ? data[4 * i + 3] : (data[4 * i + channel] * data[4 * i + 3]) / 255);
}

/** The levels of a picture. Doubling leaves each pixel in the corner of its square; `shift` moves it to the middle. */
function interleaved(planes, size, shift) {
  const data = new Uint8ClampedArray(4 * size * size).fill(255);
  const [, , , alpha] = planes;
  for (let i = 0, y = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i += 4) {
      const place = Math.max(y - shift, 0) * size + Math.max(x - shift, 0);
      const scale = alpha ? 255 / Math.max(alpha[place], 1) : 1;
      for (let channel = 0; channel < 3; channel++) data[i + channel] = planes[channel][place] * scale;
      if (alpha) data[i + 3] = alpha[place];
    }
  }
  return data;
}

/** Planes of twice the size. First the places between four pixels are filled, then those between two. */
function doubled(planes, size) {
  const large = 2 * size, wide = large + 2 * BORDER;
  const found = planes.map((plane) => spread(plane, size, wide));
  // Edges are found in green, which is nearly the brightness, so that all channels follow the same ones.
  const guide = found[1];
  const diagonal = directions(wide, SLANTED), straight = directions(wide, UPRIGHT);
  for (let y = BORDER - 3; y < wide - BORDER + 4; y += 2) {
    for (let x = BORDER - 3; x < wide - BORDER + 4; x += 2) fill(found, guide, y * wide + x, diagonal);
  }
  for (let y = BORDER; y < wide - BORDER; y++) {
    for (let x = BORDER + 1 - (y & 1); x < wide - BORDER; x += 2) fill(found, guide, y * wide + x, straight);
  }
  return found.map((values) => cropped(values, large, wide));
}

/** A plane with space between its pixels, and around it the pixels of its border again. */
function spread(plane, size, wide) {
  const values = new Float32Array(wide * wide);
  const inside = (place) => Math.min(Math.max((place - BORDER) / 2, 0), size - 1);
  for (let y = 0; y < wide; y += 2) {
    for (let x = 0; x < wide; x += 2) values[y * wide + x] = plane[inside(y) * size + inside(x)];
  }
  return values;
}

function cropped(values, large, wide) {
  const plane = new Float32Array(large * large);
  for (let y = 0; y < large; y++) {
    const first = (y + BORDER) * wide + BORDER;
    plane.set(values.subarray(first, first + large), y * large);
  }
  return plane;
}

/**
 * Two directions that cross: for each, its step from one known pixel to the next, and the starts of all steps that show
 * how much the picture changes along it, as offsets in a plane of this width.
 */
function directions(wide, lines) {
  return lines.map(({ step: [x, y], starts }) => ({
    step: y * wide + x, starts: Int32Array.from(starts, ([across, down]) => down * wide + across),
  }));
}

/** Fill one place, from the pixels along the calmer direction, or from both if there is no edge. */
function fill(planes, guide, place, [one, other]) {
  const a = 1 + changes(guide, place, one), b = 1 + changes(guide, place, other);
  const share = a > EDGE * b ? 0 : b > EDGE * a ? 1 : b ** 5 / (a ** 5 + b ** 5);
  for (const values of planes) {
    values[place] = share * cubic(values, place, one.step) + (1 - share) * cubic(values, place, other.step);
  }
}

function changes(guide, place, { step, starts }) {
  let sum = 0;
  for (const start of starts) sum += Math.abs(guide[place + start] - guide[place + start + step]);
  return sum;
}

/** Along a line whose nearest pixels are half a step away. */
function cubic(values, place, step) {
  const half = step / 2;
  return INNER * (values[place - half] + values[place + half]) + OUTER * (values[place - 3 * half] + values[place + 3 * half]);
}
