// The Web Worker that draws for the page. What it answers to is in backend.js.

import { Backend } from "./local_backend.js";

const backend = new Backend();

self.addEventListener("message", async ({ data: { id, task, given } }) => {
  try {
    self.postMessage({ id, result: await backend[task](...given) });
  } catch (error) {
    self.postMessage({ id, problem: { name: error.name, message: error.message } });
  }
});
