// A picture of the visitor's own: decoded, the face in it, and how it is read and animated.

import { InputError } from "../src/errors.js";
import { inShort, LEAST_FIT, usualBackground } from "../src/pictures/editor.js";
import { reduced, resized } from "../src/pictures/resampling.js";
import { View } from "../src/pictures/view.js";
import { writableFormats } from "./animate.js";

/** @typedef {import("../src/transparency.js").Picture} Picture */

/** The largest picture, in pixels. Canvases of some phones hold no more. */
const MOST_PIXELS = 16_000_000;
/** In larger pictures, the face is looked for in fewer pixels. Faces are drawn with fewer still. */
const LOOKED_AT = 768;

export class OwnPicture {
  static #count = 0;

  /**
   * Find the face in the picture of a file.
   *
   * @param {Blob} file
   * @param {string} bundle its name, for messages
   * @param {(picture: Picture) => Promise<{z: any, box: number[], fit: number}>} invert
   * @param {(z: any) => Promise<Picture[]>} render faces by their latents, on the background that is usual
   */
  static async find(file, bundle, invert, render) {
    const own = new OwnPicture(), picture = await decoded(file), { width, height } = picture;
    const factor = Math.ceil(Math.max(width, height) / LOOKED_AT);
    const { z, box, fit } = await invert(factor > 1 ? reduced(picture, factor) : picture);
    Object.assign(own, { picture, found: { z, box: box.map((edge) => factor * edge), fit } });
    own.behind = usualBackground(await render(z));
    const formats = await writableFormats(new View(picture).clear);
    own.finding = { own: ++OwnPicture.#count, width, height, formats };
    if (fit < LEAST_FIT) {
      own.finding.misfit = `${bundle} draws no face like this one: it fits at ${inShort(fit)}, and ${LEAST_FIT} is needed`;
    }
    return own;
  }

  /** The square of the picture, or of an edit of it, in which the face lies. */
  square(picture, size) {
    const [left, top, side] = this.found.box;
    return new View(picture).square([left, top, side], size, this.behind);
  }

  /** The picture with at most `side` pixels on its longer side, and where the face is in it. */
  smaller(side) {
    const { width, height } = this.picture, scale = side / Math.max(width, height);
    if (scale >= 1) return this;
    const size = [width, height].map((length) => Math.max(1, Math.round(scale * length)));
    const found = { ...this.found, box: this.found.box.map((edge) => scale * edge) };
    return { picture: resized(this.picture, [0, 0, width, height], ...size), found };
  }
}

/** The levels of a picture file, upright. */
export async function decoded(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new InputError(`${file.name ?? "this"} is no picture that this browser can open; take a PNG, JPEG or WebP`);
  }
  const { width, height } = bitmap;
  if (width * height > MOST_PIXELS) {
    throw new InputError(
      `the picture has ${width} x ${height} pixels; at most ${MOST_PIXELS / 1e6} million are edited: make it smaller`);
  }
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return { width, height, data: context.getImageData(0, 0, width, height).data };
}
