// The files that a visitor can save of a face: the picture, a sheet of its expressions, and animations.

import { canFilm, filmed } from "./film.js";
import { png, save } from "./portrait.js";
import { sheet } from "./sheet.js";

/** Animations: their suffix, and their type. */
const FORMATS = {
  gif: ["gif", "image/gif"], apng: ["png", "image/png"], webp: ["webp", "image/webp"], mp4: ["mp4", "video/mp4"],
};
/** What the browser can record where the back end does not write it. */
const RECORDED = "mp4";

/** Formats of animations, of which not all are offered everywhere. */
export const formats = Object.keys(FORMATS);

/** Whether there is an animation in a format, if a back end writes those in `written`. */
export const offered = (format, written) => written.includes(format) || (format === RECORDED && canFilm());

/** A way to save files. `say` tells how it goes. */
export class Files {
  constructor(backend, say) {
    this.backend = backend;
    this.say = say;
  }

  async picture(canvas, name) {
    save(await png(canvas), `${name}.png`);
    this.say("The picture is saved.");
  }

  /** The face as it is, and with each of some emotions. */
  async sheet(face, emotions, name) {
    this.say("Drawing the sheet …");
    const pictures = [];
    for (const mix of [{}, ...emotions.map((emotion) => ({ [emotion]: 1 }))]) {
      pictures.push(await this.backend.draw({ ...face, mix, keep: [] }));
    }
    save(await png(sheet(pictures, !face.own)), `${name}.png`);
    this.say(`The sheet is saved: the face as it is, then ${emotions.join(", ")}.`);
  }

  /** The way from the face as it is to the moved one, and back. */
  async animation(face, format, written, name) {
    const [suffix, type] = FORMATS[format];
    this.say("Drawing the animation …");
    const content = written.includes(format) ? await this.backend.animate(face, format)
      : await filmed(await this.backend.frames(face));
    save(new Blob([content], { type }), `${name}.${suffix}`);
    this.say(`The animation is saved: ${Math.round(content.length / 1000)} kB.`);
  }
}
