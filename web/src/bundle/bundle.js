// Read the files of a bundle from a folder on a server or from memory, and check each file when it is read.

import { joined } from "../bytes.js";
import { BundleDamagedError, BundleNotFoundError, InputError } from "../errors.js";
import { shown } from "../validation.js";
import { MANIFEST, parseJson, parseManifest } from "./manifest.js";

/**
 * An opened bundle with its manifest.
 *
 * Reading a file checks its size and its SHA-256, and returns the same bytes that were hashed.
 */
export class Bundle {
  /**
   * Open the bundle at a URL, or in a Map of files.
   *
   * @param {string | URL | Map<string, Uint8Array | ArrayBuffer | Blob>} source
   * @param {(read: number, name: string) => void} [progress] called with the bytes that have arrived of a file
   */
  static async open(source, progress) {
    const bundle = new Bundle();
    bundle.place = source instanceof Map ? "the given files" : String(source);
    bundle.load = source instanceof Map ? fromMap(source) : fromUrl(source, progress);
    bundle.manifest = parseManifest(parseJson(await bundle.load(MANIFEST), MANIFEST));
    return bundle;
  }

  has(role) {
    return role in this.manifest.files;
  }

  /**
   * The verified content of the file of a role.
   *
   * @param {string} role
   * @returns {Promise<Uint8Array>}
   */
  async read(role) {
    const entry = this.manifest.files[role];
    if (!entry) {
      const roles = Object.keys(this.manifest.files).join(", ");
      throw new BundleNotFoundError(`the bundle at ${this.place} has no ${role}; roles in it: ${roles}`);
    }
    const content = await this.load(entry.name, entry.bytes);
    if (content.length !== entry.bytes) {
      throw new BundleDamagedError(
        `${entry.name} in the bundle at ${this.place} has ${content.length} bytes, not ${entry.bytes}; get a fresh copy`);
    }
    if ((await sha256(content)) !== entry.sha256) {
      throw new BundleDamagedError(
        `${entry.name} in the bundle at ${this.place} is damaged (SHA-256 differs); get a fresh copy`);
    }
    return content;
  }
}

function fromMap(files) {
  return async (name) => {
    const file = files.get(name);
    if (file === undefined) throw new BundleNotFoundError(`${name} is missing from the given files; give all of them`);
    if (file instanceof Uint8Array) return file;
    if (file instanceof ArrayBuffer) return new Uint8Array(file);
    if (typeof file?.arrayBuffer === "function") return new Uint8Array(await file.arrayBuffer());
    throw new InputError(`${name} must be a Uint8Array, an ArrayBuffer or a Blob, not ${shown(file)}`);
  };
}

function fromUrl(source, progress) {
  let base;
  try {
    base = new URL(source, globalThis.location?.href);
  } catch (error) {
    throw new InputError(`a bundle is given by the URL of its folder, or as a Map of files, not ${shown(source)}`, {
      cause: error,
    });
  }
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  return async (name, expected = Infinity) => {
    const url = new URL(name, base);
    let response;
    try {
      response = await fetch(url);
    } catch (error) {
      throw new BundleNotFoundError(`cannot fetch ${url}: ${error.message}`, { cause: error });
    }
    if (!response.ok) throw new BundleNotFoundError(`cannot fetch ${url}: the server answered ${response.status}`);
    return body(response, name, expected, progress);
  };
}

/** The bytes of an answer; stops one part after the expected length, so a wrong file cannot fill the memory. */
async function body(response, name, expected, progress) {
  const parts = [];
  let length = 0;
  for await (const part of chunks(response.body)) {
    parts.push(part);
    length += part.length;
    progress?.(length, name);
    if (length > expected) break;
  }
  return joined(parts);
}

/** Parts of a stream. Safari cannot iterate over streams before version 26. */
async function* chunks(stream) {
  const reader = stream.getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
  } finally {
    await reader.cancel();
  }
}

async function sha256(content) {
  if (!globalThis.crypto?.subtle) {
    throw new InputError("files are only verified on https:// and localhost; open the page by one of these");
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
