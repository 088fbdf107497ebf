import { decodeFrames } from '../../video/decode-frames.js';
import type { DecodeOptions } from '../../video/decode-options.js';
import { BatchMemory } from '../pool/batch-memory.js';
import { DEFAULT_BATCH_SIZE, encodeFrames, type EncodeFramesOptions } from './encode-frames.js';
import type { EncodedFrames } from './encoded-frames.js';
import type { FrameEncoder } from '../frame-encoder.js';
import { mirrorFrames } from '../builtin/mirror-frames.js';

/** How a video is turned into features. */
export type EncodeVideoOptions = Omit<DecodeOptions, 'width' | 'height' | 'fit' | 'newFrame'> &
  Omit<EncodeFramesOptions, 'memory'> & {
    /** Exchange left and right. Default false. */
    isMirrored?: boolean;
  };

/**
 * Decodes a video at the size and fit that the encoder wants and encodes it: the one way from pixels to features, for training,
 * labeling and streaming alike.
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
  // Decoded into the batches' own memory, unless not every frame as it comes is for a batch.
  const isEveryFrameBatched = !isMirrored && skipUnchanged === undefined;
  const newFrame = isEveryFrameBatched ? memory.newFrame : undefined;
  const frames = decodeFrames(source, { ...options, width, height, fit, newFrame });
  return encodeFrames(isMirrored ? mirrorFrames(frames, width) : frames, encoder, {
    ...options,
    batchSize,
    memory,
  });
}

/** All of a video's features at the encoder's rate. */
export interface EncodedVideo {
  /** Time of each frame in seconds since the stream's start, `[numFrames]`. */
  timesSec: Float64Array;
  /** float32 `[numFrames, featureSize]`. */
  features: Float32Array;
  featureSize: number;
}

/** Encodes a whole video into memory, as training needs it: 5 KB a frame for the default encoder. */
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
