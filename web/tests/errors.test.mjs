// What the package refuses, and what it says.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { before, describe, it } from "node:test";
import { CheerMeUp, CheerMeUpError, InputError } from "../src/index.js";

const filesIn = (path) => {
  const folder = fileURLToPath(new URL(`../../${path}`, import.meta.url));
  return new Map(readdirSync(folder).map((name) => [name, readFileSync(`${folder}/${name}`)]));
};
const FILES = filesIn("exported/solo");
const MANIFEST = JSON.parse(FILES.get("manifest.json"));
const bytes = (document) => new TextEncoder().encode(JSON.stringify(document));

/** The files of the bundle with other keys in the manifest, and with other files. */
const changed = (manifest, files = {}) =>
  new Map([...FILES, ["manifest.json", bytes({ ...MANIFEST, ...manifest })], ...Object.entries(files)]);

/** The files with other content of axes.json, and a manifest that describes it. */
async function withAxes(change) {
  const axes = JSON.parse(FILES.get("axes.json"));
  change(axes);
  const content = bytes(axes);
  const digest = Buffer.from(await crypto.subtle.digest("SHA-256", content)).toString("hex");
  const entry = { sha256: digest, bytes: content.length, role: "axes" };
  return changed({ files: { ...MANIFEST.files, "axes.json": entry } }, { "axes.json": content });
}

const refuses = (promise, name, message) => assert.rejects(promise, (error) => {
  assert.ok(error instanceof CheerMeUpError, String(error.stack));
  assert.equal(error.name, name);
  assert.match(error.message, message);
  return true;
});

describe("a bundle that cannot be used", () => {
  const open = (files) => CheerMeUp.open(files);

  it("has no manifest", () => refuses(open(new Map()), "BundleNotFoundError", /manifest\.json is missing/));
  it("is of a later schema", () =>
    refuses(open(changed({ schema_version: 3 })), "BundleSchemaError", /schema_version 3; this package reads 1, 2/));
  it("is no JSON", () =>
    refuses(open(new Map([["manifest.json", bytes("x").slice(1)]])), "BundleDamagedError", /not readable JSON/));
  it("lacks a file", () => {
    const files = changed({});
    files.delete("generator.onnx");
    return refuses(open(files), "BundleNotFoundError", /generator\.onnx is missing/);
  });
  it("has a damaged file", () => {
    const damaged = Uint8Array.from(FILES.get("generator.onnx"));
    damaged[1000] ^= 1;
    return refuses(open(changed({}, { "generator.onnx": damaged })), "BundleDamagedError", /SHA-256 differs/);
  });
  it("has a shortened file", () =>
    refuses(open(changed({}, { "axes.json": FILES.get("axes.json").subarray(1) })), "BundleDamagedError", /bytes, not/));
  for (const [key, value] of Object.entries({
    latent_dim: 0, image_size: "64", emotions: [], characters: ["a", "a"], drawn_characters: ["zoe"], channels: 2,
    background: "red", reader_size: 48, fit: { mean: 1 }, files: { "../x": {} },
  })) {
    it(`has a wrong ${key}`, () =>
      refuses(open(changed({ [key]: value })), "BundleDamagedError", new RegExp(key === "files" ? "plain names" : key)));
  }
  it("has a graph that is none", async () => {
    const content = bytes("no graph");
    const digest = Buffer.from(await crypto.subtle.digest("SHA-256", content)).toString("hex");
    const entry = { sha256: digest, bytes: content.length, role: "generator" };
    const files = changed({ files: { ...MANIFEST.files, "generator.onnx": entry } }, { "generator.onnx": content });
    await refuses(open(files), "BundleDamagedError", /cannot load the generator/);
  });
  for (const [what, change, message] of [
    ["another latent_dim", (axes) => (axes.latent_dim = 63), /says latent_dim 63/],
    ["no default method", (axes) => (axes.default = "best"), /no method "best"/],
    ["a short direction", (axes) => (axes.methods.logit.directions[0] = axes.methods.logit.directions[0].map((x) => x / 2)),
      /length 1/],
    ["text for a number", (axes) => (axes.methods.logit.max_strength[0] = "1"), /must be numbers from -100 to 100/],
    ["a missing row", (axes) => axes.methods.paper.directions.pop(), /shape \(7, 64\)/],
    ["a pace that falls", (axes) => (axes.methods.local.centres.pace[0][1][3] = 0.9), /pace must grow/],
    ["an attribute named as an emotion", (axes) => (axes.attributes = [{ name: "joy" }]), /cannot be the name/],
    ["ends of an unknown graph", (axes) => (axes.methods.path.ends = "maze"), /needs a file of role "maze"/],
  ]) {
    it(`has axes with ${what}`, async () => refuses(open(await withAxes(change)), "BundleDamagedError", message));
  }
});

describe("a bundle on a server", () => {
  const served = (answer, use) => new Promise((resolve, reject) => {
    const server = createServer(answer).listen(0, "127.0.0.1", () =>
      use(`http://127.0.0.1:${server.address().port}/a/bundle`).then(resolve, reject).finally(() => server.close()));
  });
  const send = (request, response) => {
    const content = FILES.get(request.url.replace("/a/bundle/", ""));
    response.writeHead(content ? 200 : 404).end(content);
  };

  it("is read below its URL", () => served(send, async (url) => {
    const arrived = new Map();
    const app = await CheerMeUp.open(url, { progress: (bytes, name) => arrived.set(name, bytes) });
    assert.equal(app.manifest.name, "solo");
    assert.equal(arrived.get("generator.onnx"), MANIFEST.files["generator.onnx"].bytes);
    assert.ok(!arrived.has("classifier.onnx"));
    const [z] = await app.sample(1, 1);
    assert.equal((await app.classify(await app.render([z]))).emotion[0].length, 7);
    assert.ok(arrived.has("classifier.onnx"));
  }));
  it("may be elsewhere", () => served(send, (url) =>
    refuses(CheerMeUp.open(`${url}/deeper/`), "BundleNotFoundError", /manifest\.json: the server answered 404/)));
  it("may be gone", () =>
    refuses(CheerMeUp.open("http://127.0.0.1:9/bundle"), "BundleNotFoundError", /cannot fetch http.*manifest\.json/));
  it("cannot send endless files", () => served((request, response) => {
    if (!request.url.endsWith("axes.json")) return send(request, response);
    const timer = setInterval(() => response.write("x".repeat(1e5)), 1);
    response.on("close", () => clearInterval(timer));
  }, (url) => refuses(CheerMeUp.open(url), "BundleDamagedError", /axes\.json .* bytes, not/)));
});

describe("wrong arguments", () => {
  let app, z;
  before(async () => {
    app = await CheerMeUp.open(FILES);
    z = await app.sample(1);
  });
  const input = (promise, message) => refuses(promise, "InputError", message);

  it("are names that are not there", async () => {
    await input(app.move(z, { Joy: 1 }), /unknown emotion "Joy"; did you mean joy\? \(emotions: anger, /);
    await input(app.move(z, { joy: 1 }, { method: "best" }), /unknown method "best" \(methods: path, /);
    await input(app.move(z, { joy: 1 }, { keep: ["hat"] }), /cannot keep "hat" \(what can be kept: character; emotions/);
    await input(app.move(z, { joy: 1 }, { keep: "fear" }), /keep is a list of names/);
    await input(CheerMeUp.open(FILES, { precision: "int4" }), /unknown precision "int4"; did you mean int8\?/);
  });
  it("are numbers out of range", async () => {
    await input(app.sample(0), /the number of faces must be a whole number from 1/);
    await input(app.sample(1, -1), /seed must be a whole number from 0 to 18446744073709551615, not -1/);
    await input(app.sample(1, 2n ** 64n), /seed must be/);
    await input(app.move(z, { joy: 11 }), /the strength of joy must be a number from -10 to 10, not 11/);
    await input(app.move(z, { joy: NaN }), /the strength of joy/);
    await input(app.move(z, {}), /a mix holds strengths by name, for example \{"anger": 0\.8\}/);
    await input(app.move(z, { joy: 1 }, { until: 2 }), /until must be a number from 0 to 1/);
    await input(app.move(z, { joy: -1 }, { until: 0.5 }), /until needs an emotion with a strength above 0/);
    assert.throws(() => app.walk(z, "joy", { steps: 1 }), InputError);
  });
  it("are timelines that cannot be read", () => {
    const refused = (timeline, message) =>
      assert.throws(() => app.timeline(z, timeline), (error) => error instanceof InputError && message.test(error.message));
    refused("joy", /needs two keyframes/);
    refused("joy@1s, fear@2s", /starts at 0s, not at 1s/);
    refused("start, joy", /cannot read "joy" in the timeline: it has no time/);
    refused("start, joy@soon", /"soon" is not a time/);
    refused("start, joy:x@1s", /"x" is not a strength/);
    refused("start, joy+joy@1s", /"joy" is there twice/);
    refused("start, joy+start@1s", /start is the face as it is/);
    refused("start, joy@1s, fear@1.01s", /must come 0\.02s or more after the one at 1s/);
    refused("start, +joy@1s", /an emotion is missing/);
    refused("start, glee@1s", /unknown emotion "glee"/);
    refused([[0, {}], 1], /a timeline is text, or pairs/);
  });
  it("keep what they move", () =>
    input(app.move(z, { joy: 1 }, { keep: ["joy"] }), /cannot keep joy in a move by joy: next to nothing/));
  it("are arrays of other shapes", async () => {
    await input(app.render([]), /z must be a list of latents, each of 64 numbers/);
    await input(app.render([new Float32Array(63)]), /each of 64/);
    await input(app.render([new Float32Array(64).fill(NaN)]), /must be finite/);
    await input(app.classify([{ width: 10, height: 10, data: new Uint8ClampedArray(400) }]), /of 256 or 64 pixels squared/);
    const filled = await CheerMeUp.open(filesIn("tests/runtime/bundle/schema_1"));
    await input(filled.render(await filled.sample(1), { background: null }), /fill their pictures/);
  });
  it("are no pictures", async () => {
    const picture = (width, height, level) => ({ width, height, data: new Uint8ClampedArray(4 * width * height).fill(level) });
    await input(app.invert(null), /a picture is \{ width, height, data \} in RGBA, as ImageData is, not null/);
    await input(app.invert({ width: 2, height: 2, data: new Uint8Array(3) }), /a picture is/);
    await input(app.invert(picture(8, 8, 0)), /transparent all over/);
    await input(app.invert(picture(20_000, 1, 255)), /at most 16384 pixels on a side, not 20000/);
    await input(app.invert(picture(8, 8, 255), { box: [1, 2, 3] }), /box must be four numbers, .* not \[1,2,3\]/);
    await input(app.invert(picture(8, 8, 255), { box: [0, 0, 0, 4] }), /^width of box must be a number from 1 to 32, not 0/);
    await input(app.invert(picture(8, 8, 255), { box: [9, 0, 4, 4] }), /box lies outside the picture, which has 8 x 8 pixels/);
  });
  it("are pictures of something else", async () => {
    const stripes = new Uint8ClampedArray(4 * 64 * 64).map((_, i) => (i % 4 === 3 ? 255 : (i * 31) % 256));
    const picture = { width: 64, height: 64, data: stripes };
    const message = /^the picture shows no face that solo can draw \(it fits at .*; at least 0\.001 is needed\); name the place/;
    await input(app.editPicture(picture, { joy: 1 }), message);
    assert.equal((await app.editPicture(picture, { joy: 1 }, { force: true })).width, 64);
  });
  it("are pictures for a bundle that finds no faces", async () => {
    const { "encoder.onnx": encoder, ...files } = MANIFEST.files;
    const other = await CheerMeUp.open(changed({ files }));
    assert.ok(app.editsPictures && !other.editsPictures && encoder);
    await refuses(other.invert({}), "BundleNotFoundError", /^solo has no encoder, which finds faces in pictures/);
  });
});
