import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import type { InputKind, LabelerConfig } from './labeler-config.js';
import type { LabelerState } from './labeler-state.js';
import { runningMotion } from './running-motion.js';

/**
 * Computes the inputs of the network for each frame: the chosen kinds, concatenated.
 *
 * @param features - float32 `[batch, time, featureSize]`, the frames that follow the state.
 * @returns float32 `[batch, time, kinds · featureSize]`, and the state after the frames. Its recurrent part has not advanced.
 *   Both share tensors with the arguments; call inside `tf.tidy`.
 */
export function networkInputs(
  { inputs: kinds, motionFrames }: Pick<LabelerConfig, 'inputs' | 'motionFrames'>,
  features: Tensor3D,
  state: LabelerState,
): { inputs: Tensor3D; state: LabelerState } {
  const [batchSize, numSteps] = features.shape;
  const after = {
    ...state,
    previousFeatures: frameAt(features, numSteps - 1),
    hasPrevious: tf.ones<tf.Rank.R2>([batchSize, 1], 'bool'),
  };
  if (kinds.length === 1 && kinds[0] === 'features') return { inputs: features, state: after };
  const difference = differencesOf(features, state);
  const magnitude = tf.abs(difference);
  const inputs: Partial<Record<InputKind, Tensor3D>> = { features, difference, magnitude };
  if (kinds.includes('motion')) {
    const { motion, ...sums } = runningMotion(magnitude, state, motionFrames);
    inputs.motion = motion;
    Object.assign(after, sums);
  }
  return {
    inputs: tf.concat(
      kinds.map((kind) => inputs[kind]!),
      2,
    ),
    state: after,
  };
}

/** Features of each frame minus those of the frame before. The first frame of a video gets zeros, like a still picture. */
function differencesOf(features: Tensor3D, { hasPrevious, previousFeatures }: LabelerState): Tensor3D {
  const [batchSize, numSteps, featureSize] = features.shape;
  const first = frameAt(features, 0);
  const beforeFirst = tf.where<Tensor2D>(hasPrevious, previousFeatures, first);
  const before = tf.concat(
    [
      tf.reshape<tf.Rank.R3>(beforeFirst, [batchSize, 1, featureSize]),
      tf.slice(features, [0, 0, 0], [batchSize, numSteps - 1, featureSize]),
    ],
    1,
  );
  return tf.sub(features, before);
}

/** One frame of each lane, float32 `[batch, featureSize]`. */
function frameAt(features: Tensor3D, step: number): Tensor2D {
  const [batchSize, , featureSize] = features.shape;
  return tf.reshape(tf.slice(features, [0, step, 0], [batchSize, 1, featureSize]), [batchSize, featureSize]);
}
