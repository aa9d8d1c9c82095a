// What only a page does that a server draws: it says what is wrong with the server, and saves more formats.

import assert from "node:assert/strict";
import { join } from "node:path";
import { afterEach, describe, it } from "node:test";
import { OUT, serve, SERVER, visits } from "./harness.mjs";

describe("the page of a server", { skip: SERVER ? false : "there is none" }, () => {
  const visitAt = visits();
  let server, visit;
  afterEach(() => server.close());
  const start = async (options) => {
    server = await serve(SERVER);
    visit = await visitAt(server.url, options);
    await visit.drawn();
  };

  it("waits while the server is busy, and says so", async () => {
    await start({ hash: "#seed=11", refusal: 503 });
    await visit.page.locator('[data-seed="11"] canvas').waitFor();
    await visit.page.waitForLoadState("networkidle");
    server.busy = 2;
    await visit.slide("Joy", 1);
    await visit.page.getByText("Too many requests are waiting; try again in a second.").waitFor();
    await visit.drawn("#seed=11&mix=joy:1");
    assert.equal(await visit.page.locator("#status").textContent(), "");
    assert.ok((await visit.reads("joy")) > 0.8);
  });

  it("downloads no model, and saves what the server can write", async () => {
    const asked = [];
    await start();
    visit.page.on("request", (request) => asked.push(request.url()));
    const [download] = await Promise.all([visit.page.waitForEvent("download"), visit.button("Save WebP").click()]);
    await download.saveAs(join(OUT, "server", "face.webp"));
    await visit.page.reload();
    await visit.drawn();
    assert.ok(asked.length > 20 && !asked.some((url) => /onnx|wasm/.test(url)), String(asked));
    assert.equal(await visit.page.evaluate(() => navigator.serviceWorker.getRegistrations().then((all) => all.length)), 0);
  });
});
