// Videos, which the browser records while frames are shown.

import { thereAndBack } from "./animate.js";

const TYPE = "video/mp4;codecs=avc1.42E01E", BITS_PER_SECOND = 4_000_000;
/** Videos have no transparent pixels. */
const PAPER = "#ffffff";

/** Whether this browser writes MP4 files that others play. */
export const canFilm = () => globalThis.MediaRecorder?.isTypeSupported(TYPE) ?? false;

/**
 * The frames there and back as an MP4. It takes as long as the video.
 *
 * @param {import("../src/transparency.js").Picture[]} frames of the way there
 * @returns {Promise<Uint8Array>}
 */
export async function filmed(frames) {
  const [{ width, height }] = frames, canvas = document.createElement("canvas");
  Object.assign(canvas, { width: even(width), height: even(height) });
  const context = canvas.getContext("2d"), parts = [];
  const there = await Promise.all(frames.map(({ data }) => createImageBitmap(new ImageData(data, width))));
  const [bitmaps, seconds] = thereAndBack(there);
  const show = (bitmap) => {
    context.fillStyle = PAPER;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  };
  show(bitmaps[0]);
  const recorder = new MediaRecorder(canvas.captureStream(), { mimeType: TYPE, videoBitsPerSecond: BITS_PER_SECOND });
  const stopped = new Promise((resolve, reject) => {
    recorder.addEventListener("stop", resolve);
    recorder.addEventListener("error", () => reject(new Error("this browser could not record the video")));
  });
  recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
  recorder.start();
  for (const [i, bitmap] of bitmaps.entries()) {
    show(bitmap);
    await new Promise((resolve) => setTimeout(resolve, 1000 * seconds[i]));
  }
  recorder.stop();
  await stopped;
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** Video codecs halve the colours, so sides are even. */
const even = (side) => side + (side & 1);
