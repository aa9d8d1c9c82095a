// The page: connects the controls with the back end.

import { newestOnly, WorkerBackend } from "./backend.js";
import { Files, formats, offered } from "./files.js";
import { Gallery } from "./gallery.js";
import { OwnCard } from "./own_card.js";
import { paint, place } from "./portrait.js";
import { Readings } from "./readings.js";
import { Slider, title } from "./sliders.js";
import { FIRST, fromHash, History, same, toHash } from "./state.js";
import { Walk } from "./walk.js";

const CHARACTER = "character";
/** Emotions that "Cheer me up" plays, the first that the bundle has. */
const CHEERFUL = ["joy", "happy", "happiness"];

const element = (id) => document.getElementById(id);
const canvas = element("face");
const SIDE = 640;
/** A licence of more letters is a text, which the bundle holds. */
const LONGEST_LICENSE = 60;

class Page {
  constructor(backend, facts) {
    this.backend = backend;
    this.facts = facts;
    this.names = [...facts.emotions, ...facts.characters, ...facts.attributes];
    this.cheerful = CHEERFUL.find((name) => facts.emotions.includes(name)) ?? facts.emotions[0];
    this.walk = new Walk();
    this.face = fromHash(location.hash, this.names);
    this.history = new History(this.face);
    this.draw = newestOnly((face) => backend.draw(face), (...shown) => this.drawn(...shown), (...why) => this.failed(...why));
    this.read = newestOnly(({ picture, own }) => backend.read(picture, own), (odds) => this.readings.show(odds),
      (error, { own }) => own === this.face.own && say(sentence(error.message)));
    this.readings = new Readings(element("readings"), element("summary"), facts.emotions);
    this.files = new Files(backend, say);
    this.gallery = new Gallery(element("faces"), backend, (seed) => this.start(seed));
    this.card = new OwnCard({ take: (file) => this.take(file), accept: () => this.accept(), close: () => this.putAway() });
    this.sliders = new Map();
    this.addSliders("emotions", facts.emotions, { least: -1, keeps: true });
    this.addSliders("characters", facts.characters, { least: 0, keeps: false });
    this.addSliders("attributes", facts.attributes, { least: -1, keeps: true });
    element("character-section").hidden = !facts.characters.length;
    element("attribute-section").hidden = !facts.attributes.length;
    element("cheer").textContent = CHEERFUL.includes(this.cheerful) ? "Cheer me up" : `Show ${this.cheerful}`;
    this.listen();
  }

  addSliders(place, names, kind) {
    for (const name of names) {
      const slider = new Slider(name, kind, {
        slide: (...given) => this.slide(...given),
        settle: () => this.settle(),
        lock: (locked) => this.toggleLock(locked),
      });
      this.sliders.set(name, slider);
      element(place).append(slider.element);
    }
  }

  listen() {
    const press = (id, action) => {
      element(id).addEventListener("click", action);
      element(id).disabled = false;
    };
    press("cheer", () => this.cheerUp());
    press("undo", () => this.show(this.history.undo()));
    press("redo", () => this.show(this.history.redo()));
    press("reset", () => this.change({ ...this.face, mix: {}, keep: [] }));
    press("png", () => this.files.picture(canvas, this.fileName()));
    press("sheet", () => this.save("sheet", () => this.files.sheet(this.face, this.facts.emotions, this.fileName(["sheet"]))));
    for (const format of formats) press(format, () => this.save(format, () => this.animation(format)));
    press("share", () => this.copyLink());
    press("more", () => this.gallery.more().then(() => this.gallery.mark(this.face)));
    press("keep-character", () => this.toggleLock(CHARACTER));
    element("seed").addEventListener("change", ({ target }) => target.reportValidity() && this.start(target.valueAsNumber || 0));
    addEventListener("hashchange", () => this.change(fromHash(location.hash, this.names)));
    addEventListener("keydown", (event) => {
      if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || event.target.type === "number") return;
      event.preventDefault();
      this.show(event.shiftKey ? this.history.redo() : this.history.undo());
    });
  }

  /** Show a face: controls and link at once, the picture as soon as it is drawn. */
  show(face) {
    this.walk.stop();
    this.preview(face);
    history.replaceState(null, "", same(face, FIRST) ? location.pathname + location.search : toHash(face));
    element("seed").value = String(face.seed);
    this.gallery.show(face.seed).then(() => this.gallery.mark(this.face), (error) => say(sentence(error.message)));
    this.gallery.mark(face);
    element("undo").disabled = !this.history.canUndo;
    element("redo").disabled = !this.history.canRedo;
    element("reset").disabled = !Object.keys(face.mix).length && !face.keep.length;
    for (const format of formats) element(format).hidden = !offered(format, this.written);
    if (this.facts.editsPictures) this.card.show(face.own ? this.own : null, this.waiting);
  }

  /** Show a face that is only passed by, on the way to another one. */
  preview(face) {
    this.face = face;
    for (const [name, slider] of this.sliders) slider.show(face.mix[name] ?? 0, face.keep.includes(name));
    element("keep-character").setAttribute("aria-pressed", String(face.keep.includes(CHARACTER)));
    for (const name of this.facts.characters) this.sliders.get(name).input.disabled = face.keep.includes(CHARACTER);
    this.draw(face);
  }

  /** Show a face, and remember it for undo. */
  change(face) {
    this.history.add(face);
    this.show(face);
  }

  slide(name, strength) {
    this.walk.stop();
    const mix = { ...this.face.mix, [name]: strength };
    if (strength === 0) delete mix[name];
    this.preview({ ...this.face, mix });
  }

  settle() {
    this.change(this.face);
  }

  start(seed) {
    this.change({ ...this.face, seed, own: undefined });
  }

  /** Find the face in a picture of the visitor's own, and edit it if it fits. */
  async take(file) {
    this.card.search(file.name);
    let found;
    try {
      found = await this.backend.find(file);
    } catch (error) {
      say(sentence(error.message));
    }
    if (this.waiting) this.backend.forget(this.waiting.own);
    this.waiting = found && { ...found, name: file.name, misfit: found.misfit && sentence(found.misfit) };
    if (!found || found.misfit) return this.show(this.face);
    return this.accept();
  }

  /** Edit the picture that was found, in the place of an earlier one. */
  accept() {
    if (this.own) {
      this.history.forgetOwn();
      this.backend.forget(this.own.own);
    }
    [this.own, this.waiting] = [this.waiting, undefined];
    this.change({ ...FIRST, seed: this.face.seed, own: this.own.own });
  }

  /** Leave the picture that waits, or the one that is edited, which undo brings back. */
  putAway() {
    if (this.waiting) {
      this.backend.forget(this.waiting.own);
      this.waiting = undefined;
      return this.show(this.face);
    }
    say("Your picture is put away. Undo brings it back.");
    return this.change({ ...FIRST, seed: this.face.seed });
  }

  /** Keep a name as the face has it, or no longer. What is kept is not moved. */
  toggleLock(name) {
    const { mix, keep } = this.face;
    if (keep.includes(name)) return this.change({ ...this.face, keep: keep.filter((one) => one !== name) });
    const fixed = name === CHARACTER ? this.facts.characters : [name];
    const rest = Object.fromEntries(Object.entries(mix).filter(([one]) => !fixed.includes(one)));
    return this.change({ ...this.face, mix: rest, keep: [...keep, name] });
  }

  cheerUp() {
    const others = Object.entries(this.face.mix).filter(([name]) => !this.facts.emotions.includes(name));
    const mix = { ...Object.fromEntries(others), [this.cheerful]: 1 };
    const face = { ...this.face, mix, keep: this.face.keep.filter((name) => name !== this.cheerful) };
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return this.change(face);
    const passed = (between) => this.preview({ ...face, mix: between });
    return this.walk.play(same(face, this.face) ? {} : this.face.mix, mix, passed, () => this.change(face));
  }

  drawn(picture, face) {
    if (this.waits) say("");
    this.waits = false;
    if (face.own) place(canvas, picture);
    else paint(canvas, picture, SIDE);
    canvas.style.setProperty("--ratio", String(canvas.width / canvas.height));
    const shown = Object.entries(face.mix).filter(([, strength]) => strength !== 0);
    const edit = shown.map(([name, strength]) => `${name} ${strength.toFixed(2)}`).join(", ");
    canvas.setAttribute("aria-label", `${face.own ? "Your picture" : `Face ${face.seed}`}${edit ? `, with ${edit}` : ", as it is"}`);
    canvas.dataset.face = toHash(face);
    canvas.dataset.own = face.own ?? "";
    this.readings.schedule(() => this.read({ picture, own: face.own }));
  }

  /** Say why a face cannot be drawn, and go back to the last one that could. */
  failed(error, face) {
    if (face.own && face.own !== this.own.own) return; // another picture has taken its place
    say(sentence(error.message));
    if (error.again) {
      this.waits = true;
      setTimeout(() => same(face, this.face) && this.draw(face), 1000 * error.again);
      return;
    }
    if (!same(face, this.history.now)) return;
    if (this.history.canUndo) this.show(this.history.undo());
    else if (!same(face, { ...FIRST, seed: face.seed })) this.change({ ...FIRST, seed: face.seed });
  }

  /** Formats of animations that the back end writes of the face. */
  get written() {
    return (this.face.own ? this.own : this.facts).formats;
  }

  /** Make a file. Its button waits so long. */
  async save(button, make) {
    element(button).disabled = true;
    try {
      await make();
    } catch (error) {
      say(sentence(error.message));
    }
    element(button).disabled = false;
  }

  animation(format) {
    const moved = Object.keys(this.face.mix).length > 0;
    const face = moved ? this.face : { ...this.face, mix: { [this.cheerful]: 1 }, keep: [] };
    return this.files.animation(face, format, this.written, this.fileName());
  }

  async copyLink() {
    const link = new URL(toHash(this.face), location.href).href;
    try {
      await navigator.clipboard.writeText(link);
      const what = this.face.own ? "this edit of a drawn face, not your picture" : "this very face";
      say(`The link is copied. It shows ${what}.`);
    } catch {
      say(`Copy this link: ${link}`);
    }
  }

  fileName(parts = Object.keys(this.face.mix)) {
    const name = this.face.own ? this.own.name.replace(/\.[^.]*$/, "") : `face-${this.face.seed}`;
    return [name, ...parts].join("-").replaceAll(/[^\p{L}\p{N}-]/gu, "_");
  }
}

function say(message) {
  element("status").textContent = message;
}

const sentence = (message) => `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;

/** Say what is otherwise where a server draws. */
function tellOfServer() {
  element("promise").textContent = "Every expression, drawn by this server.";
  element("about").textContent = "These faces do not exist: a network draws them, on the server that this page comes from.";
  element("own-note").textContent = "This server sees a small copy, and keeps none. It is not part of the link.";
}

async function main() {
  const site = JSON.parse(element("site").textContent);
  if (site.api) tellOfServer();
  const folder = (name) => name && new URL(`${name}/`, document.baseURI).href;
  const places = { bundle: folder(site.bundle), onnxruntime: folder(site.onnxruntime), api: folder(site.api) };
  const backend = new WorkerBackend({ ...site, ...places });
  try {
    const facts = await backend.open();
    const page = new Page(backend, facts);
    page.show(page.face);
    document.title = `CheerMeUp: ${title(facts.name)}`;
    if (facts.license.length <= LONGEST_LICENSE) element("about").append(` Bundle ${facts.name}, licence: ${facts.license}.`);
    element("loading").remove();
    document.querySelector("main").removeAttribute("aria-busy");
  } catch (error) {
    element("loading").textContent = sentence(error.message);
    return;
  }
  // After the first face, so that what is stored for later does not delay it. Where a browser stores nothing, as in some
  // private windows, the page works all the same.
  if (!site.api) await navigator.serviceWorker?.register("service-worker.js").catch(() => undefined);
}

main();
