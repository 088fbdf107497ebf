import { decodeFrames } from '../../video/decode-frames.js';
import type { DecodeOptions } from '../../video/decode-options.js';
import type { VideoFrame } from '../../video/video-frame.js';
import { BatchMemory } from '../pool/batch-memory.js';
import { DEFAULT_BATCH_SIZE, encodeFrames, type EncodeFramesOptions } from './encode-frames.js';
import type { EncodedFrames } from './encoded-frames.js';
import type { FrameEncoder } from '../frame-encoder.js';

/** How a video is turned into features. */
export type EncodeVideoOptions = Omit<DecodeOptions, 'width' | 'height' | 'fit' | 'newFrame'> &
  Omit<EncodeFramesOptions, 'memory'> & {
    /** Exchange left and right. Default false. */
    isMirrored?: boolean;
  };

/**
 * Decodes a video at the encoder's input size and fit and encodes its frames. Training, labeling and streaming all use this.
 *
 * @yields Features of consecutive frames, in order.
 */
export function encodeVideo(
  source: string,
  encoder: FrameEncoder,
  options: EncodeVideoOptions,
): AsyncGenerator<EncodedFrames> {
  const { inputWidth: width, inputHeight: height, pictureFit: fit } = encoder;
  const { batchSize = encoder.batchSize ?? DEFAULT_BATCH_SIZE, isMirrored = false, skipUnchanged } = options;
  const memory = new BatchMemory(width * height * 3, batchSize);
  // Frames are decoded directly into the batches, unless some of them are changed or skipped.
  const isEveryFrameBatched = !isMirrored && skipUnchanged === undefined;
  const newFrame = isEveryFrameBatched ? memory.newFrame : undefined;
  const frames = decodeFrames(source, { ...options, width, height, fit, newFrame });
  return encodeFrames(isMirrored ? mirrorFrames(frames, width) : frames, encoder, {
    ...options,
    batchSize,
    memory,
  });
}

/** The features of a whole video. */
export interface EncodedVideo {
  /** Time of each frame in seconds since the stream's start, `[numFrames]`. */
  timesSec: Float64Array;
  /** float32 `[numFrames, featureSize]`. */
  features: Float32Array;
  featureSize: number;
}

/** Encodes a whole video into memory: 5 KB per frame for the default encoder. */
export async function encodeWholeVideo(
  source: string,
  encoder: FrameEncoder,
  options: EncodeVideoOptions,
): Promise<EncodedVideo> {
  const chunks: EncodedFrames[] = [];
  for await (const chunk of encodeVideo(source, encoder, options)) chunks.push(chunk);
  const numFrames = chunks.reduce((sum, { timesSec }) => sum + timesSec.length, 0);
  const whole = {
    timesSec: new Float64Array(numFrames),
    features: new Float32Array(numFrames * encoder.featureSize),
    featureSize: encoder.featureSize,
  };
  let frame = 0;
  for (const { timesSec, features } of chunks) {
    whole.timesSec.set(timesSec, frame);
    whole.features.set(features, frame * encoder.featureSize);
    frame += timesSec.length;
  }
  return whole;
}

/**
 * Exchanges left and right of each frame.
 *
 * @param width - Width of the frames in pixels.
 * @yields Copies; the given frames do not change.
 */
export async function* mirrorFrames(
  frames: AsyncIterable<VideoFrame>,
  width: number,
): AsyncGenerator<VideoFrame, void, undefined> {
  for await (const frame of frames) yield { ...frame, data: mirrorPixels(frame.data, width) };
}

/** @param pixels - RGB24, rows of `width` pixels. */
function mirrorPixels(pixels: Uint8Array, width: number): Uint8Array {
  const mirrored = new Uint8Array(pixels.length);
  const rowBytes = 3 * width;
  for (let row = 0; row < pixels.length; row += rowBytes) {
    for (let from = row, to = row + rowBytes - 3; from < row + rowBytes; from += 3, to -= 3) {
      mirrored[to] = pixels[from]!;
      mirrored[to + 1] = pixels[from + 1]!;
      mirrored[to + 2] = pixels[from + 2]!;
    }
  }
  return mirrored;
}
