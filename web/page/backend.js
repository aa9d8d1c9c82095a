// What draws for the page. The page knows only this interface, so another back end can take the place of the worker.

/**
 * A face: the one that `seed` draws, moved by a mix of strengths, with names to keep.
 *
 * @typedef {{seed: number, mix: Record<string, number>, keep: string[]}} Face
 * @typedef {import("../src/transparency.js").Picture} Picture
 */

/**
 * @typedef {object} Facts
 * @property {string} name
 * @property {string} license
 * @property {string[]} emotions
 * @property {string[]} characters those that a face can become
 * @property {string[]} attributes
 * @property {boolean} transparent whether faces have no background
 */

/**
 * @typedef {object} Backend
 * @property {() => Promise<Facts>} open
 * @property {(face: Face) => Promise<Picture>} draw
 * @property {(seeds: number[]) => Promise<Picture[]>} faces as they are
 * @property {(picture: Picture) => Promise<number[]>} read the probability of each emotion
 * @property {(face: Face, format: "gif" | "apng") => Promise<Uint8Array>} animate from the face as it is to the moved
 *   one, and back
 */

/**
 * Draws in a Web Worker, with onnxruntime-web.
 * @implements {Backend}
 */
export class WorkerBackend {
  #worker;
  #waiting = new Map();
  #count = 0;

  /** @param {{bundle: string, onnxruntime: string, precision: string}} site URLs of folders */
  constructor(site) {
    this.#worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    this.#worker.addEventListener("message", ({ data: { id, result, problem } }) => {
      const { resolve, reject } = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (problem) reject(Object.assign(new Error(problem.message), { name: problem.name }));
      else resolve(result);
    });
    this.#worker.addEventListener("error", (event) => {
      const error = new Error(event.message || "the worker did not start");
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    });
    this.site = site;
  }

  open() {
    return this.#ask("open", this.site);
  }

  draw(face) {
    return this.#ask("draw", face);
  }

  faces(seeds) {
    return this.#ask("faces", seeds);
  }

  read(picture) {
    return this.#ask("read", picture);
  }

  animate(face, format) {
    return this.#ask("animate", { ...face, format });
  }

  #ask(task, argument) {
    const id = this.#count++;
    this.#worker.postMessage({ id, task, argument });
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }
}

/**
 * Sends only the newest request: while one is on its way, later ones take each other's place.
 *
 * @template Request, Answer
 * @param {(request: Request) => Promise<Answer>} work
 * @param {(answer: Answer, request: Request) => void} show
 * @param {(error: Error, request: Request) => void} fail
 * @returns {(request: Request) => void}
 */
export function newestOnly(work, show, fail) {
  let busy = false, next = null;
  return async (request) => {
    next = { request };
    if (busy) return;
    busy = true;
    while (next) {
      const current = next.request;
      next = null;
      try {
        show(await work(current), current);
      } catch (error) {
        fail(error, current);
      }
    }
    busy = false;
  };
}
