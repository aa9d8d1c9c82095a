// Photographs the page for docs/web.md. It needs Chromium, and playwright-core in node_modules.
//
//     cheermeup site SITE --bundle cast && node docs/page_pictures.mjs SITE PICTURE     # writes docs/pictures/page*.jpg
//
// PICTURE is one of a character that the bundle knows, such as emil/emil_fear/emil_fear_2.png of `tlgan-train data --export
// FACES --set data.toon_faces=3 --set data.image_size=256`.

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { launch, serve, Visit } from "../web/tests/browser/harness.mjs";

const PICTURES = [
  ["page", "#seed=10&mix=joy:0.8,surprise:0.35", { viewport: { width: 1180, height: 860 }, colorScheme: "light" }],
  ["page-phone", "#seed=3&mix=joy:1", { viewport: { width: 390, height: 800 }, colorScheme: "dark" }],
  ["page-own", "#seed=3", { viewport: { width: 1180, height: 860 }, colorScheme: "light" }, "surprise"],
];

const [, , site, picture] = process.argv;
const browser = await launch(), server = await serve(site);
for (const [name, hash, options, edit] of PICTURES) {
  const visit = await Visit.start(browser, server.url, { hash, ...options });
  await visit.drawn(hash);
  if (edit) {
    await visit.give("drop", basename(picture), readFileSync(picture));
    await visit.edited(hash);
    await visit.slide(edit.charAt(0).toUpperCase() + edit.slice(1), 0.9);
    await visit.edited(`${hash}&mix=${edit}:0.9`);
    await visit.page.evaluate(() => document.activeElement.blur());
  }
  const painted = () => [...document.querySelectorAll("#faces canvas")].every((canvas) =>
    canvas.getContext("2d").getImageData(80, 80, 1, 1).data[3] > 0);
  await visit.page.waitForFunction(painted);
  await visit.page.screenshot({ path: `docs/pictures/${name}.jpg`, type: "jpeg", quality: 70 });
  await visit.end();
}
await browser.close();
await server.close();
