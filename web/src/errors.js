// The errors that the package throws, with the names that they have in Python.

const LONGEST = 400;

/** Base of all errors of this package. The message is one line: what is wrong, and what would be right. */
export class CheerMeUpError extends Error {
  constructor(message, options) {
    super(oneLine(message), options);
    this.name = new.target.name;
  }
}

/** An argument has the wrong type, shape, range or name. */
export class InputError extends CheerMeUpError {}

/** Base of all errors about bundles. */
export class BundleError extends CheerMeUpError {}

/** A bundle, or a part of it, is missing. */
export class BundleNotFoundError extends BundleError {}

/** The content of a bundle differs from its manifest, or has no meaning. */
export class BundleDamagedError extends BundleError {}

/** The bundle has a schema version that this package cannot read. */
export class BundleSchemaError extends BundleError {}

/** onnxruntime-web is missing, or does not work here. */
export class MissingLibraryError extends CheerMeUpError {}

/** A text as one line of at most 400 characters, without control characters. */
function oneLine(text) {
  const line = String(text).replace(/[\s\p{Cc}]+/gu, " ").trim();
  return line.length <= LONGEST ? line : `${line.slice(0, 264)} … ${line.slice(-133)}`;
}
