// What the classifier reads in the face: a bar for each emotion, and a sentence for screen readers.

import { title } from "./sliders.js";

/** Least time between two readings, in milliseconds: ten a second are enough to follow. */
const PAUSE = 100;
/** Time without a change after which the sentence is said, in milliseconds. */
const SETTLED = 600;

export class Readings {
  #bars;
  #names;
  #summary;
  #due = 0;
  #timer;
  #sentence;

  /**
   * @param {HTMLElement} list
   * @param {HTMLElement} summary
   * @param {string[]} names
   */
  constructor(list, summary, names) {
    this.#names = names;
    this.#summary = summary;
    this.#bars = names.map((name) => {
      const row = document.createElement("li");
      const label = Object.assign(document.createElement("span"), { className: "name", textContent: title(name) });
      const bar = Object.assign(document.createElement("span"), { className: "bar" });
      const share = Object.assign(document.createElement("span"), { className: "share" });
      row.append(label, bar, share);
      row.dataset.name = name;
      list.append(row);
      return { row, bar, share };
    });
  }

  /** Call `read` for the newest picture, at most ten times a second. */
  schedule(read) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#due = performance.now() + PAUSE;
      read();
    }, Math.max(0, this.#due - performance.now()));
  }

  /** @param {number[]} odds probability of each emotion */
  show(odds) {
    const best = odds.indexOf(Math.max(...odds));
    this.#bars.forEach(({ row, bar, share }, k) => {
      bar.style.setProperty("--share", String(odds[k]));
      share.textContent = `${Math.round(100 * odds[k])} %`;
      row.classList.toggle("best", k === best);
    });
    clearTimeout(this.#sentence);
    this.#sentence = setTimeout(() => {
      this.#summary.textContent = `${title(this.#names[best])}, ${Math.round(100 * odds[best])} % sure`;
    }, SETTLED);
  }
}
