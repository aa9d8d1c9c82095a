// Rows of sliders, each with a name, a strength, and a lock where the name can be kept.

const LOCK =
  '<svg viewBox="0 0 24 24" aria-hidden="true"><rect x="5" y="11" width="14" height="9" rx="2.5"/>' +
  '<path class="open" d="M8 11V7.5a4 4 0 0 1 7.7-1.5"/><path class="shut" d="M8 11V8a4 4 0 0 1 8 0v3"/></svg>';

/** How a name of a bundle is written on the page. */
export const title = (name) => name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");

/**
 * One row: `show` sets it, and it calls `slide` while the strength changes, `settle` at the end, and `lock`.
 */
export class Slider {
  /**
   * @param {string} name
   * @param {{least: number, keeps: boolean}} kind the lowest strength, and whether the name can be kept
   * @param {{slide: (name: string, strength: number) => void, settle: () => void, lock: (name: string) => void}} calls
   */
  constructor(name, { least, keeps }, { slide, settle, lock }) {
    const id = `slider-${name.replaceAll(/\W/g, (letter) => `-${letter.codePointAt(0)}`)}`;
    this.element = document.createElement("div");
    this.element.className = "slider";
    this.label = Object.assign(document.createElement("label"), { htmlFor: id, textContent: title(name) });
    this.input = Object.assign(document.createElement("input"), {
      id, type: "range", min: String(least), max: "1", step: "0.01", value: "0", title: "Double-click: back to 0",
    });
    this.output = Object.assign(document.createElement("output"), { htmlFor: id });
    this.output.setAttribute("aria-live", "off"); // the slider says its value itself
    this.element.append(this.label, this.output, this.input);
    this.input.addEventListener("input", () => slide(name, this.input.valueAsNumber));
    this.input.addEventListener("change", settle);
    this.input.addEventListener("dblclick", () => {
      slide(name, 0);
      settle();
    });
    this.element.classList.toggle("lockless", !keeps);
    if (!keeps) return;
    this.lock = Object.assign(document.createElement("button"), { type: "button", className: "lock", innerHTML: LOCK });
    this.lock.setAttribute("aria-label", `Keep ${name}`);
    this.lock.title = `Keep ${name} as it is`;
    this.lock.addEventListener("click", () => lock(name));
    this.element.append(this.lock);
  }

  show(strength, kept) {
    const least = Number(this.input.min);
    this.input.value = String(strength);
    this.input.disabled = kept;
    this.output.textContent = kept ? "kept" : strength.toFixed(2).replace("-", "−");
    this.input.style.setProperty("--from", `${(100 * (Math.min(strength, 0) - least)) / (1 - least)}%`);
    this.input.style.setProperty("--to", `${(100 * (Math.max(strength, 0) - least)) / (1 - least)}%`);
    this.element.classList.toggle("used", strength !== 0);
    this.lock?.setAttribute("aria-pressed", String(kept));
  }
}
