// `CheerMeUp`: faces of a bundle, drawn, read, moved and animated.

import { endFinder, graphsOf } from "./bundle_graphs.js";
import { parseAxes } from "./bundle/axes.js";
import { Bundle } from "./bundle/bundle.js";
import { isObject, parseJson } from "./bundle/manifest.js";
import { BundleNotFoundError, InputError } from "./errors.js";
import { loadOnnxruntime } from "./graphs.js";
import { checkKeep } from "./latent/keep.js";
import { Motions, Move } from "./latent/move.js";
import { EASINGS, eased } from "./latent/easing.js";
import { normals } from "./latent/normals.js";
import { readTimeline, timelineStrengths } from "./latent/timeline.js";
import { checkedLatents } from "./latent/vectors.js";
import { together, Vocabulary } from "./latent/vocabulary.js";
import { PictureEditor } from "./pictures/editor.js";
import { View } from "./pictures/view.js";
import { averaged, colour, over, picture } from "./transparency.js";
import { oneOf, real, shown, whole } from "./validation.js";

const MAX_FACES = 1_000_000;
const MAX_STEPS = 10_000;
/** Players show nothing faster. */
const MAX_FPS = 50;
const MAX_SEED = 2n ** 64n - 1n;

/** Steps VI to IX of the paper on an exported bundle. `CheerMeUp.open` makes an instance. */
export class CheerMeUp {
  #axes;
  #bundle;
  #graphs;
  #pictures;
  #vocabulary;

  /**
   * Open a bundle. Manifest, axes, mapping and generator are read and verified here; the other graphs are read at
   * their first use, or by `prepare`.
   *
   * @param {string | URL | Map<string, Uint8Array | ArrayBuffer | Blob>} source URL of the folder, or its files
   * @param {object} [options]
   * @param {"auto" | "int8"} [options.precision] `int8` draws with the bundle's quick generator
   * @param {any} [options.ort] a module in the place of onnxruntime-web
   * @param {(bytes: number, name: string) => void} [options.progress] called as bytes of a file arrive
   * @returns {Promise<CheerMeUp>}
   */
  static async open(source, { precision = "auto", ort, progress } = {}) {
    oneOf("precision", precision, ["auto", "int8"]);
    const bundle = await Bundle.open(source, progress);
    const app = new CheerMeUp();
    app.#bundle = bundle;
    app.#graphs = graphsOf(bundle, ort ?? (await loadOnnxruntime()), precision);
    // All at once: the mapping is small, so WebAssembly loads while the generator still arrives.
    const { mapping, generator } = app.#graphs;
    const [axes] = await Promise.all([bundle.read("axes"), mapping?.start(), generator.start()]);
    const finderOf = (role, keeps) => (role === "paths" && bundle.has(role) ? endFinder(app.#graphs.paths, bundle.manifest, keeps) : null);
    app.#axes = parseAxes(parseJson(axes, "axes.json"), bundle.manifest, finderOf);
    const { characters, attributes } = app.#axes;
    const added = attributes.flatMap((attribute) => attribute.names);
    app.#vocabulary = new Vocabulary(bundle.manifest.emotions, characters?.names ?? [], added);
    return app;
  }

  /** Everything that the bundle says about itself. */
  get manifest() {
    return this.#bundle.manifest;
  }

  /** Names that `move` and `walk` take, in the order of the classifier's output. */
  get emotions() {
    return [...this.manifest.emotions];
  }

  /** Those that the classifier knows, in the order of its output. */
  get characters() {
    return [...this.manifest.characters];
  }

  /** Those that the generator was trained to draw. */
  get drawnCharacters() {
    return [...this.manifest.drawnCharacters];
  }

  /** Characters that a face can become by `move`; none if the bundle draws only one. */
  get movableCharacters() {
    return [...this.#vocabulary.kinds.characters];
  }

  /** What was added to the finished model, which `move` and `walk` take as well. */
  get attributes() {
    return [...this.#vocabulary.kinds.attributes];
  }

  /** Methods whose axes the bundle holds, the default one first. */
  get methods() {
    const others = [...this.#axes.methods.keys()].filter((name) => name !== this.#axes.default).sort();
    return [this.#axes.default, ...others];
  }

  get latentDim() {
    return this.manifest.latentDim;
  }

  /** Side of the square pictures, pixels. */
  get imageSize() {
    return this.manifest.imageSize;
  }

  /** Whether the bundle finds faces in pictures, as `invert` and `editPicture` need it. */
  get editsPictures() {
    return this.#graphs.encoder !== null && this.manifest.fit !== null;
  }

  /** Read all graphs now, so that no later call waits for one. */
  async prepare() {
    for (const graph of Object.values(this.#graphs)) await graph?.start();
  }

  /**
   * Latents of `n` faces. The same as in Python and on every machine; face i does not depend on `n`.
   *
   * @param {number} n
   * @param {number | bigint} [seed] from 0 to 2 ** 64 - 1
   * @returns {Promise<Float32Array[]>} each of `latentDim` numbers
   */
  async sample(n, seed = 0) {
    const count = whole("the number of faces", n, 1, MAX_FACES), dim = this.latentDim;
    if ((typeof seed !== "bigint" && !Number.isSafeInteger(seed)) || seed < 0 || seed > MAX_SEED) {
      throw new InputError(`seed must be a whole number from 0 to ${MAX_SEED}, not ${shown(seed)}`);
    }
    const drawn = normals(BigInt(seed), count * dim);
    const z = Array.from({ length: count }, (_, i) => drawn.slice(i * dim, (i + 1) * dim));
    return this.#graphs.mapping ? (await this.#graphs.mapping.run(z)).latent : z;
  }

  /**
   * The faces of `z`.
   *
   * @param {Array<Float32Array | number[]>} z
   * @param {object} [options]
   * @param {"auto" | null | string | number[]} [options.background] where the bundle draws faces without a background:
   *   `"auto"` for the colour that it names, another colour, or null for none
   * @returns {Promise<import("./transparency.js").Picture[]>}
   */
  async render(z, { background = "auto" } = {}) {
    return this.#drawn(checkedLatents(z, this.latentDim), this.#behind(background));
  }

  /**
   * What emotion and character the classifier sees. Rows are probabilities, in the order of `emotions` and of
   * `characters`. Pictures have the size of the faces, or the smaller one that the classifier reads.
   *
   * @param {import("./transparency.js").Picture[]} pictures
   * @returns {Promise<{emotion: Float32Array[], character: Float32Array[]}>}
   */
  async classify(pictures) {
    const { imageSize, readerSize, background } = this.manifest;
    const right = ({ width, height, data }) =>
      width === height && [imageSize, readerSize].includes(width) && data?.length === 4 * width * width;
    if (!Array.isArray(pictures) || !pictures.length || !pictures.every((one) => one && right(one))) {
      throw new InputError(`pictures must be a list of RGBA pictures of ${[...new Set([imageSize, readerSize])].join(" or ")} pixels squared`);
    }
    const behind = colour("background", background);
    return this.#graphs.classifier.run(pictures.map((one) => averaged(over(one, behind), readerSize)));
  }

  /**
   * `z` moved by a mix of emotions, characters and attributes. Strength 0 returns `z` as it is; 1 is the full effect; a
   * negative strength leads away.
   *
   * @param {Array<Float32Array | number[]>} z
   * @param {Record<string, number>} strengths
   * @param {object} [options]
   * @param {string} [options.method] axes to use; the bundle's default otherwise
   * @param {number} [options.until] each face stops where the classifier gives the mix this probability
   * @param {Iterable<string>} [options.keep] emotions and attributes that must not change, and `character`
   * @returns {Promise<Float32Array[]>}
   */
  async move(z, strengths, { method, until, keep = [] } = {}) {
    const start = checkedLatents(z, this.latentDim), mix = this.#vocabulary.strengths(strengths);
    const move = this.#prepared(start, [mix], method, keep);
    if (until == null) return move.at(mix);
    const probability = real("until", until, 0, 1), wanted = this.#vocabulary.wanted(mix, this.characters);
    return move.until(mix, probability, async (moved) => together(await this.classify(await this.render(moved)), wanted));
  }

  /**
   * `steps` frames of the faces on their way from strength 0 to 1. Each frame holds a picture for each face.
   *
   * @param {Array<Float32Array | number[]>} z
   * @param {string | Record<string, number>} emotion a name, or a mix with the strengths of the last frame
   * @param {object} [options] `method` and `keep` are those of `move`, `background` that of `render`
   * @param {number} [options.steps]
   * @param {"linear" | "smooth"} [options.easing]
   * @returns {AsyncGenerator<import("./transparency.js").Picture[]>}
   */
  walk(z, emotion, { steps = 30, method, easing = "linear", keep = [], background = "auto" } = {}) {
    const start = checkedLatents(z, this.latentDim);
    const target = this.#vocabulary.strengths(typeof emotion === "string" ? { [emotion]: 1 } : emotion);
    whole("steps", steps, 2, MAX_STEPS);
    oneOf("easing", easing, EASINGS);
    const shares = Array.from({ length: steps }, (_, i) => eased(i / (steps - 1), easing));
    const course = shares.map((share) => target.map((strength) => share * strength));
    const move = this.#prepared(start, course, method, keep), behind = this.#behind(background);
    return this.#frames(move, course, behind);
  }

  /**
   * Frames of the faces through mixes at given times.
   *
   * @param {Array<Float32Array | number[]>} z
   * @param {string | Array<[number, Record<string, number>]>} timeline text, `"start, joy:0.8@1s, neutral@3s"`, or
   *   pairs of seconds and mix; an empty mix is the face as it is
   * @param {object} [options] `method` and `keep` are those of `move`, `background` that of `render`
   * @param {number} [options.fps] largest number of frames a second
   * @param {"linear" | "smooth"} [options.easing]
   * @returns {AsyncGenerator<import("./transparency.js").Picture[]>}
   */
  timeline(z, timeline, { fps = 15, method, easing = "smooth", keep = [], background = "auto" } = {}) {
    const start = checkedLatents(z, this.latentDim), pairs = readTimeline(timeline), still = this.#vocabulary.names.map(() => 0);
    const isEmpty = (mix) => isObject(mix) && !Object.keys(mix).length;
    const keys = pairs.map(([, mix]) => (isEmpty(mix) ? still : this.#vocabulary.strengths(mix)));
    const rate = Math.min(real("fps", fps, 0.1, 1000), MAX_FPS);
    oneOf("easing", easing, EASINGS);
    const course = timelineStrengths(pairs.map(([time]) => time), keys, rate, (share) => eased(share, easing));
    return this.#frames(this.#prepared(start, keys, method, keep), course, this.#behind(background));
  }

  /**
   * Find the face in a picture, and the latent that draws it. It is looked for in the whole picture, and where the
   * character stands out from a transparent or plain background; or near `box`.
   *
   * @param {import("./transparency.js").Picture} picture of any size
   * @param {object} [options]
   * @param {number[]} [options.box] left, top, width and height in pixels
   * @returns {Promise<import("./pictures/editor.js").Inversion>}
   */
  async invert(picture, { box } = {}) {
    return (await this.#editor()).find(new View(picture), box);
  }

  /**
   * The picture with another expression, of its own size. Where the drawn face does not change, it keeps its pixels.
   *
   * @param {import("./transparency.js").Picture} picture
   * @param {Record<string, number>} strengths
   * @param {object} [options] `method`, `until` and `keep` are those of `move`, `box` that of `invert`
   * @param {boolean} [options.force] edit the picture even if it hardly fits the bundle
   * @param {import("./pictures/editor.js").Inversion} [options.found] what `invert` returned for this picture
   * @returns {Promise<import("./transparency.js").Picture>}
   */
  async editPicture(picture, strengths, { method, until, keep, box, force = false, found } = {}) {
    const editor = await this.#editor(), view = new View(picture), face = found ?? (await editor.find(view, box));
    if (!force) editor.checkFit(face);
    return editor.edited(view, face, await this.move(face.z, strengths, { method, until, keep }));
  }

  /** What pictures from outside need; a failed start may be tried again. */
  #editor() {
    const { manifest } = this, { encoder } = this.#graphs;
    if (!this.editsPictures) {
      throw new BundleNotFoundError(`${manifest.name} has no encoder, which finds faces in pictures; take another bundle`);
    }
    const draw = (z, behind) => this.#drawn(z, behind), sample = (n) => this.sample(n);
    const background = manifest.channels === 4 ? colour("background", manifest.background) : null;
    const encode = async (pictures) => (await encoder.run(pictures)).z;
    return (this.#pictures ??= PictureEditor.open({ manifest, background, sample, encode, draw }).catch((error) => {
      this.#pictures = null;
      throw error;
    }));
  }

  async *#frames(move, course, behind) {
    for (const strengths of course) yield this.#drawn(await move.at(strengths), behind);
  }

  async #drawn(latents, behind) {
    const { image } = await this.#graphs.generator.run(latents);
    const pictures = image.map((levels) => picture(levels, this.imageSize));
    return behind ? pictures.map((one) => over(one, behind)) : pictures;
  }

  /** Faces ready to be moved by any strengths of `course`. */
  #prepared(start, course, method, keep) {
    const name = method == null ? this.#axes.default : oneOf("method", method, this.methods);
    const motions = new Motions(this.#axes.methods.get(name), this.#axes.characters, this.#axes.attributes);
    return new Move(start, motions, checkKeep(keep, course, motions));
  }

  /** The colour behind the faces; null for none, and where faces fill their pictures. */
  #behind(background) {
    if (this.manifest.channels === 4) {
      if (background === null) return null;
      return colour("background", background === "auto" ? this.manifest.background : background);
    }
    if (background === "auto") return null;
    throw new InputError(
      `the faces of ${this.manifest.name} fill their pictures, so nothing can be behind them; leave background out`);
  }
}
