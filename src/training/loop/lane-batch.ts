import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import type { LaneChunk } from './lanes.js';
import { UNLABELED, type ShownFrames } from '../data/sequences.js';

/** One step's chunks of all lanes, side by side; what a lane does not fill is zero and weighs nothing. */
export type LaneBatch = {
  /** float32 `[lanes, time, featureSize]`. */
  features: Tensor3D;
  /**
   * 1 where a lane has a frame, 0 where it is filled up, float32 `[lanes, time]`; none where all lanes are full, since some
   * backends are faster without.
   */
  mask: Tensor2D | undefined;
  /** As the loss wants them, float32 `[lanes, time, labels]`. */
  targets: Tensor3D;
  /** Whether a frame and the one before are of one video, float32 `[lanes, time − 1]`; none for a single step. */
  pairs: Tensor2D | undefined;
  /** Frames with a label. */
  numLabelled: number;
};

/** How frames and labels become numbers. */
export interface LaneBatchOptions {
  featureSize: number;
  /** Weight of a frame of each label, `[numLabels]`. */
  frameWeights: Float32Array;
  /** Share of the truth that is spread evenly over all labels. */
  labelSmoothing: number;
  /** Changes a lane's features, in a copy, as by noise. */
  alter?: ((features: Float32Array, lane: number) => void) | undefined;
}

/**
 * Gathers a step.
 *
 * @param shown - Frames of each lane; undefined for one that idles, or whose frames do not matter.
 * @returns Tensors that the caller disposes.
 */
export function gatherLanes(
  chunks: readonly LaneChunk[],
  shown: readonly (ShownFrames | undefined)[],
  { featureSize, frameWeights, labelSmoothing, alter }: LaneBatchOptions,
): LaneBatch {
  const numLanes = chunks.length;
  const numLabels = frameWeights.length;
  const numSteps = Math.max(...chunks.map(({ length }) => length));
  const features = new Float32Array(numLanes * numSteps * featureSize);
  const targets = new Float32Array(numLanes * numSteps * numLabels);
  const mask = new Float32Array(numLanes * numSteps);
  const pairs = new Float32Array(numLanes * (numSteps - 1));
  let numLabelled = 0;
  chunks.forEach(({ start, length }, lane) => {
    const frames = shown[lane];
    if (!frames) return;
    mask.fill(1, lane * numSteps, lane * numSteps + length);
    const first = lane * numSteps * featureSize;
    features.set(frames.features.subarray(start * featureSize, (start + length) * featureSize), first);
    alter?.(features.subarray(first, first + length * featureSize), lane);
    pairs.fill(1, lane * (numSteps - 1), lane * (numSteps - 1) + length - 1);
    for (let step = 0; step < length; step++) {
      const target = frames.targets[start + step]!;
      if (target === UNLABELED) continue;
      const row = (lane * numSteps + step) * numLabels;
      const weight = frameWeights[target]!;
      targets.fill((weight * labelSmoothing) / numLabels, row, row + numLabels);
      targets[row + target]! += weight * (1 - labelSmoothing);
      numLabelled++;
    }
  });
  return {
    features: tf.tensor3d(features, [numLanes, numSteps, featureSize]),
    mask: mask.includes(0) ? tf.tensor2d(mask, [numLanes, numSteps]) : undefined,
    targets: tf.tensor3d(targets, [numLanes, numSteps, numLabels]),
    pairs: numSteps > 1 ? tf.tensor2d(pairs, [numLanes, numSteps - 1]) : undefined,
    numLabelled,
  };
}
