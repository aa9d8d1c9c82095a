/** A picture in the form of `ImageData`: rows from top to bottom, RGBA with straight alpha. */
export interface Picture {
  width: number;
  height: number;
  data: Uint8ClampedArray;
}

/** What the classifier reads: a row of probabilities for each picture. */
export interface Scores {
  /** In the order of `emotions`. */
  emotion: Float32Array[];
  /** In the order of `characters`. */
  character: Float32Array[];
}

/** Strengths by name: 0 for no effect, 1 for the full effect, negative for less. */
export type Mix = Record<string, number>;
/** A latent of `latentDim` numbers. */
export type Latent = Float32Array | number[];
/** Where the bundle draws faces without a background: its own colour, none, `#rrggbb`, or red, green and blue. */
export type Background = "auto" | null | string | [number, number, number];

export interface Manifest {
  schemaVersion: number;
  name: string;
  createdBy: string;
  license: string;
  latentDim: number;
  imageSize: number;
  readerSize: number;
  channels: 3 | 4;
  background: string;
  emotions: string[];
  characters: string[];
  drawnCharacters: string[];
  /** How well pictures are drawn again: the logarithm of their mean squared error. Null without an encoder. */
  fit: { mean: number; deviation: number } | null;
  /** By role. */
  files: Record<string, { name: string; sha256: string; bytes: number }>;
}

export interface OpenOptions {
  /** `int8` draws with the bundle's quick generator. */
  precision?: "auto" | "int8";
  /** A module in the place of onnxruntime-web. */
  ort?: unknown;
  /** Called with the bytes of a file that have arrived. */
  progress?: (bytes: number, name: string) => void;
}

export interface MoveOptions {
  method?: string;
  /** Each face stops where the classifier gives the mix this probability. */
  until?: number;
  /** Emotions and attributes that must not change, and `character`. */
  keep?: Iterable<string>;
}

export interface WalkOptions {
  steps?: number;
  method?: string;
  easing?: "linear" | "smooth";
  keep?: Iterable<string>;
  background?: Background;
}

export interface TimelineOptions extends Omit<WalkOptions, "steps"> {
  /** Largest number of frames a second. */
  fps?: number;
}

/** Left, top, width and height in pixels. */
export type Box = [number, number, number, number];

/** The face that was found in a picture. */
export interface Inversion {
  /** The latent that draws the face, as a list of one. */
  z: Float32Array[];
  /** The square where the face lies, which may reach beyond the picture. */
  box: Box;
  /** The picture in the box minus the drawn face: red, green and blue of `readerSize` pixels squared, -255 to 255. */
  residual: Int16Array;
  /** From 0 to 1: the share of test pictures that fit worse. */
  fit: number;
}

export interface EditOptions extends MoveOptions {
  /** Where the face is. */
  box?: Box;
  /** Edit the picture even if it hardly fits the bundle. */
  force?: boolean;
  /** What `invert` returned for this picture, so that several edits look for the face once. */
  found?: Inversion;
}

export class CheerMeUp {
  private constructor();
  /** Opens the bundle in a folder, by its URL, or in a Map of its files. */
  static open(
    source: string | URL | Map<string, Uint8Array | ArrayBuffer | Blob>,
    options?: OpenOptions,
  ): Promise<CheerMeUp>;
  readonly manifest: Manifest;
  readonly emotions: string[];
  readonly characters: string[];
  readonly drawnCharacters: string[];
  /** Characters that a face can become; none if the bundle draws only one. */
  readonly movableCharacters: string[];
  readonly attributes: string[];
  /** The default one first. */
  readonly methods: string[];
  readonly latentDim: number;
  readonly imageSize: number;
  /** Whether the bundle finds faces in pictures, as `invert` and `editPicture` need it. */
  readonly editsPictures: boolean;
  /** Reads all graphs now, so that no later call waits for one. */
  prepare(): Promise<void>;
  /** The same latents as in Python. `seed` is 0 to 2 ** 64 - 1. */
  sample(n: number, seed?: number | bigint): Promise<Float32Array[]>;
  render(z: Latent[], options?: { background?: Background }): Promise<Picture[]>;
  classify(pictures: Picture[]): Promise<Scores>;
  move(z: Latent[], strengths: Mix, options?: MoveOptions): Promise<Float32Array[]>;
  /** A picture of each face for each of `steps` strengths from 0 to 1. */
  walk(z: Latent[], emotion: string | Mix, options?: WalkOptions): AsyncGenerator<Picture[]>;
  /** Pictures through mixes at given times: text such as "start, joy:0.8@1s, neutral@3s", or pairs. */
  timeline(z: Latent[], timeline: string | [number, Mix][], options?: TimelineOptions): AsyncGenerator<Picture[]>;
  /** Finds the face in a picture of any size; near `box`, if that is given. */
  invert(picture: Picture, options?: { box?: Box }): Promise<Inversion>;
  /** The picture with another expression, of its own size. */
  editPicture(picture: Picture, strengths: Mix, options?: EditOptions): Promise<Picture>;
}

/** A GIF that repeats for ever. `seconds` are those of each picture, at least 0.02. */
export function encodeGif(frames: Picture[], seconds: number[]): Uint8Array;

/** An animated PNG that repeats for ever, with all colours and soft edges. */
export function encodeApng(frames: Picture[], seconds: number[]): Promise<Uint8Array>;

/** An animated WebP that repeats for ever, of WebP files of one size, such as canvases write them. */
export function joinWebp(pictures: Uint8Array[], seconds: number[]): Uint8Array;

export class CheerMeUpError extends Error {}
export class InputError extends CheerMeUpError {}
export class BundleError extends CheerMeUpError {}
export class BundleNotFoundError extends BundleError {}
export class BundleDamagedError extends BundleError {}
export class BundleSchemaError extends BundleError {}
export class MissingLibraryError extends CheerMeUpError {}
