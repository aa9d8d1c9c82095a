// Run ONNX graphs with onnxruntime-web: sessions, batches, and checks of what comes out.

import { BundleDamagedError, MissingLibraryError } from "./errors.js";
import { shown } from "./validation.js";

/** Largest number of rows in one run. It limits memory, and more is not faster. */
const MICRO_BATCH = 8;
/** Only crashes are logged. Errors are thrown anyway, and bundles of schema 1 bring a harmless warning. */
const CRASHES_ONLY = 4;
const SUM_TOLERANCE = 1e-3;

/** onnxruntime-web, with one thread of WebAssembly: small graphs gain nothing from more, and no headers are needed. */
export async function loadOnnxruntime() {
  try {
    const ort = await import("onnxruntime-web/wasm");
    ort.env.wasm.numThreads = 1;
    return ort;
  } catch (error) {
    throw new MissingLibraryError(
      `onnxruntime-web is not usable (${error.message}); npm install onnxruntime-web, or pass the module as ort`,
      { cause: error });
  }
}

/** Starts and runs sessions, one thing at a time: all of them share the stack of one WebAssembly. */
export class Engine {
  #last = Promise.resolve();

  /** @param {any} ort the module onnxruntime-web, or another one with its interface */
  constructor(ort) {
    this.ort = ort;
  }

  start(model) {
    return this.#turn(() => this.ort.InferenceSession.create(model, { logSeverityLevel: CRASHES_ONLY }));
  }

  run(session, feeds) {
    return this.#turn(() => session.run(feeds));
  }

  #turn(work) {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined); // it is the caller's, and the next one has its turn
    return result;
  }
}

/**
 * What a graph takes or gives for each row.
 *
 * @typedef {object} Tensor
 * @property {"float32" | "uint8"} type
 * @property {number[]} shape without the leading N
 * @property {number} [largest] largest allowed absolute value of an output
 * @property {boolean} [probabilities] whether each row is at least 0, with the sum 1
 */

/** One ONNX model. It starts at its first use. */
export class Graph {
  /**
   * @param {Engine} engine
   * @param {string} name for messages
   * @param {() => Promise<Uint8Array>} read gives the model
   * @param {Record<string, Tensor>} takes inputs with N rows; the others are the same for all rows
   * @param {Record<string, Tensor>} gives outputs with N rows
   */
  constructor(engine, name, read, takes, gives) {
    Object.assign(this, { engine, name, read, takes, gives });
  }

  /** Load the model and start its session, if that has not been done. A failed start may be tried again. */
  async start() {
    this.session ??= this.started().catch((error) => {
      this.session = null;
      throw error;
    });
    return this.session;
  }

  async started() {
    const model = await this.read();
    try {
      return await this.engine.start(model);
    } catch (error) {
      throw new BundleDamagedError(`onnxruntime cannot load ${this.name}: ${error.message ?? error}`, { cause: error });
    }
  }

  /**
   * Every output by name, as a list of rows.
   *
   * @param {Array<Float32Array | Uint8Array>} rows of the only input with N rows
   * @param {Record<string, Float32Array>} [settings] inputs that are the same for all rows
   */
  async run(rows, settings = {}) {
    const session = await this.start();
    const [[input, { type, shape }]] = Object.entries(this.takes), size = product(shape);
    const outputs = Object.fromEntries(Object.keys(this.gives).map((name) => [name, []]));
    for (let first = 0; first < rows.length; first += MICRO_BATCH) {
      const part = rows.slice(first, first + MICRO_BATCH);
      const data = new (type === "uint8" ? Uint8Array : Float32Array)(part.length * size);
      part.forEach((row, i) => data.set(row, i * size));
      const feeds = { [input]: new this.engine.ort.Tensor(type, data, [part.length, ...shape]) };
      for (const [name, values] of Object.entries(settings)) {
        feeds[name] = new this.engine.ort.Tensor("float32", values, [values.length]);
      }
      const found = await this.runPart(session, feeds);
      for (const name of Object.keys(this.gives)) outputs[name].push(...this.rows(name, found[name], part.length));
    }
    return outputs;
  }

  async runPart(session, feeds) {
    try {
      return await this.engine.run(session, feeds);
    } catch (error) {
      throw new BundleDamagedError(`onnxruntime cannot run ${this.name}: ${error.message ?? error}`, { cause: error });
    }
  }

  /** The checked rows of one output. */
  rows(name, tensor, count) {
    const { type, shape, largest = Infinity, probabilities } = this.gives[name];
    if (tensor?.type !== type || String(tensor.dims) !== String([count, ...shape])) {
      const found = tensor ? `${tensor.type} ${shown([...tensor.dims])}` : "nothing";
      throw new BundleDamagedError(`${this.name} gave ${found} as ${name}, against the manifest`);
    }
    const size = product(shape);
    return Array.from({ length: count }, (_, i) => {
      const row = tensor.data.slice(i * size, (i + 1) * size);
      if (type === "float32" && !row.every((value) => Math.abs(value) <= largest && Number.isFinite(value))) {
        throw new BundleDamagedError(`${this.name} gave ${name} beyond ${largest}, or NaN`);
      }
      const sum = probabilities ? row.reduce((a, b) => a + b, 0) : 1;
      if (Math.abs(sum - 1) > SUM_TOLERANCE || (probabilities && row.some((value) => value < 0))) {
        throw new BundleDamagedError(`${this.name} gave ${name} that are no probabilities`);
      }
      return row;
    });
  }
}

const product = (shape) => shape.reduce((a, b) => a * b, 1);
