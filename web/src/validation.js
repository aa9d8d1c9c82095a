// Checks of single values. Each throws `InputError`, which names the values that are allowed.

import { InputError } from "./errors.js";

const LONGEST_VALUE = 80;
const LONGEST_LIST = 200;
/** Share of letters that a name and what was typed must have in common before the name is suggested. */
const SIMILAR = 0.6;

/** A value as text for a message, with the middle cut out if it is long. Never fails. */
export function shown(value) {
  let text;
  try {
    text = typeof value === "bigint" || typeof value === "number" ? String(value) : JSON.stringify(value);
  } catch {
    text = undefined; // a circle
  }
  text ??= Object.prototype.toString.call(value);
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, 51)} … ${text.slice(-26)}`;
}

/** Names joined with commas. A long list is cut, and its length is added. */
export function listed(names) {
  const parts = [];
  let length = 0;
  for (const name of names) {
    length += name.length + 2;
    if (length <= LONGEST_LIST) parts.push(name);
  }
  return (parts.length === names.length ? parts : [...parts, `… (${names.length} in all)`]).join(", ");
}

/** `value` as a whole number from `low` to `high`. */
export function whole(what, value, low, high) {
  if (!Number.isSafeInteger(value) || value < low || value > high) {
    throw new InputError(`${what} must be a whole number from ${low} to ${high}, not ${shown(value)}`);
  }
  return value;
}

/** `value` as a number from `low` to `high`. Refuses NaN and text. */
export function real(what, value, low, high) {
  if (typeof value !== "number" || !(low <= value && value <= high)) {
    throw new InputError(`${what} must be a number from ${low} to ${high}, not ${shown(value)}`);
  }
  return value;
}

/** The name in `known` that equals `value`. The error lists the known names and suggests the nearest one. */
export function oneOf(what, value, known) {
  const name = knownName(value, known);
  if (name !== undefined) return name;
  throw new InputError(`unknown ${what} ${shown(value)}${nearest(value, known)} (${what}s: ${listed(known)})`);
}

/** The name in `known` that equals `value` in any Unicode form, or undefined. */
export function knownName(value, known) {
  if (typeof value !== "string") return undefined;
  const form = value.normalize("NFC");
  return known.includes(value) ? value : known.find((name) => name.normalize("NFC") === form);
}

/** The end of a message that suggests a similar name from `known`; empty if no name is similar. */
export function nearest(value, known) {
  if (typeof value !== "string" || value.length > LONGEST_VALUE) return "";
  const similar = known.map((name) => [similarity(value.toLowerCase(), name.toLowerCase()), name]);
  const [best] = similar.sort(([a], [b]) => b - a);
  return best && best[0] >= SIMILAR ? `; did you mean ${best[1]}?` : "";
}

/** Share of letters of two words that are the same and in the same order, from 0 to 1. */
function similarity(a, b) {
  let before = new Array(b.length + 1).fill(0);
  for (const letter of a) {
    const row = [0];
    for (let i = 0; i < b.length; i++) row.push(letter === b[i] ? before[i] + 1 : Math.max(row[i], before[i + 1]));
    before = row;
  }
  return (2 * before[b.length]) / (a.length + b.length || 1);
}
