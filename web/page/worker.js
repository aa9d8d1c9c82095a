// The Web Worker that holds the graphs: it draws, reads and animates faces of one bundle.

import { CheerMeUp, encodeApng, encodeGif } from "../src/index.js";
import { enlarged } from "./enlarge.js";

const STEPS = 20;
const FRAME_SECONDS = 0.05;
const HOLD_SECONDS = 0.6;
/** Side of animations, in pixels. */
const SIDE = 256;

let app, prepared;

const tasks = {
  async open({ bundle, onnxruntime, precision }) {
    const ort = await import(new URL("ort.wasm.min.mjs", onnxruntime).href);
    // One thread works on every host, without special headers, and these graphs gain nothing from more.
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmPaths = onnxruntime;
    app = await CheerMeUp.open(bundle, { ort, precision });
    const { name, license } = app.manifest;
    const { emotions, movableCharacters: characters, attributes } = app;
    return { name, license, emotions, characters, attributes, transparent: app.manifest.channels === 4 };
  },

  async draw(face) {
    const [picture] = await app.render(await moved(face), background());
    // What sliders and readings need comes after the first face. Whatever fails is tried again, and told, when it is used.
    prepared ??= app.prepare().catch(() => undefined);
    return picture;
  },

  async faces(seeds) {
    const z = [];
    for (const seed of seeds) z.push(...(await app.sample(1, seed)));
    return app.render(z, background());
  },

  async read(picture) {
    const { emotion } = await app.classify([picture]);
    return Array.from(emotion[0]);
  },

  async animate({ seed, mix, keep, format }) {
    const frames = [];
    const z = await app.sample(1, seed);
    for await (const [picture] of app.walk(z, mix, { steps: STEPS, easing: "smooth", keep, ...background() })) {
      frames.push(enlarged(picture, SIDE));
    }
    const there = frames.map((_, i) => (i === 0 || i === STEPS - 1 ? HOLD_SECONDS : FRAME_SECONDS));
    const encode = format === "gif" ? encodeGif : encodeApng;
    return encode([...frames, ...frames.slice(1, -1).reverse()], [...there, ...there.slice(1, -1)]);
  },
};

async function moved({ seed, mix, keep }) {
  const z = await app.sample(1, seed);
  return Object.keys(mix).length ? app.move(z, mix, { keep }) : z;
}

/** Faces that can stand alone are drawn without a background. */
const background = () => (app.manifest.channels === 4 ? { background: null } : {});

self.addEventListener("message", async ({ data: { id, task, argument } }) => {
  try {
    self.postMessage({ id, result: await tasks[task](argument) });
  } catch (error) {
    self.postMessage({ id, problem: { name: error.name, message: error.message } });
  }
});
