// Motions: how strengths shift a latent. Each kind of motion is a class, and all have the same members:
//
// - `names`: the K names, in the order of strengths,
// - `directions`: K vectors of length 1, along which faces change in each name,
// - `keeps`: whether ends can keep some of the names as they are,
// - `findEnds`: null, or an async function that takes latents and the K names to keep, and gives K ends for each,
// - `shift(z, strengths, ends)`: the shift of one latent as two parts, { towards, away }: towards names with a
//   strength above 0, and away from names with a strength below 0.
//
// Strength 0 is no effect, 1 the full effect, and below 0 is less than now.

import { blend, dot, norm, plus } from "./vectors.js";

const above = (strengths) => strengths.map((strength) => Math.max(strength, 0));
const below = (strengths) => strengths.map((strength) => Math.min(strength, 0));

/** All faces shift alike (paper, step IX: Z -> Z + kF). */
export class StraightLines {
  keeps = false;
  findEnds = null;

  /**
   * @param {string[]} names
   * @param {Float64Array[]} directions
   * @param {number[]} lengths distance of strength 1, in standard deviations of the prior
   * @param {boolean} keepNorm whether a moved latent is rescaled to the norm that it had
   */
  constructor(names, directions, lengths, keepNorm) {
    Object.assign(this, { names, directions, lengths, keepNorm });
  }

  shift(z, strengths) {
    const [towards, away] = [above(strengths), below(strengths)].map((part) =>
      blend(part.map((strength, k) => strength * this.lengths[k]), this.directions, z.length));
    if (!this.keepNorm) return { towards, away };
    const moved = plus(z, plus(towards, away));
    const after = norm(moved);
    const scale = after > 0 ? norm(z) / after : 1;
    return {
      towards: Float64Array.from(moved, (value, i) => scale * (value - away[i]) - z[i]),
      away: away.map((value) => scale * value),
    };
  }
}

/** One direction with two places along it: one for faces without an attribute, and one for faces with it. */
export class ToLevel {
  keeps = false;
  findEnds = null;

  /**
   * @param {string} name
   * @param {Float64Array} direction
   * @param {[number, number]} levels places, z · direction, at strengths -1 and 1
   */
  constructor(name, direction, levels) {
    Object.assign(this, { names: [name], directions: [direction], levels });
  }

  /** Towards a level, in proportion to the strength. A face that is beyond the level stays. */
  shift(z, [strength]) {
    const [direction] = this.directions;
    const [low, high] = this.levels;
    const place = dot(z, direction);
    const towards = Math.max(strength, 0) * Math.max(high - place, 0);
    const away = Math.max(-strength, 0) * Math.min(low - place, 0);
    return { towards: direction.map((value) => towards * value), away: direction.map((value) => away * value) };
  }
}

/**
 * A face moves from the centre of its own name to the target of another, and keeps its place relative to them. With
 * ends, it moves to an end of its own.
 */
export class BetweenCentres {
  /**
   * @param {string[]} names
   * @param {Float64Array[]} directions
   * @param {{latents: Float64Array[], slopes: Float64Array[], intercepts: number[], targets: Float64Array[],
   *   pace: number[][][]}} centres where the faces of each name lie: see docs/bundle-format.md
   * @param {?Function} findEnds
   * @param {boolean} keeps
   */
  constructor(names, directions, centres, findEnds = null, keeps = false) {
    Object.assign(this, { names, directions, centres, findEnds, keeps });
    const count = names.length;
    this.middle = blend(new Array(count).fill(1 / count), centres.latents, directions[0].length);
  }

  shift(z, strengths, ends) {
    const { latents, targets } = this.centres, dim = z.length;
    const own = this.posterior(z), more = above(strengths);
    const sum = more.reduce((a, b) => a + b, 0);
    const mix = more.map((strength) => (sum > 0 ? strength / sum : 0));
    const total = Math.min(sum, Math.max(...more, 1));
    const share = total > 1 ? total : this.share(own, mix, total);
    const way = ends ? plus(blend(mix, ends, dim), z, -1) : plus(blend(mix, targets, dim), blend(own, latents, dim), -1);
    const less = below(strengths).map((strength, k) => strength * own[k]);
    const gone = less.reduce((a, b) => a + b, 0);
    return { towards: way.map((value) => share * value), away: plus(blend(less, latents, dim), this.middle, -gone) };
  }

  /** Probability of each name: what the face shows. */
  posterior(z) {
    const { slopes, intercepts } = this.centres;
    const logits = slopes.map((slope, k) => dot(slope, z) + intercepts[k]);
    const highest = Math.max(...logits);
    const odds = logits.map((logit) => Math.exp(logit - highest));
    const sum = odds.reduce((a, b) => a + b, 0);
    return odds.map((value) => value / sum);
  }

  /** Share of the way at a strength from 0 to 1, for a face that shows `own`, to a mix of names. */
  share(own, mix, strength) {
    const { pace } = this.centres;
    const knots = pace[0][0].length - 1, place = strength * knots, before = Math.min(Math.floor(place), knots - 1);
    let share = 0;
    for (let o = 0; o < own.length; o++) {
      for (let e = 0; e < own.length; e++) {
        const here = pace[o][e][before];
        share += own[o] * mix[e] * (here + (place - before) * (pace[o][e][before + 1] - here));
      }
    }
    return share;
  }
}
