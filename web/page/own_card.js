// The card for a picture of the visitor's own: it takes one that is chosen, dropped or pasted, and says what becomes of it.

const element = (id) => document.getElementById(id);
const FILES = "Files";

export class OwnCard {
  /** @param {{take: (file: File) => void, accept: () => void, close: () => void}} calls */
  constructor({ take, accept, close }) {
    this.take = take;
    const input = element("own-file");
    element("own-choose").addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      this.offer(input.files);
      input.value = ""; // so that the same file can be chosen again
    });
    element("own-accept").addEventListener("click", accept);
    element("own-close").addEventListener("click", () => {
      close();
      element("own-choose").focus();
    });
  }

  /** Show which picture is edited, or which one waits because it does not fit; null for none. */
  show(edited, waiting) {
    if (element("own").hidden) this.listen();
    element("own").hidden = false;
    element("own").classList.toggle("warned", Boolean(waiting));
    element("own-text").textContent = waiting
      ? waiting.misfit
      : edited
        ? `The sliders edit ${edited.name}, ${edited.width} × ${edited.height} pixels.`
        : "Drop a picture of a character here, paste it, or choose a file.";
    element("own-choose").textContent = edited || waiting ? "Another picture" : "Choose a picture";
    element("own-accept").hidden = !waiting;
    element("own-close").hidden = !edited && !waiting;
    element("own").removeAttribute("aria-busy");
    if (waiting) element("own-accept").focus(); // the card may be out of sight when a picture is pasted
  }

  search(name) {
    element("own").setAttribute("aria-busy", "true");
    element("own-text").textContent = `Looking for the face in ${name} …`;
  }

  /** Take pictures that are dropped anywhere on the page, or pasted. */
  listen() {
    const drag = (event) => {
      if (!event.dataTransfer?.types.includes(FILES)) return;
      event.preventDefault();
      document.body.classList.toggle("dropping", event.type === "dragover");
      if (event.type === "drop") this.offer(event.dataTransfer.files);
    };
    for (const type of ["dragover", "dragleave", "drop"]) addEventListener(type, drag);
    addEventListener("paste", (event) => this.offer(event.clipboardData?.files ?? []));
  }

  offer([file]) {
    if (file) this.take(file);
  }
}
