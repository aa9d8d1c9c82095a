// Photographs the page for docs/web.md. It needs Chromium, and playwright-core in node_modules.
//
//     cheermeup site SITE --bundle cast && node docs/page_pictures.mjs SITE     # writes docs/pictures/page*.jpg

import { launch, serve, Visit } from "../web/tests/browser/harness.mjs";

const PICTURES = [
  ["page", "#seed=10&mix=joy:0.8,surprise:0.35", { viewport: { width: 1180, height: 860 }, colorScheme: "light" }],
  ["page-phone", "#seed=3&mix=joy:1", { viewport: { width: 390, height: 800 }, colorScheme: "dark" }],
];

const browser = await launch(), server = await serve(process.argv[2]);
for (const [name, hash, options] of PICTURES) {
  const visit = await Visit.start(browser, server.url, { hash, ...options });
  await visit.drawn(hash);
  const painted = () => [...document.querySelectorAll("#faces canvas")].every((canvas) =>
    canvas.getContext("2d").getImageData(80, 80, 1, 1).data[3] > 0);
  await visit.page.waitForFunction(painted);
  await visit.page.screenshot({ path: `docs/pictures/${name}.jpg`, type: "jpeg", quality: 70 });
  await visit.end();
}
await browser.close();
await server.close();
