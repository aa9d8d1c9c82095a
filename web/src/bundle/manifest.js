// `manifest.json`, which describes a bundle and lists its files.

import { BundleDamagedError, BundleSchemaError } from "../errors.js";
import { shown } from "../validation.js";

export const MANIFEST = "manifest.json";
const READABLE = [1, 2];
const REQUIRED_ROLES = ["generator", "classifier", "axes"];
const READ_ROLES = [...REQUIRED_ROLES, "encoder", "generator_int8", "mapping", "paths"];
const MAX_MIB = { axes: 32, classifier: 512, encoder: 512, generator: 512, generator_int8: 512, mapping: 512, paths: 512 };
const MAX_OTHER_MIB = 512; // no file of another role is read
const MAX_SIZE = 4096;
const MAX_NAMES = { emotions: 256, characters: 1000, drawn_characters: 1000 };
const LONGEST = 200;
const PLAIN_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/;
/** Control characters, and marks that change the direction of writing; joiners are needed in some scripts. */
const CONTROL = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Whether this is text of 1 to 200 characters that can be shown anywhere. */
export const isPlain = (text) => typeof text === "string" && /^.{1,200}$/su.test(text) && !CONTROL.test(text);

/**
 * The facts of a bundle, from its manifest. Keys that this version does not know are ignored.
 *
 * @typedef {object} Manifest
 * @property {number} schemaVersion
 * @property {string} name
 * @property {string} createdBy
 * @property {string} license
 * @property {number} latentDim
 * @property {number} imageSize
 * @property {number} readerSize side of the pictures that the classifier reads
 * @property {3 | 4} channels
 * @property {string} background `#` and six hexadecimal digits
 * @property {string[]} emotions
 * @property {string[]} characters
 * @property {string[]} drawnCharacters
 * @property {{mean: number, deviation: number} | null} fit how well pictures are drawn again: the logarithm of their mean
 *   squared error, where levels are from 0 to 1
 * @property {Record<string, {name: string, sha256: string, bytes: number}>} files by role
 */

/**
 * Check a JSON object and return its manifest.
 *
 * @param {any} document
 * @returns {Manifest}
 */
export function parseManifest(document) {
  const version = document.schema_version;
  if (!READABLE.includes(version)) {
    throw new BundleSchemaError(
      `${MANIFEST} has schema_version ${shown(version)}; this package reads ${READABLE.join(", ")}: ` +
        "install a matching version of cheermeup, or export the bundle again");
  }
  const field = (key, right, wanted) => {
    if (right(document[key])) return document[key];
    throw new BundleDamagedError(`${MANIFEST}: ${key} must be ${wanted}, not ${shown(document[key])}`);
  };
  const text = (key, longest) =>
    field(key, (value) => typeof value === "string" && value.length <= longest, `text of at most ${longest} characters`);
  const size = (key) =>
    field(key, (value) => isWhole(value, 1, MAX_SIZE), `a whole number from 1 to ${MAX_SIZE}`);
  const names = (key) => {
    const different = (value) => Array.isArray(value) && value.every(isPlain) && new Set(value).size === value.length;
    const right = (value) => different(value) && value.length > 0 && value.length <= MAX_NAMES[key];
    return field(key, right, `a list of 1 to ${MAX_NAMES[key]} different names without control characters`);
  };
  const manifest = {
    schemaVersion: version, name: text("name", LONGEST), createdBy: text("created_by", LONGEST),
    license: text("license", 20_000), latentDim: size("latent_dim"), imageSize: size("image_size"),
    emotions: names("emotions"), characters: names("characters"), drawnCharacters: names("drawn_characters"),
  };
  if (!manifest.drawnCharacters.every((name) => manifest.characters.includes(name))) {
    throw new BundleDamagedError(`${MANIFEST}: drawn_characters must be some of the characters`);
  }
  const given = (key, right, wanted, usual) => (document[key] == null ? usual : field(key, right, wanted));
  const side = manifest.imageSize, divides = (value) => isWhole(value, 1, side) && side % value === 0;
  manifest.channels = given("channels", (value) => value === 3 || value === 4, "3 or 4", 3);
  const colour = (value) => typeof value === "string" && /^#[0-9a-fA-F]{6}$/.test(value);
  manifest.background = given("background", colour, "# and six hexadecimal digits", "#ffffff");
  manifest.readerSize = given("reader_size", divides, `a divisor of image_size (${side})`, side);
  manifest.fit = given("fit", isFit, "an object with a mean from -100 to 0 and a deviation from 0.001 to 100", null);
  manifest.files = parseFiles(field("files", isObject, "an object"));
  return manifest;
}

const isFit = (value) =>
  isObject(value) && isReal(value.mean, -100, 0) && isReal(value.deviation, 0.001, 100);

/** The entries by role, each with its name. */
function parseFiles(files) {
  const byRole = {};
  const counts = new Map();
  for (const [name, entry] of Object.entries(files)) {
    if (!PLAIN_NAME.test(name) || name === MANIFEST) {
      throw new BundleDamagedError(`${MANIFEST} lists ${shown(name)}; files must have plain names inside the bundle`);
    }
    const most = (MAX_MIB[entry?.role] ?? MAX_OTHER_MIB) * 2 ** 20;
    const { sha256, bytes, role } = isObject(entry) ? entry : {};
    if (!/^[0-9a-f]{64}$/.test(sha256) || !PLAIN_NAME.test(role) || !isWhole(bytes, 0, most)) {
      throw new BundleDamagedError(`${MANIFEST}: the entry of ${name} needs a sha256, a role, and bytes up to ${most}`);
    }
    byRole[role] = { name, sha256, bytes };
    counts.set(role, (counts.get(role) ?? 0) + 1);
  }
  for (const role of READ_ROLES) {
    const count = counts.get(role) ?? 0;
    if (count > 1 || (count === 0 && REQUIRED_ROLES.includes(role))) {
      throw new BundleDamagedError(`${MANIFEST} must list one file of role ${role}, not ${count}`);
    }
  }
  return byRole;
}

/** A JSON object of a file of the bundle, from its bytes. */
export function parseJson(content, name) {
  let document;
  try {
    document = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(content));
  } catch (error) {
    throw new BundleDamagedError(`${name} is not readable JSON: ${error.message}`, { cause: error });
  }
  if (!isObject(document)) throw new BundleDamagedError(`${name} must hold a JSON object`);
  return document;
}

export const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

const isWhole = (value, low, high) => Number.isSafeInteger(value) && low <= value && value <= high;

const isReal = (value, low, high) => typeof value === "number" && low <= value && value <= high;
