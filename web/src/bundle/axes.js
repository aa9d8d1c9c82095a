// Read `axes.json`, the motions of a bundle. Every number is checked.

import { BundleDamagedError } from "../errors.js";
import { BetweenCentres, StraightLines, ToLevel } from "../latent/motions.js";
import { norm } from "../latent/vectors.js";
import { listed, shown } from "../validation.js";
import { isObject, isPlain } from "./manifest.js";

const READABLE = [1, 2];
const UNIT_TOLERANCE = 1e-3; // JSON floats may have been rounded
const MAX_METHODS = 32;
const MAX_ATTRIBUTES = 256;
const MAX_KNOTS = 1000;
const MAX_DISTANCE = 100;
const MAX_SLOPE = 1e6;
const ATTRIBUTE = /^[A-Za-z][A-Za-z0-9_-]{0,39}$/;
const RESERVED = ["all", "character", "random", "start"];

/**
 * Check `axes.json` against the manifest, and return the motions.
 *
 * @param {any} document
 * @param {import("./manifest.js").Manifest} manifest
 * @param {(role: string, keeps: boolean) => ?Function} finderOf gives the function that runs the graph of a role, or
 *   null if it cannot be run. Methods that need such a graph are left out, except for the default one.
 */
export function parseAxes(document, manifest, finderOf) {
  if (!READABLE.includes(document.schema_version)) {
    damaged(`axes.json has schema_version ${shown(document.schema_version)}; this package reads ${READABLE.join(", ")}`);
  }
  for (const [key, expected] of [["emotions", manifest.emotions], ["latent_dim", manifest.latentDim]]) {
    if (JSON.stringify(document[key]) !== JSON.stringify(expected)) {
      damaged(`axes.json says ${key} ${shown(document[key])}, the manifest ${shown(expected)}`);
    }
  }
  const entries = isObject(document.methods) ? document.methods : {}, usual = document.default;
  if (!Object.hasOwn(entries, usual)) damaged(`axes.json has no method ${shown(usual)}, which it calls its default`);
  const names = Object.keys(entries);
  if (names.length > MAX_METHODS || !names.every(isPlain)) {
    damaged(`axes.json: methods must be at most ${MAX_METHODS}, named without control characters`);
  }
  const methods = new Map();
  for (const name of names) {
    const motion = parseMotion(name, entries[name], manifest.emotions, manifest.latentDim, finderOf);
    if (motion) methods.set(name, motion);
  }
  if (!methods.has(usual)) damaged(`the default method ${shown(usual)} needs a file of role ${shown(entries[usual].ends)}`);
  const characters = parseCharacters(document.characters, manifest);
  const taken = [...manifest.emotions, ...(characters?.names ?? []), ...RESERVED];
  return {
    default: usual, methods, characters,
    attributes: parseAttributes(document.attributes ?? [], taken, manifest.latentDim),
  };
}

function parseCharacters(entry, manifest) {
  if (entry == null) return null;
  const { names } = isObject(entry) ? entry : {}, drawn = manifest.drawnCharacters;
  if (JSON.stringify(names) !== JSON.stringify(drawn) || drawn.length < 2) {
    damaged(`axes.json has characters ${shown(names)}, the manifest draws ${listed(drawn)}`);
  }
  if (names.some((name) => manifest.emotions.includes(name))) {
    damaged(`axes.json: characters ${listed(names)} have names of emotions`);
  }
  return parseMotion("characters", entry, names, manifest.latentDim, () => null);
}

/** The motion of a method, or null if its ends cannot be found here. */
function parseMotion(name, method, names, dim, finderOf) {
  if (!isObject(method)) damaged(`axes.json: method ${shown(name)} is not an object`);
  const count = names.length;
  const directions = numbers(`${name}.directions`, method.directions, [count, dim], MAX_DISTANCE);
  const lengths = numbers(`${name}.max_strength`, method.max_strength, [count], MAX_DISTANCE);
  const { keep_norm: keepNorm, ends, keeps = false } = method;
  const centres = "centres" in method ? parseCentres(`${name}.centres`, method.centres, count, dim) : null;
  if (ends != null && (typeof ends !== "string" || !centres)) {
    damaged(`axes.json: ${name}.ends must name a role, and needs centres; not ${shown(ends)}`);
  }
  for (const [key, value] of Object.entries({ keeps, keep_norm: keepNorm })) {
    if (typeof value !== "boolean") damaged(`axes.json: ${name}.${key} must be true or false, not ${shown(value)}`);
  }
  if (!directions.every(isUnit)) damaged(`axes.json: the rows of ${name}.directions must have length 1`);
  if (!lengths.every((length) => length > 0)) {
    damaged(`axes.json: ${name}.max_strength must be above 0 for every emotion`);
  }
  if (!centres) return new StraightLines(names, directions, lengths, keepNorm);
  if (ends == null) return new BetweenCentres(names, directions, centres);
  const find = finderOf(ends, keeps);
  return find && new BetweenCentres(names, directions, centres, find, keeps);
}

function parseCentres(name, centres, count, dim) {
  if (!isObject(centres)) damaged(`axes.json: ${name} is not an object`);
  // In older files, which have no targets and paces, faces go to the centres at an even pace.
  const even = Array.from({ length: count }, () => Array.from({ length: count }, () => [0, 1]));
  const { latents, slopes, intercepts, targets = latents, pace = even } = centres;
  const shares = numbers(`${name}.pace`, pace, [count, count, null], MAX_DISTANCE);
  const grows = (row) => row[0] === 0 && row.at(-1) === 1 && row.every((share, i) => i === 0 || share >= row[i - 1]);
  if (!shares.every((row) => row.every(grows))) {
    damaged(`axes.json: ${name}.pace must grow from 0 to 1 for each pair of emotions`);
  }
  return {
    latents: numbers(`${name}.latents`, latents, [count, dim], MAX_DISTANCE),
    slopes: numbers(`${name}.slopes`, slopes, [count, dim], MAX_SLOPE),
    intercepts: numbers(`${name}.intercepts`, intercepts, [count], MAX_SLOPE),
    targets: numbers(`${name}.targets`, targets, [count, dim], MAX_DISTANCE),
    pace: shares,
  };
}

function parseAttributes(entries, taken, dim) {
  if (!Array.isArray(entries) || !entries.every(isObject)) damaged("axes.json: attributes must be a list of objects");
  if (entries.length > MAX_ATTRIBUTES) damaged(`axes.json has over ${MAX_ATTRIBUTES} attributes`);
  const used = new Set(taken);
  return entries.map(({ name, kind, direction, levels }) => {
    if (typeof name !== "string" || !ATTRIBUTE.test(name) || used.has(name)) {
      damaged(`axes.json: ${shown(name)} cannot be the name of an attribute, or is there twice`);
    }
    used.add(name);
    if (!["binary", "number"].includes(kind)) damaged(`axes.json: attribute ${name} must be binary or number`);
    const unit = numbers(`${name}.direction`, direction, [dim], MAX_DISTANCE);
    const places = numbers(`${name}.levels`, levels, [2], MAX_DISTANCE);
    if (!isUnit(unit) || places[0] >= places[1]) {
      damaged(`axes.json: ${name}.direction must have length 1, and ${name}.levels must rise`);
    }
    return new ToLevel(name, unit, [...places]);
  });
}

const isUnit = (row) => Math.abs(norm(row) - 1) <= UNIT_TOLERANCE;

/**
 * Numbers from -`largest` to `largest` as nested lists of this shape, the innermost as Float64Array.
 *
 * In `shape`, null stands for any length from 2 to `MAX_KNOTS`, the same everywhere.
 */
function numbers(name, value, shape, largest) {
  let any = null;
  const check = (part, [length, ...inner]) => {
    const wanted = length ?? (any ??= part?.length);
    if (!Array.isArray(part) || part.length !== wanted || (length === null && (any < 2 || any > MAX_KNOTS))) {
      damaged(`axes.json: ${name} must be numbers of shape (${shape.map((size) => size ?? "any").join(", ")})`);
    }
    if (inner.length) return part.map((item) => check(item, inner));
    if (!part.every((item) => typeof item === "number" && Math.abs(item) <= largest)) {
      damaged(`axes.json: ${name} must be numbers from -${largest} to ${largest}`);
    }
    return Float64Array.from(part);
  };
  return check(value, shape);
}

function damaged(message) {
  throw new BundleDamagedError(message);
}
