// The page in headless Chromium, on the bundle `cast`, drawn by the browser and by a server. tests/web/test_page.py makes
// both and runs this.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { join } from "node:path";
import { BACKENDS, OUT, serve, served, visits } from "./harness.mjs";

/** Seeds of `cast` whose faces show these emotions. */
const SURPRISED = 3, SAD = 11;
/** Status of answers to what a server does not take. */
const REFUSED = 422;

for (const { backend, cast, sprite } of BACKENDS) describe(`the page, drawn by the ${backend}`, { skip: !cast && "there is none" }, () => {
  const visitAt = visits(), address = served(cast);
  let visit;
  const start = async (hash = "", options = {}) => {
    visit = await visitAt(address(), { hash, ...options });
    await visit.drawn();
    return visit;
  };

  it("moves the face as its sliders say", async () => {
    await start(`#seed=${SAD}`);
    const [sad, before] = [await visit.picture(), await visit.reads("joy")];
    await visit.slide("Joy", 1);
    await visit.drawn(`#seed=${SAD}&mix=joy:1`);
    assert.ok(before < 0.2 && (await visit.reads("joy")) > 0.8);
    assert.notEqual(await visit.picture(), sad);
    assert.match(await visit.page.locator("#summary").textContent(), /^Joy, \d+ % sure$/);
    assert.equal(await visit.slider("Joy").evaluate((input) => input.labels[0].textContent), "Joy");
    await visit.slider("Joy").dblclick({ position: { x: 2, y: 20 } });
    await visit.drawn(`#seed=${SAD}`);
    assert.equal(await visit.picture(), sad);
  });

  it("moves to another character", async () => {
    await start("#seed=0");
    const before = await visit.picture();
    await visit.slide("Bruno", 1);
    await visit.drawn("#seed=0&mix=bruno:1");
    assert.notEqual(await visit.picture(), before);
  });

  it("keeps what is locked", async () => {
    await start(`#seed=${SURPRISED}`);
    assert.ok((await visit.reads("surprise")) > 0.8);
    await visit.slide("Joy", 1);
    await visit.drawn(`#seed=${SURPRISED}&mix=joy:1`);
    assert.ok((await visit.reads("surprise")) < 0.2);
    await visit.button("Keep surprise").click();
    await visit.drawn(`#seed=${SURPRISED}&mix=joy:1&keep=surprise`);
    assert.ok((await visit.reads("surprise")) > 0.4);
    assert.equal(await visit.button("Keep surprise").getAttribute("aria-pressed"), "true");
    assert.ok(await visit.slider("Surprise").isDisabled());
    await visit.button("Keep the character").click();
    assert.ok(await visit.slider("Bruno").isDisabled());
  });

  it("says why it cannot keep everything, and stays as it was", async () => {
    await start(`#seed=${SURPRISED}&mix=joy:1`, { refusal: REFUSED });
    const before = await visit.picture();
    await visit.page.evaluate(() => (location.hash = "#seed=3&mix=joy:1&keep=joy"));
    await visit.page.getByText(/^Cannot keep joy in a move by joy/).waitFor();
    await visit.drawn(`#seed=${SURPRISED}&mix=joy:1`);
    assert.equal(await visit.picture(), before);
  });

  it("shows the plain face of a link that asks for what cannot be", async () => {
    await start(`#seed=${SURPRISED}&mix=joy:1&keep=joy`, { refusal: REFUSED });
    await visit.drawn(`#seed=${SURPRISED}`);
    assert.match(await visit.page.locator("#status").textContent(), /^Cannot keep joy/);
  });

  it("goes back and forth", async () => {
    await start(`#seed=${SAD}`);
    const sad = await visit.picture();
    assert.ok(await visit.button("Undo").isDisabled());
    await visit.slide("Joy", 0.5);
    await visit.slide("Fear", -0.5);
    await visit.drawn(`#seed=${SAD}&mix=joy:0.5,fear:-0.5`);
    const edited = await visit.picture();
    await visit.button("Undo").click();
    await visit.drawn(`#seed=${SAD}&mix=joy:0.5`);
    await visit.page.keyboard.press("Control+z");
    await visit.drawn(`#seed=${SAD}`);
    assert.equal(await visit.picture(), sad);
    assert.equal(await visit.slider("Joy").inputValue(), "0");
    await visit.page.keyboard.press("Control+Shift+Z");
    await visit.button("Redo").click();
    await visit.drawn(`#seed=${SAD}&mix=joy:0.5,fear:-0.5`);
    assert.equal(await visit.picture(), edited);
    await visit.button("Reset").click();
    await visit.drawn(`#seed=${SAD}`);
  });

  it("restores the face of a link", async () => {
    await start("", { permissions: ["clipboard-read", "clipboard-write"] });
    await visit.button("Face 7").click();
    await visit.slide("Anger", 0.62);
    await visit.button("Keep the character").click();
    const hash = "#seed=7&mix=anger:0.62&keep=character";
    await visit.drawn(hash);
    await visit.button("Copy link").click();
    await visit.page.getByText("The link is copied").waitFor();
    const [link, picture] = [await visit.page.evaluate(() => navigator.clipboard.readText()), await visit.picture()];
    assert.equal(link, address() + hash);
    assert.equal(visit.page.url(), link);
    await visit.end();
    visit = await visitAt(link);
    await visit.drawn(hash);
    assert.equal(await visit.picture(), picture);
    assert.equal(await visit.slider("Anger").inputValue(), "0.62");
    assert.equal(await visit.button("Face 7").getAttribute("aria-pressed"), "true");
  });

  it("plays the way to joy", async () => {
    await start(`#seed=${SAD}`);
    await visit.page.evaluate(() => {
      globalThis.passed = [];
      new MutationObserver(() => globalThis.passed.push(document.getElementById("face").dataset.face))
        .observe(document.getElementById("face"), { attributeFilter: ["data-face"] });
    });
    await visit.button("Cheer me up").click();
    await visit.drawn(`#seed=${SAD}&mix=joy:1`);
    const strengths = (await visit.page.evaluate(() => globalThis.passed)).map((face) => Number(face.split("joy:")[1] ?? 0));
    assert.ok(strengths.filter((strength) => strength > 0 && strength < 1).length > 2, String(strengths));
    assert.deepEqual(strengths, strengths.toSorted((a, b) => a - b));
    assert.ok((await visit.reads("joy")) > 0.8);
    await visit.button("Undo").click();
    await visit.drawn(`#seed=${SAD}`);
  });

  it("saves a picture and an animation", async () => {
    await start(`#seed=${SAD}&mix=joy:1`);
    assert.equal(await visit.button("Save APNG").count(), 1);
    const files = [["Save picture", "face.png"], ["Save GIF", "face.gif"], ["Save WebP", "face.webp"], ["Save MP4", "face.mp4"]];
    for (const [name, file] of files) {
      const [download] = await Promise.all([visit.page.waitForEvent("download"), visit.button(name).click()]);
      assert.equal(download.suggestedFilename(), `face-${SAD}-joy${file.slice(4)}`);
      await download.saveAs(join(OUT, backend, file));
    }
    await visit.page.getByText(/^The animation is saved: \d+ kB\.$/).waitFor();
  });

  it("saves a sheet of all expressions", async () => {
    await start(`#seed=${SAD}`);
    const [download] = await Promise.all([visit.page.waitForEvent("download"), visit.button("Save sheet").click()]);
    assert.equal(download.suggestedFilename(), `face-${SAD}-sheet.png`);
    await download.saveAs(join(OUT, backend, "sheet.png"));
    await visit.page.getByText(/^The sheet is saved: the face as it is, then anger, /).waitFor();
  });

  it("shows more faces, and the one of a number", async () => {
    await start();
    await visit.button("More faces").click();
    await visit.button("Face 12").click();
    await visit.drawn("#seed=12");
    await visit.page.getByLabel("Face", { exact: true }).fill("40");
    await visit.page.keyboard.press("Enter");
    await visit.drawn("#seed=40");
    await visit.page.locator('[data-seed="40"][aria-pressed="true"]').waitFor();
  });

  it("shows a bundle of other names, with transparent faces and an attribute", async () => {
    const own = await serve(sprite);
    visit = await visitAt(own.url, { viewport: { width: 360, height: 740 } });
    await visit.drawn("#seed=0");
    assert.equal(await visit.page.getByRole("heading", { name: "Character" }).count(), 0);
    assert.equal(await visit.page.evaluate(() => document.documentElement.scrollWidth), 360);
    const before = await visit.picture();
    await visit.slide("Hat", 0.5);
    await visit.drawn("#seed=0&mix=hat:0.5");
    assert.notEqual(await visit.picture(), before);
    for (const [name, file] of [["Save picture", "sprite.png"], ["Save GIF", "sprite.gif"], ["Save APNG", "moving.png"]]) {
      const [download] = await Promise.all([visit.page.waitForEvent("download"), visit.button(name).click()]);
      await download.saveAs(join(OUT, backend, file));
    }
    await own.close();
  });
});
