// Keep names as they are during a move: remove the parts of the way that would change them.

import { InputError } from "../errors.js";
import { knownName, listed, nearest, shown } from "../validation.js";
import { any, dot, norm, plus } from "./vectors.js";

/** The word in `keep` that stands for who is drawn. */
export const CHARACTER = "character";
/** Smallest share of a direction that must remain without its components along the kept directions. */
const LEAST_LEFT = 0.05;
/** Directions of length 1 with less than this beside the others add nothing. */
const LEAST_BESIDE = 1e-6;

/**
 * What a move keeps: `emotions` marks the kept emotions, `others` spans the directions of a kept character and of kept
 * attributes, and `all` also those of the kept emotions. Both hold orthonormal vectors.
 *
 * @param {Iterable<string>} keep emotions, attributes, and `character`
 * @param {number[][]} course all strengths of the call, each E + C + A numbers
 * @param {import("./move.js").Motions} motions
 */
export function checkKeep(keep, course, motions) {
  const { emotions, characters, attributes } = motions;
  if (typeof keep === "string" || typeof keep?.[Symbol.iterator] !== "function") {
    throw new InputError(`keep is a list of names, for example ["${emotions.names[0]}"], not ${shown(keep)}`);
  }
  const added = attributes.map((attribute) => attribute.names[0]);
  const known = [CHARACTER, ...emotions.names, ...added];
  const names = [...keep].map((given) => {
    const name = knownName(given, known);
    if (name !== undefined) return name;
    const others = added.length ? `; attributes: ${listed(added)}` : "";
    throw new InputError(
      `cannot keep ${shown(given)}${nearest(given, known)} (what can be kept: ${CHARACTER}; ` +
        `emotions: ${listed(emotions.names)}${others})`);
  });
  const chosen = emotions.names.map((name) => names.includes(name));
  const rows = attributes.filter((_, i) => names.includes(added[i])).flatMap((attribute) => attribute.directions);
  if (names.includes(CHARACTER) && characters) rows.push(...characters.directions); // a single one always stays
  const kept = {
    emotions: chosen,
    others: basis(rows),
    all: basis([...rows, ...emotions.directions.filter((_, k) => chosen[k])]),
  };
  motions.all.flatMap((motion) => motion.directions).forEach((direction, k) => {
    if (!kept.all.length || !course.some((strengths) => strengths[k] !== 0)) return;
    if (norm(plus(direction, along(direction, kept.all), -1)) < LEAST_LEFT) {
      throw new InputError(
        `cannot keep ${listed(names)} in a move by ${motions.names[k]}: next to nothing of that move would remain, ` +
          "because it changes what you keep; keep something else, or less");
    }
  });
  return kept;
}

/** The fewest orthonormal vectors that span these directions of length 1 (Gram–Schmidt, the farthest one first). */
function basis(directions) {
  const found = [];
  let rest = directions.map((direction) => Float64Array.from(direction));
  while (rest.length) {
    rest.sort((a, b) => norm(b) - norm(a));
    const [farthest, ...others] = rest, length = norm(farthest);
    if (length <= LEAST_BESIDE) break;
    const unit = farthest.map((value) => value / length);
    found.push(unit);
    // Twice, because the first pass leaves rounding errors along what is nearly parallel.
    rest = others.map((row) => [1, 2].reduce((left) => plus(left, along(left, found), -1), row));
  }
  return found;
}

/** The part of a way along orthonormal vectors. */
export function along(way, basis) {
  const part = new Float64Array(way.length);
  for (const unit of basis) {
    const length = dot(way, unit);
    for (let i = 0; i < part.length; i++) part[i] += length * unit[i];
  }
  return part;
}

/** `moved` without the part of the way from `start` along orthonormal vectors (Shen et al. 2020), as float32. */
export function hold(start, moved, basis) {
  if (!basis.length) return moved;
  const way = plus(moved, start, -1);
  if (!any(way)) return moved;
  return Float32Array.from(plus(start, plus(way, along(way, basis), -1)));
}
