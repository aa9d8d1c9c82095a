// Typical calls, as a typed program makes them, and wrong ones that TypeScript must refuse.

import {
  BundleDamagedError, BundleError, CheerMeUp, CheerMeUpError, encodeApng, encodeGif, InputError, type Inversion, type Picture,
} from "cheermeup";

export async function typicalCalls(files: Map<string, Uint8Array>): Promise<void> {
  const app = await CheerMeUp.open("bundles/solo/", { precision: "int8", progress: (bytes, name) => console.log(name, bytes) });
  await CheerMeUp.open(new URL("https://example.org/bundle/"));
  await CheerMeUp.open(files);
  const names: string[] = [...app.emotions, ...app.characters, ...app.drawnCharacters, ...app.attributes, ...app.methods];
  const size: number = app.latentDim + app.imageSize + app.manifest.channels;
  const z: Float32Array[] = await app.sample(8, 2n ** 60n);
  const moved = await app.move(z, { joy: 0.8, anger: -0.2 }, { until: 0.9, keep: ["fear"], method: "path" });
  const pictures: Picture[] = await app.render(moved, { background: null });
  const { emotion, character } = await app.classify(pictures);
  const odds: number = emotion[0][0] + character[0][0];
  for await (const frame of app.walk(z, "joy", { steps: 30, easing: "smooth" })) pictures.push(...frame);
  for await (const frame of app.timeline(z, [[0, {}], [1, { joy: 1 }]], { fps: 10 })) pictures.push(...frame);
  const found: Inversion = await app.invert(pictures[0], { box: [10, 20, 200, 200] });
  if (app.editsPictures && found.fit > 0.1) pictures.push(await app.editPicture(pictures[0], { joy: 0.8 }, { found, keep: ["fear"] }));
  const gif: Uint8Array = encodeGif(pictures, pictures.map(() => 0.1));
  const apng: Uint8Array = await encodeApng(pictures, pictures.map(() => 0.1));
  const error: CheerMeUpError = odds > size ? new InputError(names[0]) : new BundleDamagedError(String(gif.length + apng.length));
  if (error instanceof BundleError) await app.prepare();

  // @ts-expect-error: opened by CheerMeUp.open
  new CheerMeUp();
  // @ts-expect-error: no such precision
  await CheerMeUp.open(files, { precision: "int4" });
  // @ts-expect-error: a mix holds numbers
  await app.move(z, { joy: "much" });
  // @ts-expect-error: no such easing
  app.walk(z, "joy", { easing: "fast" });
  // @ts-expect-error: a box has four numbers
  await app.invert(pictures[0], { box: [1, 2] });
  // @ts-expect-error: pictures are drawn, not latents
  await app.classify(z);
}
