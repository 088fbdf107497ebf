import { ShapeError, UsageError } from '../errors.js';
import type { VideoFrame } from '../video/video-frame.js';
import type { FrameEncoder } from './frame-encoder.js';

/** Features of consecutive frames. */
export interface EncodedFrames {
  /** `VideoFrame.index` of the first. */
  firstIndex: number;
  /** Presentation times, `[n]`, in seconds since the stream's start. */
  timesSec: Float64Array;
  /** `[n, featureSize]`. */
  features: Float32Array;
}

export interface EncodeFramesOptions {
  /** Frames a batch. Default 8; 1 gives every frame's features as soon as they can be had. */
  batchSize?: number | undefined;
  /** Batches read ahead, and so the bound on memory. Default: one more than the encoder works on at a time. */
  maxPending?: number | undefined;
  /** Ends the encoding: the generator throws its reason. Give it to the source of the frames too. */
  signal?: AbortSignal | undefined;
}

/**
 * Encodes a stream of frames in batches, several at a time, and yields them in order, each as soon as it is there.
 * When it ends for whatever reason, the source is closed first; that waits for a frame being read.
 *
 * @throws {ShapeError} If a frame does not have the encoder's size.
 * @throws What the source, the encoder or the signal throws.
 */
export async function* encodeFrames(
  frames: AsyncIterable<VideoFrame>,
  encoder: FrameEncoder,
  { batchSize = 8, maxPending = (encoder.concurrency ?? 1) + 1, signal }: EncodeFramesOptions = {},
): AsyncGenerator<EncodedFrames, void, undefined> {
  for (const [name, value] of Object.entries({ batchSize, maxPending })) {
    if (!(Number.isInteger(value) && value >= 1)) {
      throw new UsageError(`${name} is ${value}; expected a whole number, 1 or more.`);
    }
  }
  const batches = gatherBatches(frames, encoder, batchSize);
  const pending: Promise<EncodedFrames>[] = [];
  let reading: Promise<IteratorResult<FrameBatch, void>> | undefined;
  let hasEnded = false;
  try {
    while (!hasEnded || pending.length > 0) {
      signal?.throwIfAborted();
      if (!hasEnded && pending.length < maxPending) reading ??= handled(batches.next());
      const head = pending.slice(0, 1);
      const event = await Promise.race(reading ? [...head, reading] : head);
      if ('features' in event) {
        void pending.shift();
        yield event;
      } else {
        reading = undefined;
        if (event.done) hasEnded = true;
        else pending.push(handled(encodeBatch(encoder, event.value)));
      }
    }
  } finally {
    await batches.return();
  }
}

interface FrameBatch {
  firstIndex: number;
  timesSec: number[];
  /** In shared memory, so that worker threads read it in place. */
  pixels: Uint8Array;
}

async function* gatherBatches(
  frames: AsyncIterable<VideoFrame>,
  { inputHeight, inputWidth }: FrameEncoder,
  batchSize: number,
): AsyncGenerator<FrameBatch, void, undefined> {
  const bytesPerFrame = inputHeight * inputWidth * 3;
  let batch: FrameBatch | undefined;
  for await (const { index, timeSec, data } of frames) {
    if (data.length !== bytesPerFrame) {
      const expected = `${bytesPerFrame} bytes, [${inputHeight}, ${inputWidth}, 3]`;
      throw new ShapeError(`Frame ${index} at ${timeSec} s`, expected, `${data.length} bytes`);
    }
    batch ??= newBatch(index, batchSize * bytesPerFrame);
    batch.pixels.set(data, batch.timesSec.length * bytesPerFrame);
    batch.timesSec.push(timeSec);
    if (batch.timesSec.length === batchSize) {
      yield batch;
      batch = undefined;
    }
  }
  if (batch) yield { ...batch, pixels: batch.pixels.subarray(0, batch.timesSec.length * bytesPerFrame) };
}

function newBatch(firstIndex: number, numBytes: number): FrameBatch {
  return { firstIndex, timesSec: [], pixels: new Uint8Array(new SharedArrayBuffer(numBytes)) };
}

async function encodeBatch(encoder: FrameEncoder, batch: FrameBatch): Promise<EncodedFrames> {
  const features = await encoder.encode(batch.pixels, batch.timesSec.length);
  return { firstIndex: batch.firstIndex, timesSec: Float64Array.from(batch.timesSec), features };
}

/** Lets a promise fail before anybody looks: whoever awaits it still gets the failure. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
