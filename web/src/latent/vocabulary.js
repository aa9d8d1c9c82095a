// Vocabulary: the names that mixes may use. It converts mixes to vectors of strengths.

import { InputError } from "../errors.js";
import { knownName, listed, nearest, real, shown } from "../validation.js";

/** Ten times the full effect, which is far outside the training range of any generator. */
const MAX_STRENGTH = 10;

/** The names by which faces can move. Strengths are in this order: emotions, characters, attributes. */
export class Vocabulary {
  constructor(emotions, characters, attributes) {
    this.kinds = { emotions, characters, attributes };
    this.names = [...emotions, ...characters, ...attributes];
  }

  /**
   * Strengths (E + C + A) of a mix.
   * @param {Record<string, number>} mix
   * @returns {number[]}
   */
  strengths(mix) {
    const entries = mix !== null && typeof mix === "object" && !Array.isArray(mix) ? Object.entries(mix) : [];
    const { names } = this;
    if (!entries.length) {
      throw new InputError(`a mix holds strengths by name, for example {"${names[0]}": 0.8}, not ${shown(mix)}`);
    }
    const vector = names.map(() => 0), seen = new Set();
    for (const [given, strength] of entries) {
      const name = knownName(given, names);
      if (name === undefined) {
        throw new InputError(`unknown ${this.kindsInWords()} ${shown(given)}${nearest(given, names)} (${this.listed()})`);
      }
      if (seen.has(name)) throw new InputError(`a mix holds a name twice, in two Unicode forms: ${shown(name)}`);
      seen.add(name);
      vector[names.indexOf(name)] = real(`the strength of ${given}`, strength, -MAX_STRENGTH, MAX_STRENGTH);
    }
    return vector;
  }

  /** Marks emotions and `characters` with a strength above 0. Throws if there are none. */
  wanted(strengths, characters) {
    const growing = this.names.filter((_, k) => strengths[k] > 0);
    const wanted = { emotions: this.kinds.emotions.map((name) => growing.includes(name)) };
    const drawn = this.kinds.characters.filter((name) => growing.includes(name));
    wanted.characters = characters.map((name) => drawn.includes(name));
    if (![...wanted.emotions, ...wanted.characters].some(Boolean)) {
      throw new InputError("until needs an emotion with a strength above 0, whose probability the face must reach");
    }
    return wanted;
  }

  listed() {
    const filled = Object.entries(this.kinds).filter(([, names]) => names.length);
    return filled.map(([kind, names]) => `${kind}: ${listed(names)}`).join("; ");
  }

  kindsInWords() {
    const words = Object.entries(this.kinds).filter(([, names]) => names.length).map(([kind]) => kind.slice(0, -1));
    const last = words.pop();
    return words.length ? `${words.join(", ")} or ${last}` : last;
  }
}

/** Probability of the wanted emotions together, or of the wanted characters if that is lower, for each face. */
export function together({ emotion, character }, wanted) {
  const sum = (row, chosen) =>
    chosen.some(Boolean) ? row.reduce((total, value, k) => total + (chosen[k] ? value : 0), 0) : Infinity;
  return emotion.map((row, i) => Math.min(sum(row, wanted.emotions), sum(character[i], wanted.characters)));
}
