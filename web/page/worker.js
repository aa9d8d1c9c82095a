// The Web Worker that draws for the page, or lets a server draw. What it answers to is in backend.js.

let backend;

async function opened(site) {
  const { Backend } = await import(site.api ? "./http_backend.js" : "./local_backend.js");
  backend = new Backend();
  return backend.open(site);
}

self.addEventListener("message", async ({ data: { id, task, given } }) => {
  try {
    self.postMessage({ id, result: await (task === "open" ? opened(...given) : backend[task](...given)) });
  } catch (error) {
    self.postMessage({ id, problem: { name: error.name, message: error.message, again: error.again } });
  }
});
