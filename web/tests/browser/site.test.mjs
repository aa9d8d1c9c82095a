// What only a static site does: it waits for files, checks them, and stores them for later.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DAMAGED, serve, SITE, SPRITE, visits } from "./harness.mjs";

/** Seed of `cast` whose face is sad. */
const SAD = 11;

describe("a site", { skip: SITE ? false : "SITE names no site" }, () => {
  const visitAt = visits();
  let visit;

  it("moves the face before it can read it", async () => {
    const own = await serve(SITE);
    let release;
    Object.assign(own, { late: /classifier/, held: new Promise((resolve) => (release = resolve)) });
    visit = await visitAt(own.url, { hash: `#seed=${SAD}` });
    await visit.page.locator(`#face[data-face="#seed=${SAD}"]`).waitFor();
    await visit.slide("Joy", 1);
    await visit.page.locator(`#face[data-face="#seed=${SAD}&mix=joy:1"]`).waitFor();
    assert.equal(await visit.page.locator("#summary").textContent(), "");
    release();
    await visit.drawn();
    assert.ok((await visit.reads("joy")) > 0.8);
    await own.close();
  });

  it("says what is wrong with a damaged bundle", async () => {
    const own = await serve(DAMAGED);
    visit = await visitAt(own.url);
    await visit.page.getByText(/^Generator\.onnx in the bundle at .* is damaged \(SHA-256 differs\)/).waitFor();
    assert.ok(await visit.button("Cheer me up").isDisabled());
    await own.close();
  });

  it("opens without a network after the first visit", async () => {
    const own = await serve(SITE);
    visit = await visitAt(own.url, { hash: `#seed=${SAD}` });
    await visit.drawn();
    const picture = await visit.picture();
    await visit.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    await own.close();
    await visit.page.reload();
    await visit.drawn(`#seed=${SAD}`);
    assert.equal(await visit.picture(), picture);
    await visit.slide("Joy", 1);
    await visit.drawn(`#seed=${SAD}&mix=joy:1`);
    assert.ok((await visit.reads("joy")) > 0.8);
  });

  it("is replaced as a whole by a new version", async () => {
    const own = await serve(SITE);
    visit = await visitAt(own.url);
    await visit.drawn();
    await visit.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    own.folder = SPRITE;
    await visit.page.reload();
    await visit.drawn();
    assert.equal(await visit.page.title(), "CheerMeUp: Cast");
    const waiting = () => navigator.serviceWorker.getRegistration().then((one) => one.update().then(() => one.waiting !== null));
    await visit.page.waitForFunction(waiting);
    await visit.page.goto("about:blank");
    await visit.page.waitForTimeout(500);
    await visit.page.goto(own.url);
    await visit.drawn();
    assert.equal(await visit.page.title(), "CheerMeUp: Tiny");
    assert.equal(await visit.page.evaluate(() => caches.keys().then((names) => names.length)), 1);
    await own.close();
  });
});
