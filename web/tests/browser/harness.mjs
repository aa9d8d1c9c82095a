// A web server for a static folder below a sub-path, and pages of it in headless Chromium.

import assert from "node:assert/strict";
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer, request } from "node:http";
import { extname, join, normalize } from "node:path";
import { after, afterEach, before } from "node:test";

export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
/**
 * Folders that `cheermeup site` wrote: with the bundle `cast`, with a tiny bundle of transparent faces and an attribute,
 * and with a damaged generator. Addresses of `cheermeup serve` for the first two. The folder for what tests download, and
 * the one with pictures for them.
 */
export const { SITE, SPRITE, DAMAGED, SERVER, SPRITE_SERVER, OUT, PICTURES } = process.env;
/** What can draw for the page: the same tests run on each. */
export const BACKENDS = [
  { backend: "browser", cast: SITE, sprite: SPRITE }, { backend: "server", cast: SERVER, sprite: SPRITE_SERVER },
];
const PREFIX = "/deep/down/";
const TYPES = {
  ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".png": "image/png",
  ".wasm": "application/wasm", ".json": "application/json", ".webmanifest": "application/manifest+json",
};
/** Without the last ones, Chromium looks for hosts of its maker at every start. */
const ARGUMENTS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];
/** Connections that a server just closes would break the next request. */
const NO_REUSE = false;
/** Patience in milliseconds: no machine is so slow or so busy. */
export const PATIENCE = 120_000;

export async function launch() {
  const { chromium } = await import("playwright-core");
  return chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS, timeout: PATIENCE });
}

/** For the tests of a `describe`: start a browser, and return a function that visits an address. Visits end with their test. */
export function visits() {
  let browser, open = [];
  before(async () => (browser = await launch()));
  after(() => browser.close());
  afterEach(async () => {
    const ending = open;
    open = [];
    for (const visit of ending) await visit.end();
  });
  return async (url, options) => {
    const visit = await Visit.start(browser, url, options);
    open.push(visit);
    return visit;
  };
}

/** For the tests of a `describe`: serve a folder, and return a function that gives the address. */
export function served(folder) {
  let server;
  before(async () => (server = await serve(folder)));
  after(() => server.close());
  return () => server.url;
}

/**
 * Serve a folder, which may change, or pass on what another server answers; gives its `url`, and `close`, after which
 * nothing answers. Files whose names match `late` are sent when the promise `held` is fulfilled. `busy` is how many more
 * drawings are refused because too many wait.
 */
export async function serve(folder) {
  const served = { folder, busy: 0 };
  const server = createServer(async (incoming, response) => {
    const { pathname } = new URL(incoming.url, "http://host"), name = normalize(decodeURIComponent(pathname.slice(PREFIX.length)));
    if (served.late?.test(name)) await served.held;
    if (name === "v1/render" && served.busy-- > 0) refuse(response);
    else if (/^http:/.test(served.folder)) passOn(incoming, response, served.folder);
    else sendFile(response, served.folder, pathname.startsWith(PREFIX) ? name || "index.html" : "..");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  return Object.assign(served, {
    url: `http://127.0.0.1:${port}${PREFIX}`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  });
}

function sendFile(response, folder, name) {
  const file = join(folder, name.endsWith("/") || name === "." ? "index.html" : name);
  const found = !name.startsWith("..") && existsSync(file) && statSync(file).isFile();
  const type = TYPES[extname(file)] ?? "application/octet-stream";
  response.writeHead(found ? 200 : 404, { "content-type": type, "cache-control": "max-age=600" });
  if (found) createReadStream(file).pipe(response);
  else response.end();
}

function passOn(incoming, response, to) {
  const { method, headers } = incoming;
  const outgoing = request(new URL(incoming.url.slice(PREFIX.length - 1), to), { method, headers, agent: NO_REUSE }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  outgoing.on("error", () => response.destroy());
  incoming.pipe(outgoing);
}

function refuse(response) {
  response.writeHead(503, { "content-type": "application/json", "retry-after": "1" });
  response.end(JSON.stringify({ error: "too many requests are waiting; try again in a second" }));
}

/** The page of a site in a browser of its own: what tests do with it, and what they see. */
export class Visit {
  /** Messages of the console, errors, and requests to other hosts or that failed. */
  complaints = [];
  /** The status with which a server may refuse what a test asks for; browsers also write it to the console. */
  refusal = 0;

  static async start(browser, url, { hash = "", refusal = 0, ...options } = {}) {
    const visit = Object.assign(new Visit(), { refusal });
    visit.url = url;
    visit.context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    visit.context.setDefaultTimeout(PATIENCE);
    visit.page = await visit.context.newPage();
    visit.page.on("console", (message) => {
      const told = visit.refusal && message.text().includes(`responded with a status of ${visit.refusal}`);
      if (!told) visit.complaints.push(`${message.type()}: ${message.text()}`);
    });
    visit.page.on("pageerror", (error) => visit.complaints.push(String(error)));
    visit.page.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      if (origin !== new URL(url).origin && protocol !== "blob:") visit.complaints.push(`outside: ${request.url()}`);
    });
    visit.page.on("response", (response) => {
      if (response.status() >= 400 && response.status() !== visit.refusal) visit.complaints.push(`${response.status()}: ${response.url()}`);
    });
    await visit.page.goto(url + hash);
    return visit;
  }

  /** Wait until the face that the controls show is drawn and read. */
  async drawn(hash) {
    await this.page.waitForFunction((wanted) => {
      const canvas = document.getElementById("face");
      return canvas?.dataset.face && (!wanted || canvas.dataset.face === wanted);
    }, hash);
    // The sentence comes when readings have not changed for a while.
    const said = () => this.page.locator("#summary").textContent();
    let before = "";
    for (let quiet = 0; quiet < 3; ) {
      await this.page.waitForTimeout(250);
      const now = await said();
      quiet = now && now === before ? quiet + 1 : 0;
      before = now;
    }
  }

  /** Probability of an emotion that the page shows, from 0 to 1. */
  async reads(emotion) {
    const text = await this.page.locator(`#readings [data-name="${emotion}"] .share`).textContent();
    return parseInt(text, 10) / 100;
  }

  /** The levels of the large face, as one text. */
  picture() {
    return this.page.evaluate(() => document.getElementById("face").toDataURL());
  }

  /** Give the page a picture, as somebody who drops a file on it or pastes one does. */
  async give(how, name, content) {
    await this.page.evaluate(([type, name, bytes]) => {
      const data = new DataTransfer(), levels = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
      data.items.add(new File([levels], name, { type: "image/png" }));
      const paste = { clipboardData: data }, drop = { dataTransfer: data, cancelable: true };
      document.body.dispatchEvent(type === "paste"
        ? new ClipboardEvent("paste", { ...paste, bubbles: true })
        : new DragEvent("drop", { ...drop, bubbles: true }));
    }, [how, name, content.toString("base64")]);
  }

  /** Wait until the picture of one's own that the controls show is edited and read. */
  async edited(hash) {
    await this.page.locator('#face:not([data-own=""])').waitFor();
    await this.drawn(hash);
  }

  slider(name) {
    return this.page.getByRole("slider", { name, exact: true });
  }

  /** Move a slider as a hand does, with all events. */
  async slide(name, value) {
    await this.slider(name).fill(String(value));
  }

  button(name) {
    return this.page.getByRole("button", { name, exact: true });
  }

  /** End the visit. Nothing may have complained. */
  async end() {
    await this.context.close();
    assert.deepEqual(this.complaints, []);
  }
}
