// Draws, reads and animates faces of one bundle on this device, with onnxruntime-web.

import { CheerMeUp } from "../src/index.js";
import { encoded, OWN_SIDE, SIDE, STEPS, there, writableFormats } from "./animate.js";
import { enlarged } from "./enlarge.js";
import { OwnPicture } from "./own_picture.js";

/** @implements {import("./backend.js").Backend} */
export class Backend {
  /** @type {CheerMeUp} */
  #app;
  #prepared;
  /** @type {Map<number, OwnPicture>} */
  #own = new Map();

  /** @param {{bundle: string, onnxruntime: string, precision: string}} site URLs of folders */
  async open({ bundle, onnxruntime, precision }) {
    const ort = await import(new URL("ort.wasm.min.mjs", onnxruntime).href);
    // One thread works on every host, without special headers, and these graphs gain nothing from more.
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmPaths = onnxruntime;
    this.#app = await CheerMeUp.open(bundle, { ort, precision });
    const { manifest, emotions, movableCharacters: characters, attributes, editsPictures } = this.#app;
    const formats = await writableFormats(manifest.channels === 4);
    return { name: manifest.name, license: manifest.license, emotions, characters, attributes, formats, editsPictures };
  }

  async draw(face) {
    const picture = face.own ? await this.#edited(this.#own.get(face.own), face) : (await this.#render(await this.#moved(face)))[0];
    // What sliders and readings need comes after the first face. Whatever fails is tried again, and told, when it is used.
    this.#prepared ??= this.#app.prepare().catch(() => undefined);
    return picture;
  }

  async faces(seeds) {
    const z = [];
    for (const seed of seeds) z.push(...(await this.#app.sample(1, seed)));
    return this.#render(z);
  }

  async read(picture, own) {
    const { emotion } = await this.#app.classify([own ? this.#own.get(own).square(picture, this.#app.imageSize) : picture]);
    return Array.from(emotion[0]);
  }

  async find(file) {
    const app = this.#app, bundle = app.manifest.name;
    const own = await OwnPicture.find(file, bundle, (picture) => app.invert(picture), (z) => app.render(z));
    this.#own.set(own.finding.own, own);
    return own.finding;
  }

  forget(own) {
    this.#own.delete(own);
  }

  async animate(face, format) {
    return encoded(await this.frames(face), format);
  }

  async frames(face) {
    const frames = [];
    if (face.own) {
      const own = this.#own.get(face.own).smaller(OWN_SIDE);
      for (const mix of there(face.mix)) frames.push(await this.#edited(own, { ...face, mix }));
    } else {
      const z = await this.#app.sample(1, face.seed), way = { steps: STEPS, easing: "smooth", keep: face.keep };
      for await (const [picture] of this.#app.walk(z, face.mix, { ...way, ...this.#background() })) {
        frames.push(enlarged(picture, SIDE));
      }
    }
    return frames;
  }

  #edited({ picture, found }, { mix, keep }) {
    return Object.keys(mix).length ? this.#app.editPicture(picture, mix, { keep, found, force: true }) : picture;
  }

  async #moved({ seed, mix, keep }) {
    const z = await this.#app.sample(1, seed);
    return Object.keys(mix).length ? this.#app.move(z, mix, { keep }) : z;
  }

  #render(z) {
    return this.#app.render(z, this.#background());
  }

  /** Faces that can stand alone are drawn without a background. */
  #background() {
    return this.#app.manifest.channels === 4 ? { background: null } : {};
  }
}
