// Faces to start from: a button for each, of a page of seeds.

import { paint } from "./portrait.js";

const COUNT = 12;
/** Faces that are drawn at a time, so that the large face never waits for all of them. */
const TOGETHER = 3;
const SIDE = 160;

export class Gallery {
  #element;
  #backend;
  #choose;
  #first = -1;

  /**
   * @param {HTMLElement} element
   * @param {import("./backend.js").Backend} backend
   * @param {(seed: number) => void} choose
   */
  constructor(element, backend, choose) {
    this.#element = element;
    this.#backend = backend;
    this.#choose = choose;
  }

  /** Draw the page of faces that holds this seed. */
  async show(seed) {
    const first = seed - (seed % COUNT);
    if (first === this.#first) return;
    this.#first = first;
    const seeds = Array.from({ length: COUNT }, (_, i) => first + i).filter(Number.isSafeInteger);
    this.#element.replaceChildren(...seeds.map((one) => this.#button(one)));
    for (let i = 0; i < seeds.length && first === this.#first; i += TOGETHER) {
      const part = seeds.slice(i, i + TOGETHER);
      const pictures = await this.#backend.faces(part);
      if (first !== this.#first) return;
      pictures.forEach((picture, j) => paint(this.#element.children[i + j].firstChild, picture, SIDE));
    }
  }

  /** Draw the next page. */
  more() {
    return this.show(this.#first + COUNT);
  }

  /** Mark the face that is shown, unless it is in a picture of the visitor's own. */
  mark({ seed, own }) {
    for (const button of this.#element.children) {
      button.setAttribute("aria-pressed", String(!own && button.dataset.seed === String(seed)));
    }
  }

  #button(seed) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "choice" });
    button.dataset.seed = String(seed);
    button.setAttribute("aria-label", `Face ${seed}`);
    button.setAttribute("aria-pressed", "false");
    button.append(Object.assign(document.createElement("canvas"), { width: SIDE, height: SIDE }));
    button.addEventListener("click", () => this.#choose(seed));
    return button;
  }
}
