// Edits the faces in pictures of one's own: finds the face, and puts the change of its drawing into the picture.

import { InputError } from "../errors.js";
import { averaged, picture as opaque } from "../transparency.js";
import { real, shown } from "../validation.js";
import { edgeLevels, median } from "./background.js";
import { blended } from "./blend.js";
import { look, searched, shareAbove } from "./inversion.js";
import { around, FAR, fitted, View, whole } from "./view.js";

/** Pictures that fit worse are not edited, unless that is asked for. */
export const LEAST_FIT = 1e-3;
/** Above this fit, a face is not looked for anywhere else. */
const SEARCHED = 0.2;
/** Number of seeded faces that show where faces lie in their pictures. */
const USUAL_FACES = 32;

/**
 * The face that was found in a picture.
 *
 * @typedef {object} Inversion
 * @property {Float32Array[]} z the latent that draws the face, as a list of one
 * @property {[number, number, number, number]} box the square where the face lies: left, top, width and height in pixels
 * @property {Int16Array} residual the picture in the box minus the drawn face: red, green and blue of `readerSize` pixels
 *   squared
 * @property {number} fit from 0 to 1: the share of test pictures that fit worse
 */

/** The part of a bundle that pictures from outside need. */
export class PictureEditor {
  #codec;
  #usual;

  /**
   * @param {object} parts
   * @param {import("../bundle/manifest.js").Manifest} parts.manifest
   * @param {number[] | null} parts.background behind faces that the bundle draws without one; null where they have one
   * @param {(n: number) => Promise<Float32Array[]>} parts.sample
   * @param {(pictures: Uint8Array[]) => Promise<Float32Array[]>} parts.encode
   * @param {(z: Float32Array[], behind: number[] | null) => Promise<import("../transparency.js").Picture[]>} parts.draw
   */
  static async open({ manifest, background, sample, encode, draw }) {
    const editor = new PictureEditor(), faces = await draw(await sample(USUAL_FACES), background);
    const { readerSize: size } = manifest, small = (picture) => averaged(picture, size);
    const behind = background ?? usualBackground(faces);
    Object.assign(editor, { name: manifest.name, fit: manifest.fit, clear: background !== null, draw });
    editor.#codec = { size, behind, encode, draw: async (z) => (await draw(z, background)).map(small) };
    const boxes = faces.map((face) => new View(opaque(small(face), size)).content);
    editor.#usual = [0, 1, 2, 3].map((edge) => median(boxes.map((box) => box[edge])) / size);
    return editor;
  }

  /**
   * Find the face in a picture; with `box` (left, top, width, height) near that place.
   *
   * @param {View} view
   * @param {number[]} [box]
   * @returns {Promise<Inversion>}
   */
  async find(view, box) {
    const places = box == null ? this.#places(view) : [around(checkedBox(box, view.picture))];
    let found = await look(view, places, this.#codec);
    if (this.#share(found) < SEARCHED) found = await searched(view, found, this.#codec);
    const [left, top, side] = found.place, residual = Int16Array.from(found.seen, (level, i) => level - found.drawn[i]);
    return { z: [found.z], box: [left, top, side, side], residual, fit: this.#share(found) };
  }

  /** Throw `InputError` for a picture that does not fit. */
  checkFit({ fit }) {
    if (fit >= LEAST_FIT) return;
    throw new InputError(
      `the picture shows no face that ${this.name} can draw (it fits at ${inShort(fit)}; at least ${LEAST_FIT} is ` +
        "needed); name the place of the face with box, or edit it all the same with force");
  }

  /** The picture with the change from the face that was found to its moved latent. */
  async edited(view, found, moved) {
    const faces = await this.draw([...found.z, ...moved], behindFace(view, this.clear, this.#codec.behind));
    return changed(view, found.box, faces, this.clear);
  }

  /** Places to look at first: the middle square, and where the character lies as faces usually do. */
  #places(view) {
    const { width, height } = view.picture;
    const places = Math.max(width, height) > FAR * Math.min(width, height) ? [] : [whole(view.picture)];
    const told = String(view.content) !== String([0, 0, width, height]);
    return told || !places.length ? [...places, ...fitted(view.content, this.#usual)] : places;
  }

  #share({ error }) {
    return shareAbove(Math.log(Math.max(error, 1e-9)), this.fit.mean, this.fit.deviation);
  }
}

/** A fit as people read it. */
export const inShort = (fit) => Number(fit.toPrecision(2));

/**
 * The colour on which faces are drawn before they go into a picture; null for none.
 *
 * @param {View} view
 * @param {boolean} clear whether the bundle draws faces without a background
 * @param {number[]} usual the colour behind faces
 */
export const behindFace = (view, clear, usual) => (view.clear && clear ? null : (view.plain ?? usual));

/**
 * A picture with the change from one drawn face to another.
 *
 * @param {View} view
 * @param {number[]} box where the face lies: left, top, width and height
 * @param {import("../transparency.js").Picture[]} faces two, drawn on what `behindFace` says
 * @param {boolean} clear whether the bundle draws faces without a background
 */
export function changed({ picture, clear: seeThrough }, [left, top, side], [before, after], clear) {
  if (!seeThrough || clear) return blended(picture, [left, top, side], before, after);
  // These faces fill their squares, so they say nothing about what is transparent.
  const own = picture.data, solid = { ...picture, data: own.slice() };
  for (let i = 3; i < own.length; i += 4) solid.data[i] = 255;
  const edited = blended(solid, [left, top, side], before, after);
  for (let i = 0; i < own.length; i += 4) {
    if (own[i + 3]) edited.data[i + 3] = own[i + 3];
    else edited.data.set(own.subarray(i, i + 4), i);
  }
  return edited;
}

/** The colour at the edges of most faces. */
export function usualBackground(faces) {
  const edges = faces.map(edgeLevels);
  return [0, 1, 2].map((channel) => Math.trunc(median(edges.flatMap((all) => all[channel]))));
}

function checkedBox(box, { width, height }) {
  if (!Array.isArray(box) || box.length !== 4) {
    throw new InputError(`box must be four numbers, left, top, width and height in pixels, not ${shown(box)}`);
  }
  const most = Math.max(width, height), limits = [[-most, 2 * most], [-most, 2 * most], [1, 4 * most], [1, 4 * most]];
  const names = ["left", "top", "width", "height"];
  const [left, top, across, down] = box.map((value, i) => real(`${names[i]} of box`, value, ...limits[i]));
  if (left >= width || top >= height || left + across <= 0 || top + down <= 0) {
    throw new InputError(`box lies outside the picture, which has ${width} x ${height} pixels`);
  }
  return [left, top, across, down];
}
