// What draws for the page. The page knows only this interface, so another back end can take the place of the worker.

/**
 * A face: the one that `seed` draws, or the one in a picture of the visitor's own, moved by a mix of strengths, with names
 * to keep.
 *
 * @typedef {{seed: number, mix: Record<string, number>, keep: string[], own?: number}} Face
 * @typedef {import("../src/transparency.js").Picture} Picture
 */

/**
 * @typedef {object} Facts
 * @property {string} name
 * @property {string} license
 * @property {string[]} emotions
 * @property {string[]} characters those that a face can become
 * @property {string[]} attributes
 * @property {string[]} formats of animations that it writes, by their suffixes
 * @property {boolean} editsPictures whether it finds faces in pictures
 */

/**
 * What was found in a picture of the visitor's own.
 *
 * @typedef {object} Finding
 * @property {number} own stands for the picture
 * @property {number} width
 * @property {number} height
 * @property {string[]} formats of animations, as those of `Facts`
 * @property {string} [misfit] why its edits will hardly look well
 */

/**
 * Errors are told in one line. Those with `again` pass by themselves, in so many seconds.
 *
 * @typedef {object} Backend
 * @property {() => Promise<Facts>} open
 * @property {(face: Face) => Promise<Picture>} draw a picture of the visitor's own has its own size
 * @property {(seeds: number[]) => Promise<Picture[]>} faces as they are
 * @property {(picture: Picture, own?: number) => Promise<number[]>} read the probability of each emotion
 * @property {(face: Face, format: string) => Promise<Uint8Array>} animate from the face as it is to the moved one, and
 *   back
 * @property {(face: Face) => Promise<Picture[]>} frames of the way from the face as it is to the moved one
 * @property {(file: Blob) => Promise<Finding>} find the face in a picture, which is held until `forget`
 * @property {(own: number) => Promise<void>} forget a picture
 */

/**
 * Lets a Web Worker draw, so that the page never waits for it.
 * @implements {Backend}
 */
export class WorkerBackend {
  #worker;
  #waiting = new Map();
  #count = 0;

  /** @param {object} site what the worker needs to know */
  constructor(site) {
    this.#worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    this.#worker.addEventListener("message", ({ data: { id, result, problem } }) => {
      const { resolve, reject } = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (problem) reject(Object.assign(new Error(problem.message), problem));
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

  read(picture, own) {
    return this.#ask("read", picture, own);
  }

  animate(face, format) {
    return this.#ask("animate", face, format);
  }

  frames(face) {
    return this.#ask("frames", face);
  }

  find(file) {
    return this.#ask("find", file);
  }

  forget(own) {
    return this.#ask("forget", own);
  }

  #ask(task, ...given) {
    const id = this.#count++;
    this.#worker.postMessage({ id, task, given });
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
  const send = async () => {
    const current = next.request;
    [busy, next] = [true, null];
    const answered = await work(current).then((answer) => () => show(answer, current), (error) => () => fail(error, current));
    busy = false;
    if (next) send(); // the worker draws while the page shows
    answered();
  };
  return (request) => {
    next = { request };
    if (!busy) send();
  };
}
