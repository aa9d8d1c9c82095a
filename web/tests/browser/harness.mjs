// A web server for a static folder below a sub-path, and pages of it in headless Chromium.

import assert from "node:assert/strict";
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
/**
 * Folders that `cheermeup site` wrote: with the bundle `cast`, with a tiny bundle of transparent faces and an attribute,
 * and with a damaged generator. The folder for what tests download, and the one with pictures for them.
 */
export const { SITE, SPRITE, DAMAGED, OUT, PICTURES } = process.env;
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
/** Patience in milliseconds: no machine is so slow or so busy. */
export const PATIENCE = 120_000;

export async function launch() {
  const { chromium } = await import("playwright-core");
  return chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS, timeout: PATIENCE });
}

/**
 * Serve a folder, which may change; gives its `url`, and `close`, after which nothing answers. Files whose names match
 * `late` are sent when the promise `held` is fulfilled.
 */
export async function serve(folder) {
  const served = { folder };
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://host");
    const name = normalize(decodeURIComponent(pathname.slice(PREFIX.length))) || "index.html";
    const file = join(served.folder, name.endsWith("/") || name === "." ? "index.html" : name);
    const found = pathname.startsWith(PREFIX) && !name.startsWith("..") && existsSync(file) && statSync(file).isFile();
    if (served.late?.test(name)) await served.held;
    const type = TYPES[extname(file)] ?? "application/octet-stream";
    response.writeHead(found ? 200 : 404, { "content-type": type, "cache-control": "max-age=600" });
    if (found) createReadStream(file).pipe(response);
    else response.end();
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

/** The page of a site in a browser of its own: what tests do with it, and what they see. */
export class Visit {
  /** Messages of the console, errors, and requests to other hosts or that failed. */
  complaints = [];

  static async start(browser, url, { hash = "", ...options } = {}) {
    const visit = new Visit();
    visit.url = url;
    visit.context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    visit.context.setDefaultTimeout(PATIENCE);
    visit.page = await visit.context.newPage();
    visit.page.on("console", (message) => visit.complaints.push(`${message.type()}: ${message.text()}`));
    visit.page.on("pageerror", (error) => visit.complaints.push(String(error)));
    visit.page.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      if (origin !== new URL(url).origin && protocol !== "blob:") visit.complaints.push(`outside: ${request.url()}`);
    });
    visit.page.on("response", (response) => {
      if (response.status() >= 400) visit.complaints.push(`${response.status()}: ${response.url()}`);
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
