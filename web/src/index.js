export { encodeApng } from "./animation/apng.js";
export { encodeGif } from "./animation/gif.js";
export { joinWebp } from "./animation/webp.js";
export { CheerMeUp } from "./cheermeup.js";
export {
  BundleDamagedError, BundleError, BundleNotFoundError, BundleSchemaError, CheerMeUpError, InputError,
  MissingLibraryError,
} from "./errors.js";
