import { ShapeError, UsageError } from '../../errors.js';
import type { VideoFrame } from '../../video/video-frame.js';
import { BatchMemory } from '../pool/batch-memory.js';
import type { EncodedFrames } from './encoded-frames.js';
import type { FrameEncoder } from '../frame-encoder.js';

/** How frames are encoded in batches. */
export interface EncodeFramesOptions {
  /** Frames per batch. Default: that of the encoder, or else 8. With 1, each frame's features are ready as soon as possible. */
  batchSize?: number;
  /** Batches that are read ahead. They bound the memory. Default: one more than the encoder encodes at the same time. */
  maxPending?: number;
  /**
   * A frame takes the features of the last encoded frame if no tile of 16 by 16 pixels differs by this many gray levels, 0 to
   * 255, on average. Default: every frame is encoded.
   */
  skipUnchanged?: number;
  /** Memory for the batches. The frames may already lie in it. Default: newly allocated memory. */
  memory?: BatchMemory;
  /** Ends the encoding. The generator throws its reason. Pass it to the source of the frames, too. */
  signal?: AbortSignal;
}

/** Default number of frames per batch. */
export const DEFAULT_BATCH_SIZE = 8;

/** Most frames that one batch may cover if most of them look like earlier ones. Batches of one frame cover one. */
const mostFrames = (batchSize: number): number => (batchSize === 1 ? 1 : 4 * batchSize);

/**
 * Encodes a stream of frames in batches, several at a time, and yields the batches in order, each as soon as it is ready. When it
 * ends for any reason, it first closes the source, which waits for a frame that is being read.
 *
 * @throws {ShapeError} If a frame does not have the encoder's size.
 * @throws What the source, the encoder or the signal throws.
 */
export async function* encodeFrames(
  frames: AsyncIterable<VideoFrame>,
  encoder: FrameEncoder,
  options: EncodeFramesOptions = {},
): AsyncGenerator<EncodedFrames, void, undefined> {
  const {
    batchSize = encoder.batchSize ?? DEFAULT_BATCH_SIZE,
    maxPending = (encoder.concurrency ?? 1) + 1,
    signal,
  } = options;
  checkOptions(batchSize, maxPending, options.skipUnchanged);
  const bytesPerFrame = encoder.inputHeight * encoder.inputWidth * 3;
  const memory = options.memory ?? new BatchMemory(bytesPerFrame, batchSize);
  const batches = gatherBatches(frames, encoder, { batchSize, memory, skipUnchanged: options.skipUnchanged });
  const pending: Promise<{ batch: FrameBatch; features: Float32Array }>[] = [];
  let reading: Promise<IteratorResult<FrameBatch, void>> | undefined;
  let hasEnded = false;
  let lastFeatures = new Float32Array(0);
  try {
    while (!hasEnded || pending.length > 0) {
      signal?.throwIfAborted();
      if (!hasEnded && pending.length < maxPending) reading ??= handled(batches.next());
      const head = pending.slice(0, 1);
      const event = await Promise.race(reading ? [...head, reading] : head);
      if ('features' in event) {
        void pending.shift();
        const { firstIndex, timesSec, pictureOf } = event.batch;
        const features = spread(event.features, pictureOf, lastFeatures);
        lastFeatures = features.slice(features.length - encoder.featureSize);
        yield { firstIndex, timesSec: Float64Array.from(timesSec), features };
      } else {
        reading = undefined;
        if (event.done) hasEnded = true;
        else pending.push(handled(encodeBatch(encoder, event.value, memory)));
      }
    }
  } finally {
    await batches.return();
  }
}

function checkOptions(batchSize: number, maxPending: number, skipUnchanged = 0): void {
  for (const [name, value] of Object.entries({ batchSize, maxPending })) {
    if (!(Number.isInteger(value) && value >= 1)) {
      throw new UsageError(`${name} is ${value}; expected a whole number, 1 or more.`);
    }
  }
  if (!(skipUnchanged >= 0 && skipUnchanged <= 255)) {
    throw new UsageError(`skipUnchanged is ${skipUnchanged}; expected gray levels, 0 to 255.`);
  }
}

interface FrameBatch {
  firstIndex: number;
  timesSec: number[];
  /** Pictures to encode, one after another, in shared memory, so that worker threads read them in place. */
  pixels: Uint8Array;
  numPictures: number;
  /** For each frame, the position of the picture that stands for it. −1 is the last picture of earlier batches. */
  pictureOf: number[];
}

async function* gatherBatches(
  frames: AsyncIterable<VideoFrame>,
  { inputHeight, inputWidth }: FrameEncoder,
  {
    batchSize,
    memory,
    skipUnchanged,
  }: { batchSize: number; memory: BatchMemory; skipUnchanged: number | undefined },
): AsyncGenerator<FrameBatch, void, undefined> {
  const bytesPerFrame = inputHeight * inputWidth * 3;
  const changes = skipUnchanged === undefined ? undefined : new ChangeDetector(inputWidth, skipUnchanged);
  let batch: FrameBatch | undefined;
  for await (const { index, timeSec, data } of frames) {
    if (data.length !== bytesPerFrame) {
      const expected = `${bytesPerFrame} bytes, [${inputHeight}, ${inputWidth}, 3]`;
      throw new ShapeError(`Frame ${index} at ${timeSec} s`, expected, `${data.length} bytes`);
    }
    batch ??= {
      firstIndex: index,
      timesSec: [],
      pixels: memory.batchBeginningWith(data) ?? memory.newBatch(),
      numPictures: 0,
      pictureOf: [],
    };
    if (!changes || changes.isChanged(data)) {
      place(data, batch.pixels, batch.numPictures * bytesPerFrame);
      batch.numPictures++;
    }
    batch.pictureOf.push(batch.numPictures - 1);
    batch.timesSec.push(timeSec);
    if (batch.numPictures === batchSize || batch.timesSec.length === mostFrames(batchSize)) {
      yield batch;
      batch = undefined;
    }
  }
  if (batch) yield batch;
}

function place(frame: Uint8Array, pixels: Uint8Array, begin: number): void {
  const isThere = frame.buffer === pixels.buffer && frame.byteOffset === begin;
  if (!isThere) pixels.set(frame, begin);
}

/** Adds the features of the batch's pictures, `[numPictures, featureSize]`. */
async function encodeBatch(encoder: FrameEncoder, batch: FrameBatch, memory: BatchMemory) {
  const { pixels, numPictures } = batch;
  const numBytes = numPictures * encoder.inputHeight * encoder.inputWidth * 3;
  const features =
    numPictures === 0 ? new Float32Array(0) : await encoder.encode(pixels.subarray(0, numBytes), numPictures);
  memory.recycle(pixels);
  return { batch, features };
}

/**
 * Gives each frame the features of the picture that stands for it.
 *
 * @param pictureFeatures - `[numPictures, featureSize]`.
 * @param lastFeatures - `[featureSize]`, of the picture before all of these.
 * @returns `[numFrames, featureSize]`.
 */
function spread(
  pictureFeatures: Float32Array,
  pictureOf: readonly number[],
  lastFeatures: Float32Array,
): Float32Array {
  const numFrames = pictureOf.length;
  const numPictures = (pictureOf.at(-1) ?? -1) + 1;
  if (numPictures === numFrames) return pictureFeatures;
  const featureSize = lastFeatures.length || pictureFeatures.length / numPictures;
  const features = new Float32Array(numFrames * featureSize);
  for (const [frame, picture] of pictureOf.entries()) {
    const ofPicture =
      picture < 0
        ? lastFeatures
        : pictureFeatures.subarray(picture * featureSize, (picture + 1) * featureSize);
    features.set(ofPicture, frame * featureSize);
  }
  return features;
}

/** Lets a promise reject before anybody awaits it. Whoever awaits it later still gets the rejection. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** Side of the tiles whose change is measured, in pixels. A distant person still fills some of them. */
const TILE_SIZE = 16;

/**
 * Finds frames that show something new. A frame is compared with the last one that did, not with its neighbor, so slow changes
 * add up until they count.
 */
export class ChangeDetector {
  readonly #rowBytes: number;
  readonly #threshold: number;
  #lastChanged: Uint8Array | undefined;

  /**
   * @param width - Width of the frames in pixels.
   * @param threshold - Gray levels, 0 to 255, by which some tile of 16 by 16 pixels must change on average.
   */
  constructor(width: number, threshold: number) {
    this.#rowBytes = 3 * width;
    this.#threshold = threshold;
  }

  /** @param pixels - RGB24, rows of `width` pixels. They are copied if they are kept. */
  isChanged(pixels: Uint8Array): boolean {
    const isChanged = !this.#lastChanged || this.#differs(pixels, this.#lastChanged);
    if (isChanged) (this.#lastChanged ??= new Uint8Array(pixels.length)).set(pixels);
    return isChanged;
  }

  #differs(pixels: Uint8Array, before: Uint8Array): boolean {
    const tileBytes = 3 * TILE_SIZE;
    const bandBytes = TILE_SIZE * this.#rowBytes;
    for (let band = 0; band < pixels.length; band += bandBytes) {
      for (let column = 0; column < this.#rowBytes; column += tileBytes) {
        const columnEnd = Math.min(column + tileBytes, this.#rowBytes);
        const bandEnd = Math.min(band + bandBytes, pixels.length);
        if (this.#tileDiffers(pixels, before, { band, bandEnd, column, columnEnd })) return true;
      }
    }
    return false;
  }

  #tileDiffers(
    pixels: Uint8Array,
    before: Uint8Array,
    { band, bandEnd, column, columnEnd }: Record<'band' | 'bandEnd' | 'column' | 'columnEnd', number>,
  ): boolean {
    let difference = 0;
    let numBytes = 0;
    for (let row = band; row < bandEnd; row += this.#rowBytes) {
      for (let at = row + column; at < row + columnEnd; at++)
        difference += Math.abs(pixels[at]! - before[at]!);
      numBytes += columnEnd - column;
    }
    return difference >= this.#threshold * numBytes;
  }
}
