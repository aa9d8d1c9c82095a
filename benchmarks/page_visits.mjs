// Visits a site in headless Chromium and prints what they took as JSON. page.py calls this.
//
//     node benchmarks/page_visits.mjs SITE CHROMIUM

import { createServer } from "node:http";
import { createRequire } from "node:module";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

const [site, executablePath] = process.argv.slice(2);
const { chromium } = createRequire(join(process.cwd(), "web/"))("playwright-core");
const VISITS = 5, MOVES = 40, WALKS = 3;
/** A common mobile network: megabits a second, and milliseconds to the server and back. */
const MEGABITS = 10, LATENCY = 60;
const CHUNK = 2 ** 14;
const TYPES = {
  ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".png": "image/png",
  ".wasm": "application/wasm", ".json": "application/json",
};
/** Runs before the page. Notes when the first face was there, in milliseconds since the visit began. */
const WATCH = `new MutationObserver((_, observer) => {
  if (!document.getElementById("face")?.dataset.face) return;
  globalThis.firstFace = performance.now();
  observer.disconnect();
}).observe(document, { subtree: true, childList: true, attributeFilter: ["data-face"] });`;

const names = readdirSync(site, { recursive: true }).filter((name) => statSync(join(site, name)).isFile());
const files = Object.fromEntries(names.map((name) => {
  const content = readFileSync(join(site, name));
  return [name, { raw: content.length, gzip: gzipSync(content, { level: 9 }), brotli: brotliCompressSync(content).length }];
}));

const asked = new Set();
let slow = false, free = 0;
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const server = createServer(async (request, response) => {
  const name = new URL(request.url, "http://host").pathname.slice(1) || "index.html", file = files[name];
  if (!file) return response.writeHead(404).end();
  asked.add(name);
  const type = TYPES[extname(name)] ?? "application/octet-stream";
  if (slow) await pause(LATENCY);
  response.writeHead(200, { "content-type": type, "content-encoding": "gzip", "cache-control": "max-age=600" });
  for (let i = 0; i < file.gzip.length; i += CHUNK) {
    const part = file.gzip.subarray(i, i + CHUNK);
    if (slow) {
      // All answers share one line.
      free = Math.max(free, performance.now()) + (8 * part.length) / (1000 * MEGABITS);
      await pause(free - performance.now());
    }
    response.write(part);
  }
  return response.end();
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${server.address().port}/`;

const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

async function open(context, target = url) {
  const page = await context.newPage();
  await page.addInitScript(WATCH);
  await page.goto(target);
  await page.waitForFunction(() => globalThis.firstFace && document.querySelector("#summary").textContent);
  return page;
}

/** Milliseconds to the first face of a new visitor, and of the visit after it, which asks the server for nothing. */
async function visit() {
  const context = await browser.newContext();
  let page = await open(context);
  const first = await page.evaluate(() => globalThis.firstFace);
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await page.close();
  page = await open(context);
  const again = await page.evaluate(() => globalThis.firstFace);
  await context.close();
  return { first, again };
}

async function visits(slowly) {
  slow = slowly;
  const found = [];
  for (let i = 0; i < VISITS; i++) found.push(await visit());
  slow = false;
  return { first: median(found.map(({ first }) => first)), again: median(found.map(({ again }) => again)) };
}

/** Milliseconds from a move of a slider to the picture, one move after another. */
function moves(page) {
  return page.evaluate(async (count) => {
    const input = document.querySelector("#emotions input"), face = document.getElementById("face"), times = [];
    for (let i = 1; i <= count; i++) {
      const start = performance.now();
      const drawn = new Promise((resolve) => {
        new MutationObserver((_, observer) => resolve(observer.disconnect())).observe(face, { attributeFilter: ["data-face"] });
      });
      input.value = String(i / count);
      input.dispatchEvent(new Event("input", { bubbles: true }));
      await drawn;
      times.push(performance.now() - start);
      await new Promise((resolve) => setTimeout(resolve, 150)); // the classifier reads in between
    }
    return times;
  }, MOVES);
}

/** Pictures a second while "Cheer me up" plays. */
function playing(page) {
  return page.evaluate(async () => {
    const face = document.getElementById("face"), times = [];
    document.getElementById("reset").click();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const ended = new Promise((resolve) => {
      new MutationObserver((_, observer) => {
        times.push(performance.now());
        if (face.dataset.face.endsWith("mix=joy:1")) resolve(observer.disconnect());
      }).observe(face, { attributeFilter: ["data-face"] });
    });
    document.getElementById("cheer").click();
    await ended;
    return (1000 * (times.length - 1)) / (times.at(-1) - times[0]);
  });
}

const [quick, mobile] = [await visits(false), await visits(true)];
const page = await open(await browser.newContext());
await page.waitForTimeout(3000); // the gallery
const delays = await moves(page), rates = [];
for (let i = 0; i < WALKS; i++) rates.push(await playing(page));
await browser.close();
server.close();
const sum = (key) => [...asked].reduce((total, name) => total + (files[name][key].length ?? files[name][key]), 0);
console.log(JSON.stringify({
  first_face_ms: Math.round(quick.first), again_ms: Math.round(quick.again),
  mobile_first_face_ms: Math.round(mobile.first), mobile: { megabits: MEGABITS, latency_ms: LATENCY },
  slider_ms: Math.round(median(delays)), frames_per_second: Math.round(median(rates)),
  bytes: { raw: sum("raw"), gzip: sum("gzip"), brotli: sum("brotli") },
}));
