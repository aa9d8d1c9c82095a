// Draws a face of a bundle, moved to an emotion, with onnxruntime-node and pngjs alone.
//
//     node examples/draw_face.mjs BUNDLE EMOTION OUT.png [DRAWS.json]
//
// BUNDLE is a folder. DRAWS.json holds latent_dim draws from N(0, 1); without it, each run draws another face.

import { readFileSync, writeFileSync } from "node:fs";
import * as ort from "onnxruntime-node";
import { PNG } from "pngjs";

const [folder, emotion, out, draws] = process.argv.slice(2);
const end = (message) => (console.error(message), process.exit(1));
const json = (path) => JSON.parse(readFileSync(path, "utf8"));
const { schema_version, latent_dim, image_size, channels, files } = json(`${folder}/manifest.json`);
if (![1, 2].includes(schema_version)) end("this program reads bundles of schema 1 and 2");
const file = Object.fromEntries(Object.keys(files).map((name) => [files[name].role, `${folder}/${name}`]));

const tensor = (values, ...shape) => new ort.Tensor("float32", Float32Array.from(values), shape);
const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
async function run(role, inputs) {
  const session = await ort.InferenceSession.create(file[role]);
  return Array.from((await session.run(inputs))[session.outputNames[0]].data);
}

let z = draws ? json(draws) : Array.from({ length: latent_dim }, normal);
if (file.mapping) z = await run("mapping", { z: tensor(z, 1, latent_dim) });

const axes = json(file.axes), method = axes.methods[axes.default], e = axes.emotions.indexOf(emotion);
if (e < 0) end(`no emotion ${emotion}: this bundle has ${axes.emotions.join(", ")}`);
let moved;
if (method.ends) {
  const keep = method.keeps ? { keep: tensor(axes.emotions.map(() => 0), axes.emotions.length) } : {};
  const ends = await run(method.ends, { z: tensor(z, 1, latent_dim), ...keep });
  moved = ends.slice(e * latent_dim, (e + 1) * latent_dim);
} else if (method.centres) {
  const { latents, slopes, intercepts, targets } = method.centres;
  const logits = slopes.map((slope, k) => dot(slope, z) + intercepts[k]);
  const odds = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
  const total = odds.reduce((a, b) => a + b);
  moved = z.map((value, i) => value + targets[e][i] - dot(odds, latents.map((centre) => centre[i])) / total);
} else {
  moved = z.map((value, i) => value + method.max_strength[e] * method.directions[e][i]);
  if (method.keep_norm) moved = moved.map((value) => value * Math.sqrt(dot(z, z) / dot(moved, moved)));
}

const picture = Buffer.from(await run("generator", { z: tensor(moved, 1, latent_dim) }));
const png = { width: image_size, height: image_size, data: picture };
const clear = channels === 4;
writeFileSync(out, PNG.sync.write(png, { inputHasAlpha: clear, colorType: clear ? 6 : 2 }));
