// Timelines, which are mixes at given times: read from text or pairs, and turned into the strengths of frames.

import { InputError } from "../errors.js";
import { real, shown } from "../validation.js";

/** The face as it is. */
const START = "start";
const EXAMPLE = "neutral, joy:0.8@1s, joy:0.5+surprise:0.5@2s, neutral@3s";
/** Smallest number of seconds between keyframes, because of players, and largest number for a whole timeline. */
const MIN_GAP = 0.02, MAX_SECONDS = 600;
const SECONDS = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+))\s*s?$/;
const STRENGTH = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/;

/**
 * Pairs of seconds and mix whose times rise from 0, from text or from such pairs.
 *
 * @param {string | Array<[number, Record<string, number>]>} timeline
 * @returns {Array<[number, Record<string, number>]>}
 */
export function readTimeline(timeline) {
  const pairs = typeof timeline === "string" ? timeline.split(",").map((part, i) => keyframe(part.trim(), i === 0)) : timeline;
  if (!Array.isArray(pairs) || !pairs.every((pair) => Array.isArray(pair) && pair.length === 2)) {
    throw new InputError(`a timeline is text, or pairs of seconds and mix, for example [[0, {}], [1, {"joy": 0.8}]], ` +
      `not ${shown(timeline)}`);
  }
  pairs.forEach(([given], i) => {
    const time = real("the time of a keyframe", given, 0, MAX_SECONDS), before = i > 0 ? pairs[i - 1][0] : null;
    if (before === null && time !== 0) {
      throw new InputError(`a timeline starts at 0s, not at ${time}s: begin it with start@0s, for example`);
    }
    if (before !== null && time - before < MIN_GAP) {
      throw new InputError(`the keyframe at ${time}s must come ${MIN_GAP}s or more after the one at ${before}s before it`);
    }
  });
  if (pairs.length < 2) throw new InputError(`a timeline needs two keyframes or more, for example ${EXAMPLE}`);
  return pairs;
}

/**
 * Strengths of the frames between keyframes, each of which is a frame at exactly its time. The frames between two are
 * evenly spaced, at most `fps` a second, and each gap is eased separately.
 *
 * @param {number[]} times seconds of the keyframes
 * @param {number[][]} keys their strengths
 * @param {number} fps
 * @param {(share: number) => number} ease
 */
export function timelineStrengths(times, keys, fps, ease) {
  const rows = [keys[0]];
  for (let i = 1; i < times.length; i++) {
    const count = Math.max(1, Math.trunc((times[i] - times[i - 1]) * fps + 1e-6)); // rounding must not cost a frame
    for (let frame = 1; frame <= count; frame++) {
      const along = ease(frame / count);
      rows.push(keys[i].map((strength, k) => (1 - along) * keys[i - 1][k] + along * strength));
    }
  }
  return rows;
}

/** One keyframe: emotions joined by `+`, each with a strength, and a time, which only the first may omit. */
function keyframe(part, first) {
  const unreadable = (why) =>
    new InputError(`cannot read ${shown(part)} in the timeline: ${why}; write it as in "${EXAMPLE}"`);
  const [mixText, time] = cut(part, "@"), seconds = SECONDS.exec(time ?? "");
  if (time !== undefined && !seconds) throw unreadable(`${shown(time)} is not a time in seconds`);
  if (time === undefined && !first) throw unreadable("it has no time");
  const mix = {};
  for (const term of mixText === START ? [] : mixText.split("+")) {
    const [name, strength] = cut(term, ":");
    if (!name) throw unreadable("an emotion is missing");
    if (name === START) throw unreadable(`${START} is the face as it is and takes no strength and no other emotion`);
    if (Object.hasOwn(mix, name)) throw unreadable(`${shown(name)} is there twice`);
    if (strength !== undefined && !STRENGTH.test(strength)) throw unreadable(`${shown(strength)} is not a strength`);
    mix[name] = strength === undefined ? 1 : Number(strength);
  }
  return [seconds ? Number(seconds[1]) : 0, mix];
}

/** What is before and after the first mark; undefined after it where there is none. */
function cut(text, mark) {
  const place = text.indexOf(mark);
  return place < 0 ? [text.trim(), undefined] : [text.slice(0, place).trim(), text.slice(place + 1).trim()];
}
