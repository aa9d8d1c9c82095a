import { InputError } from "../errors.js";
import { real } from "../validation.js";

/**
 * Throw an `InputError` unless there are frames, all of one size, with seconds from `least` to `most` for each.
 *
 * @param {string} what they become, for messages
 * @param {{width: number, height: number}[]} frames
 * @param {number[]} seconds
 * @param {number} least
 * @param {number} most
 */
export function checkFrames(what, frames, seconds, least, most) {
  const [first] = frames;
  if (!first || frames.some(({ width, height }) => width !== first.width || height !== first.height)) {
    throw new InputError(`${what} needs at least one frame, and all frames of one size`);
  }
  if (seconds.length !== frames.length) throw new InputError(`${what} needs seconds for each frame`);
  seconds.forEach((delay) => real("the seconds of a frame", delay, least, most));
}
