// Pictures of one's own on the page, on the bundle `cast`. tests/web/test_page.py makes the site and the pictures.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { BACKENDS, OUT, PICTURES, serve, served, visits } from "./harness.mjs";

const START = "#seed=2";
const picture = (name) => readFileSync(join(PICTURES, name));

for (const { backend, cast, sprite } of BACKENDS) describe(`a picture of one's own, edited by the ${backend}`, { skip: !cast && "there is none" }, () => {
  const visitAt = visits(), address = served(cast);
  let visit;
  const start = async (options = {}) => {
    visit = await visitAt(address(), { hash: START, ...options });
    await visit.drawn();
    return visit;
  };
  const saved = async (button, name) => {
    const [download] = await Promise.all([visit.page.waitForEvent("download"), visit.button(button).click()]);
    await download.saveAs(join(OUT, backend, name));
    return download.suggestedFilename();
  };

  it("is edited, step by step back and forth, saved, and put away", async () => {
    await start({ permissions: ["clipboard-read", "clipboard-write"] });
    const drawn = await visit.picture();
    await visit.give("drop", "sad.png", picture("sad.png"));
    await visit.edited(START);
    await visit.page.getByText("The sliders edit sad.png, 320 × 240 pixels.").waitFor();
    const given = await visit.picture();
    assert.deepEqual(await visit.page.evaluate(() => [face.width, face.height]), [320, 240]);
    assert.ok((await visit.reads("sadness")) > 0.8);
    await visit.slide("Joy", 0.9);
    await visit.edited(`${START}&mix=joy:0.9`);
    assert.ok((await visit.reads("joy")) > 0.8);
    const joyful = await visit.picture();
    assert.equal(await saved("Save picture", "own.png"), "sad-joy.png");
    assert.equal(await saved("Save GIF", "own.gif"), "sad-joy.gif");
    assert.equal(await visit.button("Save APNG").count(), 0);
    await visit.button("Copy link").click();
    await visit.page.getByText("The link is copied. It shows this edit of a drawn face, not your picture.").waitFor();
    await visit.button("Undo").click();
    await visit.edited(START);
    assert.equal(await visit.picture(), given);
    await visit.button("Undo").click();
    await visit.page.locator('#face[data-own=""]').waitFor();
    assert.equal(await visit.picture(), drawn);
    await visit.button("Redo").click();
    await visit.button("Redo").click();
    await visit.edited(`${START}&mix=joy:0.9`);
    assert.equal(await visit.picture(), joyful);
    await visit.button("Put it away").click();
    await visit.page.locator('#face[data-own=""]').waitFor();
    assert.equal(await visit.picture(), drawn);
    await visit.page.getByText("Drop a picture of a character here").waitFor();
    await visit.page.keyboard.press("Control+z");
    await visit.edited(`${START}&mix=joy:0.9`);
    await visit.button("Face 2").click();
    await visit.page.locator('#face[data-own=""]').waitFor();
  });

  it("may be transparent, and is chosen by the keyboard alone", async () => {
    await start({ viewport: { width: 360, height: 740 } });
    const chooser = visit.page.waitForEvent("filechooser");
    await visit.button("Choose a picture").focus();
    await visit.page.keyboard.press("Enter");
    await (await chooser).setFiles(join(PICTURES, "sprite.png"));
    await visit.edited(START);
    await visit.button("Cheer me up").focus();
    await visit.page.keyboard.press("Enter");
    await visit.edited(`${START}&mix=joy:1`);
    await saved("Save picture", "own-sprite.png");
    await saved("Save APNG", "own-sprite-moving.png");
    await visit.page.keyboard.press("Control+z");
    await visit.edited(START);
    await visit.button("Put it away").focus();
    await visit.page.keyboard.press("Enter");
    await visit.page.locator('#face[data-own=""]').waitFor();
    assert.equal(await visit.page.evaluate(() => document.activeElement.id), "own-choose");
  });

  it("that does not fit is refused in one line, and edited all the same if asked", async () => {
    const { default: axe } = await import("axe-core");
    await start({ viewport: { width: 360, height: 740 }, colorScheme: "dark", hasTouch: true, bypassCSP: true });
    const drawn = await visit.picture();
    await visit.give("paste", "noise.png", picture("noise.png"));
    await visit.page.getByText(/^Cast draws no face like this one: it fits at .*, and 0\.001 is needed\.$/).waitFor();
    assert.equal(await visit.picture(), drawn);
    assert.equal(await visit.page.evaluate(() => document.activeElement.id), "own-accept");
    await visit.page.evaluate(axe.source);
    for (const next of [() => visit.page.keyboard.press("Enter"), () => visit.button("Put it away").click()]) {
      const { violations } = await visit.page.evaluate(() => globalThis.axe.run());
      assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), []);
      assert.equal(await visit.page.evaluate(() => document.documentElement.scrollWidth), 360);
      await next();
      await visit.page.waitForFunction(() => own.className === "own");
    }
    await visit.give("drop", "text.png", Buffer.from("no picture"));
    await visit.page.getByText("Text.png is no picture that this browser can open; take a PNG, JPEG or WebP.").waitFor();
    await visit.page.locator('#face[data-own=""]').waitFor();
    assert.equal(await visit.picture(), drawn);
  });

  it("is not offered by a bundle without an encoder", async () => {
    const own = await serve(sprite);
    visit = await visitAt(own.url);
    await visit.drawn();
    assert.equal(await visit.button("Choose a picture").count(), 0);
    await visit.give("paste", "sad.png", picture("sad.png"));
    await visit.drawn("#seed=0");
    await own.close();
  });
});
