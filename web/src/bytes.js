/**
 * The bytes of all parts, one after the other.
 *
 * @param {ArrayLike<number>[]} parts
 * @returns {Uint8Array}
 */
export function joined(parts) {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let end = 0;
  for (const part of parts) {
    bytes.set(part, end);
    end += part.length;
  }
  return bytes;
}
