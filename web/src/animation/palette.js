// One palette for all frames of an animation: palettes of their own would make still parts flicker.

/** Bits of each channel by which colours are counted. */
const BITS = 5;
const SIDE = 1 << BITS;
const REFINEMENTS = 3;

/** Index of a colour in a table of counted colours. */
const cell = (r, g, b) => ((r >> (8 - BITS)) << (2 * BITS)) | ((g >> (8 - BITS)) << BITS) | (b >> (8 - BITS));

/** Red, green and blue that can be mapped to the nearest colour of at most `most` colours. */
export class Palette {
  /**
   * @param {import("../transparency.js").Picture[]} frames colours of clear pixels do not count
   * @param {number} most
   */
  constructor(frames, most) {
    const counted = count(frames);
    this.colours = refined(counted, split(counted, most));
    this.known = new Int16Array(SIDE ** 3).fill(-1);
  }

  /** Index of the colour that is nearest to the middle of the cell of this one. */
  nearest(r, g, b) {
    const place = cell(r, g, b);
    if (this.known[place] < 0) {
      const middle = [r, g, b].map((level) => ((level >> (8 - BITS)) + 0.5) * (256 / SIDE));
      this.known[place] = closest(middle, this.colours);
    }
    return this.known[place];
  }
}

/** Counted colours: the mean of the pixels of each cell, and how many they are. */
function count(frames) {
  const sums = new Float64Array(4 * SIDE ** 3);
  for (const { data } of frames) {
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] < 128) continue;
      const place = 4 * cell(data[i], data[i + 1], data[i + 2]);
      sums[place] += data[i];
      sums[place + 1] += data[i + 1];
      sums[place + 2] += data[i + 2];
      sums[place + 3] += 1;
    }
  }
  const found = [];
  for (let i = 0; i < sums.length; i += 4) {
    const weight = sums[i + 3];
    if (weight) found.push({ weight, colour: [0, 1, 2].map((channel) => sums[i + channel] / weight) });
  }
  return found.length ? found : [{ weight: 1, colour: [0, 0, 0] }];
}

/** Means of at most `most` groups: the group with the largest spread is split first, at its middle (Heckbert 1982). */
function split(counted, most) {
  const groups = [describe(counted)];
  while (groups.length < most) {
    groups.sort((a, b) => b.spread - a.spread);
    const [{ items, channel, spread, mean }] = groups;
    if (spread === 0) break;
    const low = items.filter(({ colour }) => colour[channel] <= mean[channel]);
    const high = items.filter(({ colour }) => colour[channel] > mean[channel]);
    groups.splice(0, 1, describe(low), describe(high));
  }
  return groups.map(({ mean }) => mean);
}

/** The mean of a group, and the channel in which it spreads most. */
function describe(items) {
  const weight = items.reduce((sum, item) => sum + item.weight, 0);
  const over = (value) => items.reduce((sum, item) => sum + item.weight * value(item), 0);
  const mean = [0, 1, 2].map((channel) => over(({ colour }) => colour[channel]) / weight);
  const spreads = mean.map((middle, channel) => over(({ colour }) => (colour[channel] - middle) ** 2));
  const spread = items.length > 1 ? Math.max(...spreads) : 0;
  return { items, mean, spread, channel: spreads.indexOf(Math.max(...spreads)) };
}

/** The colours, moved to the means of what they stand for (k-means). */
function refined(counted, colours) {
  for (let round = 0; round < REFINEMENTS; round++) {
    const sums = colours.map(() => [0, 0, 0, 0]);
    for (const { weight, colour } of counted) {
      const sum = sums[closest(colour, colours)];
      for (let channel = 0; channel < 3; channel++) sum[channel] += weight * colour[channel];
      sum[3] += weight;
    }
    colours = sums.map(([r, g, b, weight], i) => (weight ? [r / weight, g / weight, b / weight] : colours[i]));
  }
  return colours.map((colour) => colour.map(Math.round));
}

function closest([r, g, b], colours) {
  let best = 0, least = Infinity;
  for (let i = 0; i < colours.length; i++) {
    const [red, green, blue] = colours[i];
    const distance = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
    if (distance < least) [best, least] = [i, distance];
  }
  return best;
}
