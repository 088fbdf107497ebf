import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import type { LabelerState } from './labeler-state.js';

/** Frames that one matrix product covers. A product's cost per frame grows with its length; more blocks cost little. */
const BLOCK_FRAMES = 64;

/**
 * Computes how much each feature moved lately: the running mean of the magnitude of its change, over about `motionFrames` frames.
 *
 *   s' = a·s + (1−a)·|Δx|   w' = a·w + (1−a)   motion = s'/w'   a = 1 − 1/motionFrames
 *
 * Division by the weight `w` makes it a mean from the start, when there are few frames. The first frame of a video has no change:
 * neither sum counts it, and its motion is 0.
 *
 * @param magnitude - |Δx|, float32 `[batch, time, featureSize]`, 0 at a video's first frame.
 * @returns The motion, of the same shape, and the sums after the last frame. Call inside `tf.tidy`.
 * @see Kingma and Ba 2015, arXiv:1412.6980, for the same correction of a running mean.
 */
export function runningMotion(
  magnitude: Tensor3D,
  { hasPrevious, motionSum, motionWeight }: LabelerState,
  motionFrames: number,
): { motion: Tensor3D } & Pick<LabelerState, 'motionSum' | 'motionWeight'> {
  const [batchSize, numSteps] = magnitude.shape;
  const decay = 1 - 1 / motionFrames;
  const isCounted = tf.concat<Tensor3D>(
    [tf.reshape(tf.cast(hasPrevious, 'float32'), [batchSize, 1, 1]), tf.ones([batchSize, numSteps - 1, 1])],
    1,
  );
  const sums = decayingSums(magnitude, motionSum, decay);
  const weights = decayingSums(isCounted, motionWeight, decay);
  return {
    motion: tf.divNoNan(sums.all, weights.all),
    motionSum: sums.last,
    motionWeight: weights.last,
  };
}

/**
 * Computes all steps of `s' = a·s + (1−a)·x`, block by block, as a product with the weight of each frame at each later one.
 *
 * @param values - x, float32 `[batch, time, size]`.
 * @param before - s before the first frame, float32 `[batch, size]`.
 * @returns s after each frame, float32 `[batch, time, size]`, and s after the last one, `[batch, size]`.
 */
function decayingSums(values: Tensor3D, before: Tensor2D, decay: number): { all: Tensor3D; last: Tensor2D } {
  const [batchSize, numSteps, size] = values.shape;
  const width = batchSize * size;
  // With time first, the whole batch is one matrix product. On wasm, a batch of products is far slower.
  const rows = tf.reshape<tf.Rank.R2>(tf.transpose(values, [1, 0, 2]), [numSteps, width]);
  let last = tf.reshape<tf.Rank.R2>(before, [1, width]);
  const blocks: Tensor2D[] = [];
  for (let start = 0; start < numSteps; start += BLOCK_FRAMES) {
    const length = Math.min(BLOCK_FRAMES, numSteps - start);
    const block = tf.concat<Tensor2D>([last, tf.slice(rows, [start, 0], [length, width])], 0);
    const sums = tf.matMul<Tensor2D>(decayMatrix(length, decay), block);
    last = tf.slice(sums, [length - 1, 0], [1, width]);
    blocks.push(sums);
  }
  const all = tf.reshape<tf.Rank.R3>(tf.concat(blocks, 0), [numSteps, batchSize, size]);
  return { all: tf.transpose(all, [1, 0, 2]), last: tf.reshape(last, [batchSize, size]) };
}

/** Weights at each frame of a block: of the sum before it (column 0) and of each of its frames, `[length, 1 + length]`. */
function decayMatrix(length: number, decay: number): Tensor2D {
  const weightAt = (frame: number, column: number): number => {
    if (column === 0) return decay ** (frame + 1);
    const age = frame + 1 - column;
    return age >= 0 ? (1 - decay) * decay ** age : 0;
  };
  const weights = Array.from({ length: length * (length + 1) }, (_, i) =>
    weightAt(Math.floor(i / (length + 1)), i % (length + 1)),
  );
  return tf.tensor2d(weights, [length, length + 1]);
}
