// Move latents along motions to given strengths.

import { along, hold } from "./keep.js";
import { any, plus, same } from "./vectors.js";

/** Number of strengths to try on the way to a given probability. */
const UNTIL_STEPS = 16;

/** The motions that one call mixes. Strengths are in this order: emotions, characters, attributes. */
export class Motions {
  constructor(emotions, characters, attributes) {
    Object.assign(this, { emotions, characters, attributes });
    this.all = [emotions, ...(characters ? [characters] : []), ...attributes];
    this.names = this.all.flatMap((motion) => motion.names);
  }
}

/** Faces and all motions of a call. `at` moves the faces to any strengths. */
export class Move {
  /**
   * @param {Float32Array[]} z
   * @param {Motions} motions
   * @param {ReturnType<import("./keep.js").checkKeep>} kept
   */
  constructor(z, motions, kept) {
    this.z = z.map((latent) => latent.slice()); // the caller may write to `z` between frames
    this.motions = motions;
    this.kept = kept;
    this.start = this.z;
    this.ends = null;
  }

  /**
   * The latents moved by strengths (E + C + A): by characters first, then attributes, then emotions.
   *
   * The components of the move along the directions of kept names are removed, with one exception. If ends keep
   * emotions by themselves, the part of the move towards ends stays as it is. The part away from emotions has no ends,
   * so the directions of kept emotions are removed from it.
   *
   * @param {number[]} strengths
   * @returns {Promise<Float32Array[]>}
   */
  async at(strengths) {
    if (!any(strengths)) return this.z.map((latent) => latent.slice());
    const { emotions } = this.motions, { kept } = this;
    const base = this.base(strengths);
    if (!base.every((latent, i) => same(latent, this.start[i]))) [this.start, this.ends] = [base, null];
    const share = strengths.slice(0, emotions.names.length);
    if (emotions.findEnds && !this.ends && share.some((strength) => strength > 0)) {
      this.ends = await emotions.findEnds(base, kept.emotions);
    }
    return base.map((start, i) => {
      const { moved, away } = shifted(start, emotions, share, this.ends?.[i]);
      if (!emotions.keeps) return hold(start, moved, kept.all).slice();
      const rest = plus(along(away, kept.all), along(away, kept.others), -1);
      return Float32Array.from(plus(hold(start, moved, kept.others), rest, -1));
    });
  }

  /**
   * Latents moved towards `strengths`, each until it reaches `probability`. One that never does stops where it comes
   * nearest.
   *
   * @param {number[]} strengths
   * @param {number} probability
   * @param {(z: Float32Array[]) => Promise<number[]>} read gives the probability of each latent
   */
  async until(strengths, probability, read) {
    const best = this.z.map((latent) => latent.slice()), highest = best.map(() => -1);
    let pending = best.map((_, i) => i);
    for (let step = 0; step <= UNTIL_STEPS && pending.length; step++) {
      const all = await this.at(strengths.map((strength) => (step / UNTIL_STEPS) * strength));
      const scores = await read(pending.map((i) => all[i]));
      pending.forEach((i, place) => {
        if (scores[place] > highest[i]) [best[i], highest[i]] = [all[i], scores[place]];
      });
      pending = pending.filter((_, place) => scores[place] < probability);
    }
    return best;
  }

  /** The faces after characters and attributes moved them, before emotions do. */
  base(strengths) {
    const { emotions, all } = this.motions;
    return this.z.map((latent) => {
      let moved = latent, first = emotions.names.length;
      for (const motion of all.slice(1)) {
        const share = strengths.slice(first, (first += motion.names.length));
        moved = shifted(moved, motion, share).moved;
      }
      return hold(latent, moved, this.kept.all);
    });
  }
}

/** A latent moved once along one motion, as float32, and the part of the shift that leads away from names. */
function shifted(start, motion, strengths, ends) {
  const exact = Float64Array.from(start);
  const { towards, away } = motion.shift(exact, strengths, ends);
  return { moved: any(strengths) ? Float32Array.from(plus(exact, plus(towards, away))) : start, away };
}
