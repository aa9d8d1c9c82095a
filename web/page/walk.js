// Play the way of a face from one mix to another.

const SECONDS = 1.6;

const eased = (share) => share * share * (3 - 2 * share);

/** Plays one walk at a time. */
export class Walk {
  #frame = null;

  get playing() {
    return this.#frame !== null;
  }

  /**
   * @param {Record<string, number>} from
   * @param {Record<string, number>} to
   * @param {(mix: Record<string, number>) => void} show
   * @param {() => void} end
   */
  play(from, to, show, end) {
    this.stop();
    const names = [...new Set([...Object.keys(from), ...Object.keys(to)])];
    const start = performance.now();
    const step = (now) => {
      const share = Math.min(Math.max((now - start) / 1000 / SECONDS, 0), 1), along = eased(share);
      const mixed = names.map((name) => [name, (1 - along) * (from[name] ?? 0) + along * (to[name] ?? 0)]);
      show(share < 1 ? Object.fromEntries(mixed) : to);
      this.#frame = share < 1 ? requestAnimationFrame(step) : null;
      if (share === 1) end();
    };
    this.#frame = requestAnimationFrame(step);
  }

  stop() {
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#frame = null;
  }
}
