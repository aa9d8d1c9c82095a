// Lets a server draw, read and animate faces: the one that the page comes from, by its API (docs/serving.md).

import { behindFace, changed } from "../src/pictures/editor.js";
import { resized } from "../src/pictures/resampling.js";
import { View } from "../src/pictures/view.js";
import { encoded, FRAME_SECONDS, HOLD_SECONDS, OWN_SIDE, SIDE, STEPS, there } from "./animate.js";
import { enlarged } from "./enlarge.js";
import { decoded, OwnPicture } from "./own_picture.js";
import { pictureFile } from "./picture_file.js";

const JSON_TYPE = "application/json", PNG = "image/png";
/** Media types of animations by the suffix that the page has for them. */
const FORMATS = { gif: "image/gif", webp: "image/webp", apng: "image/apng", mp4: "video/mp4" };
/** The server is too busy: trying again helps. */
const BUSY = [429, 503];
/** How often faces of the gallery, for which nobody waits, are asked for again. */
const TRIES = 5;

/** @implements {import("./backend.js").Backend} */
export class Backend {
  #api;
  #info;
  /** @type {Map<number, OwnPicture>} */
  #own = new Map();

  /** @param {{api: string}} site URL of the API */
  async open({ api }) {
    this.#api = api;
    this.#info = await (await this.#ask("info")).json();
    const { name, license, emotions, characters, attributes, animations, transparent, edits_pictures } = this.#info;
    // Other formats are smaller, and show as much, where nothing is transparent.
    const useful = (format) => animations.includes(FORMATS[format]) && (transparent || format !== "apng");
    const formats = Object.keys(FORMATS).filter(useful);
    return { name, license, emotions, characters, attributes, formats, editsPictures: edits_pictures };
  }

  draw(face) {
    return face.own ? this.#edited(this.#own.get(face.own), face) : this.#render({ seed: face.seed }, face, null);
  }

  async faces(seeds) {
    const drawn = [];
    for (const seed of seeds) drawn.push(await patiently(() => this.#render({ seed }, {}, null)));
    return drawn;
  }

  async read(picture, own) {
    const size = this.#info.reader_size, drawn = picture.width === this.#info.image_size;
    const box = [0, 0, picture.width, picture.height];
    const face = own ? this.#own.get(own).square(picture, size) : drawn ? picture : resized(picture, box, size, size);
    const { emotion } = await (await this.#ask("read", await pictureFile(face, { type: PNG }))).json();
    return this.#info.emotions.map((name) => emotion[name]);
  }

  async find(file) {
    const invert = async (picture) => {
      const { latents, box, fit } = await (await this.#ask("invert", await pictureFile(picture, { type: PNG }))).json();
      return { z: latents, box, fit };
    };
    const own = await OwnPicture.find(file, this.#info.name, invert, async (z) => [await this.#render({ latents: z })]);
    this.#own.set(own.finding.own, own);
    return own.finding;
  }

  forget(own) {
    this.#own.delete(own);
  }

  async frames(face) {
    const own = face.own && this.#own.get(face.own).smaller(OWN_SIDE), frames = [];
    for (const mix of there(face.mix)) {
      frames.push(await (own ? this.#edited(own, { ...face, mix }) : this.#large({ ...face, mix })));
    }
    return frames;
  }

  async animate(face, format) {
    if (face.own) return encoded(await this.frames(face), format);
    const { seed, mix, keep } = face, seconds = (STEPS - 1) * FRAME_SECONDS;
    const way = { timeline: [[0, {}], [seconds, mix]], easing: "smooth", fps: 1 / FRAME_SECONDS, loop: "forth-and-back" };
    const look = { faces: 1, size: SIDE, hold: HOLD_SECONDS - FRAME_SECONDS, ...this.#background(format === "mp4" ? undefined : null) };
    const answer = await this.#ask("animate", { seed, keep, ...way, ...look }, FORMATS[format]);
    return new Uint8Array(await answer.arrayBuffer());
  }

  /** The picture with another expression. The server draws the faces, and their difference is put into it here. */
  async #edited(own, { mix, keep }) {
    const { picture, found } = own, view = new View(picture), face = { latents: found.z };
    if (!Object.keys(mix).length) return picture;
    const behind = behindFace(view, this.#info.transparent, undefined);
    own.before ??= await this.#render(face, {}, behind);
    return changed(view, found.box, [own.before, await this.#render(face, { mix, keep }, behind)], this.#info.transparent);
  }

  #large({ seed, mix, keep }) {
    return patiently(async () => enlarged(await this.#render({ seed }, { mix, keep }, null), SIDE));
  }

  /** A face, moved; `behind` is the colour behind it, null for none, undefined for the usual one. */
  async #render(face, { mix = {}, keep = [] } = {}, behind) {
    const move = Object.keys(mix).length ? { strengths: mix, keep } : {};
    const answer = await this.#ask("render", { ...face, ...move, ...this.#background(behind) }, PNG);
    return decoded(await answer.blob());
  }

  #background(behind) {
    if (!this.#info.transparent || behind === undefined) return {};
    return { background: behind ? `#${behind.map((level) => level.toString(16).padStart(2, "0")).join("")}` : "none" };
  }

  /** The answer to a GET, or to a POST of a picture or of options. Throws what the server says, in one line. */
  async #ask(operation, given, accept = JSON_TYPE) {
    const isPicture = given instanceof Blob, type = isPicture ? given.type : JSON_TYPE;
    const body = given && { method: "POST", body: isPicture ? given : JSON.stringify(given) };
    let answer;
    try {
      answer = await fetch(new URL(operation, this.#api), { ...body, headers: { Accept: accept, ...(given && { "Content-Type": type }) } });
    } catch {
      throw new Error("the server does not answer; is it still running?");
    }
    if (answer.ok) return answer;
    const { error } = await answer.json().catch(() => ({}));
    const problem = new Error(error ?? `the server answered with status ${answer.status}`);
    if (BUSY.includes(answer.status)) problem.again = Number(answer.headers.get("Retry-After")) || 1;
    throw problem;
  }
}

/** What `work` gives; while the server is busy, it is asked for again when the server says so. */
async function patiently(work) {
  for (let left = TRIES; ; left--) {
    try {
      return await work();
    } catch (error) {
      if (!error.again || !left) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000 * error.again));
    }
  }
}
