/**
 * A picture as a file, by a canvas of this browser.
 *
 * @param {import("../src/transparency.js").Picture} picture
 * @param {{type: string, quality?: number}} options a browser that does not write the type writes a PNG
 * @returns {Promise<Blob>}
 */
export function pictureFile({ width, height, data }, options) {
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d").putImageData(new ImageData(data, width), 0, 0);
  return canvas.convertToBlob(options);
}
