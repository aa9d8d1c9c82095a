// Open the graphs of a bundle: choose the generator, and declare the inputs and outputs of each graph; what they find.

import { InputError } from "./errors.js";
import { Engine, Graph } from "./graphs.js";

/** Limits of latents from a mapping, and of ends. */
const MAX_DISTANCE = 100;
const FARTHEST_END = 1e5;

/**
 * The graphs of a bundle. Each starts at its first use.
 *
 * @param {import("./bundle/bundle.js").Bundle} bundle
 * @param {any} ort
 * @param {"auto" | "int8"} precision
 */
export function graphsOf(bundle, ort, precision) {
  const { latentDim, imageSize, readerSize, channels, emotions, characters } = bundle.manifest;
  const role = precision === "int8" ? "generator_int8" : "generator";
  if (!bundle.has(role)) throw new InputError("the bundle has no int8 generator; take precision auto");
  const latents = { type: "float32", shape: [latentDim], largest: MAX_DISTANCE };
  const engine = new Engine(ort);
  const graph = (name, of, takes, gives) => new Graph(engine, name, () => bundle.read(of), takes, gives);
  const image = { type: "uint8", shape: [imageSize, imageSize, channels] };
  const ends = { type: "float32", shape: [emotions.length, latentDim], largest: FARTHEST_END };
  const reads = { image: { type: "uint8", shape: [readerSize, readerSize, 3] } };
  const odds = (names) => ({ type: "float32", shape: [names.length], probabilities: true });
  return {
    generator: graph("the generator", role, { z: latents }, { image }),
    mapping: bundle.has("mapping") ? graph("the mapping", "mapping", { z: latents }, { latent: latents }) : null,
    paths: bundle.has("paths") ? graph("the paths", "paths", { z: latents }, { ends }) : null,
    encoder: bundle.has("encoder") ? graph("the encoder", "encoder", reads, { z: latents }) : null,
    classifier: graph("the classifier", "classifier", reads, { emotion: odds(emotions), character: odds(characters) }),
  };
}

/**
 * The function that finds the ends of faces, for methods that need them.
 *
 * @param {Graph} paths
 * @param {import("./bundle/manifest.js").Manifest} manifest
 * @param {boolean} keeps whether the graph takes the emotions to keep
 */
export function endFinder(paths, { emotions, latentDim: dim }, keeps) {
  return async (z, kept) => {
    const { ends } = await paths.run(z, keeps ? { keep: Float32Array.from(kept, Number) } : {});
    return ends.map((all) => emotions.map((_, k) => Float64Array.from(all.subarray(k * dim, (k + 1) * dim))));
  };
}
