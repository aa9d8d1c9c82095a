// What people may need of the page, whatever draws: no motion, the keyboard, small screens, screen readers.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { served, SERVER, visits } from "./harness.mjs";

/** Seed of `cast` whose face is sad. */
const SAD = 11;

describe("the page, for everybody,", { skip: SERVER ? false : "there is none" }, () => {
  const visitAt = visits(), address = served(SERVER);
  let visit;
  const start = async (hash, options = {}) => {
    visit = await visitAt(address(), { hash, ...options });
    await visit.drawn();
  };

  it("jumps where motion is not wanted", async () => {
    await start(`#seed=${SAD}`, { reducedMotion: "reduce" });
    await visit.button("Cheer me up").click();
    assert.equal(await visit.slider("Joy").inputValue(), "1");
    await visit.drawn(`#seed=${SAD}&mix=joy:1`);
  });

  it("works with the keyboard alone", async () => {
    await start(`#seed=${SAD}`);
    const focus = () => visit.page.evaluate(() => {
      const { activeElement: one } = document;
      return one.labels?.[0]?.textContent.trim() || one.getAttribute("aria-label") || one.textContent.trim();
    });
    const tabTo = async (name) => {
      for (let i = 0; i < 60 && (await focus()) !== name; i++) await visit.page.keyboard.press("Tab");
      assert.equal(await focus(), name);
      const outline = await visit.page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
      assert.equal(outline, "solid");
    };
    await tabTo("Cheer me up");
    await visit.page.keyboard.press("Enter");
    await visit.drawn(`#seed=${SAD}&mix=joy:1`);
    await tabTo("Joy");
    for (let i = 0; i < 3; i++) await visit.page.keyboard.press("ArrowLeft");
    await visit.drawn(`#seed=${SAD}&mix=joy:0.97`);
    await tabTo("Keep sadness");
    await visit.page.keyboard.press("Space");
    await visit.drawn(`#seed=${SAD}&mix=joy:0.97&keep=sadness`);
    await tabTo("Face 2");
    await visit.page.keyboard.press("Enter");
    await visit.drawn("#seed=2&mix=joy:0.97&keep=sadness");
  });

  for (const width of [360, 1280]) {
    it(`fits into ${width} pixels, with room for fingers`, async () => {
      await start("#seed=1&mix=joy:0.4", { viewport: { width, height: 740 }, hasTouch: true });
      const { scroll, small } = await visit.page.evaluate(() => ({
        scroll: document.documentElement.scrollWidth,
        small: [...document.querySelectorAll("button, input")].filter((one) => {
          const { width, height } = one.getBoundingClientRect();
          return one.checkVisibility() && (width < 44 || height < 44);
        }).map((one) => one.outerHTML.slice(0, 80)),
      }));
      assert.equal(scroll, width);
      assert.deepEqual(small, []);
    });
  }

  it("has no fault that axe-core finds, in light and dark, on phone and desktop", async () => {
    const { default: axe } = await import("axe-core");
    for (const colorScheme of ["light", "dark"]) {
      for (const width of [360, 1280]) {
        await start("#seed=1&mix=joy:0.4&keep=fear", { colorScheme, viewport: { width, height: 800 }, bypassCSP: true });
        const paper = await visit.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        assert.equal(Number(paper.match(/\d+/)[0]) < 128, colorScheme === "dark");
        await visit.page.evaluate(axe.source);
        const { violations, passes } = await visit.page.evaluate(() => globalThis.axe.run());
        assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), []);
        assert.ok(passes.length > 20);
        await visit.end();
      }
    }
  });
});
