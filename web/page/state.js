// What the page shows: a face and its edit, the steps back and forth, and the link that restores it.

/** @typedef {import("./backend.js").Face} Face */

/** Largest number of steps back. */
const MOST_STEPS = 200;

/** @type {Face} */
export const FIRST = { seed: 0, mix: {}, keep: [] };

/** Whether two faces are the same and are edited alike. */
export const same = (a, b) => toHash(a) === toHash(b) && a.own === b.own;

/** The face in the form of a link, `#seed=3&mix=joy:0.8,fear:-0.2&keep=surprise`; without a picture of one's own. */
export function toHash({ seed, mix, keep }) {
  const parts = [`seed=${seed}`];
  const strengths = Object.entries(mix).filter(([, strength]) => strength !== 0);
  if (strengths.length) parts.push(`mix=${strengths.map(([name, s]) => `${encodeURIComponent(name)}:${s}`).join(",")}`);
  if (keep.length) parts.push(`keep=${keep.map(encodeURIComponent).join(",")}`);
  return `#${parts.join("&")}`;
}

/**
 * The face of a link. What cannot be read, or is not in `names`, is left out.
 *
 * @param {string} hash
 * @param {string[]} names that a mix may hold
 * @returns {Face}
 */
export function fromHash(hash, names) {
  const given = Object.fromEntries(hash.replace(/^#/, "").split("&").map((part) => part.split("=")));
  const seed = Number(given.seed), mix = {};
  for (const term of given.mix?.split(",") ?? []) {
    const [name, strength] = term.split(":");
    const value = Math.min(Math.max(Number(strength), -1), 1);
    if (names.includes(decoded(name)) && value) mix[decoded(name)] = value;
  }
  const keep = (given.keep?.split(",") ?? []).map(decoded).filter((name) => name === "character" || names.includes(name));
  return { seed: Number.isSafeInteger(seed) && seed >= 0 ? seed : 0, mix, keep: [...new Set(keep)] };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Steps back and forth between faces. */
export class History {
  #faces;
  #place = 0;

  /** @param {Face} first */
  constructor(first) {
    this.#faces = [first];
  }

  get now() {
    return this.#faces[this.#place];
  }

  get canUndo() {
    return this.#place > 0;
  }

  get canRedo() {
    return this.#place < this.#faces.length - 1;
  }

  /** Add a face after the present one, in the place of those that were undone. */
  add(face) {
    if (same(face, this.now)) return;
    this.#faces = [...this.#faces.slice(0, this.#place + 1), structuredClone(face)].slice(-MOST_STEPS);
    this.#place = this.#faces.length - 1;
  }

  /** Leave out the faces in pictures of one's own, before another picture takes their place. */
  forgetOwn() {
    const drawn = this.#faces.filter((face) => !face.own);
    this.#place = Math.max(this.#faces.slice(0, this.#place + 1).filter((face) => !face.own).length - 1, 0);
    this.#faces = drawn.length ? drawn : [FIRST];
  }

  undo() {
    if (this.canUndo) this.#place--;
    return this.now;
  }

  redo() {
    if (this.canRedo) this.#place++;
    return this.now;
  }
}
