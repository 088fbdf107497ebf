import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor3D } from '@tensorflow/tfjs-core';
import { ShapeError } from '../../errors.js';
import { cloneState, disposeState, type LabelerState } from '../labeler-state.js';
import type { TemporalLabeler } from '../temporal-labeler.js';

/** Frames that go through the network at once. */
const CHUNK_FRAMES = 256;

/** Probabilities of frames, float32 `[numFrames, numLabels]`, and the state after the last, which the caller disposes. */
export type LabeledFeatures = { probabilities: Float32Array; state: LabelerState };

/** {@link TemporalLabeler.label}. */
export async function labelFeatures(
  labeler: TemporalLabeler,
  features: Float32Array,
  state?: LabelerState,
): Promise<LabeledFeatures> {
  if (labeler.config.bidirectional) {
    const { projected, state: before } = await projectFeatures(labeler, features, state);
    try {
      return await labelProjected(labeler, projected, before);
    } finally {
      disposeState(before);
    }
  }
  const labeled = await inChunks(labeler, features, state, labeler.config.numLabels, (chunk, current) => {
    const { logits, state: next } = labeler.forward(chunk, current);
    return { values: probabilitiesOf(labeler, logits), state: next };
  });
  return { probabilities: labeled.values, state: labeled.state };
}

/**
 * Takes frames of one video, however many, as far as each goes alone: all that need be kept of them where labels wait for
 * the video's end.
 *
 * @param features - float32 `[numFrames, featureSize]`.
 * @param state - State after the frames before, stays the caller's; without it, these are the video's first.
 * @returns float32 `[numFrames, projectionUnits]`, and the state after the last frame, which the caller disposes; its
 *   recurrent part stands still.
 * @throws {ShapeError} If the features are not whole frames.
 */
export async function projectFeatures(
  labeler: TemporalLabeler,
  features: Float32Array,
  state?: LabelerState,
): Promise<{ projected: Float32Array; state: LabelerState }> {
  const width = labeler.config.projectionUnits;
  const projected = await inChunks(labeler, features, state, width, (chunk, current) => {
    const { projected: values, state: next } = labeler.project(chunk, current);
    return { values, state: next };
  });
  return { projected: projected.values, state: projected.state };
}

/**
 * Labels what {@link projectFeatures} gave, in one piece.
 *
 * @param projected - float32 `[numFrames, projectionUnits]`.
 * @param state - With the recurrent part as before the first of these frames. It stays the caller's.
 */
export async function labelProjected(
  labeler: TemporalLabeler,
  projected: Float32Array,
  state: LabelerState,
): Promise<LabeledFeatures> {
  const { projectionUnits } = labeler.config;
  const numFrames = projected.length / projectionUnits;
  if (numFrames === 0) return { probabilities: new Float32Array(0), state: cloneState(state) };
  const labeled = tf.tidy(() => {
    const frames = tf.tensor3d(projected, [1, numFrames, projectionUnits]);
    const { logits, state: next } = labeler.score(frames, state);
    return { probabilities: probabilitiesOf(labeler, logits), state: next };
  });
  const probabilities = await labeled.probabilities.data<'float32'>();
  labeled.probabilities.dispose();
  return { probabilities, state: labeled.state };
}

function probabilitiesOf(labeler: TemporalLabeler, logits: Tensor3D): Tensor3D {
  return tf.softmax(tf.div(logits, labeler.temperature));
}

/**
 * Shows frames to a network chunk by chunk, so that tensors of no more than a chunk are there at once.
 *
 * @param width - Values that `run` gives for each frame.
 * @param run - Gets a chunk, float32 `[1, time, featureSize]`, inside `tf.tidy`.
 */
async function inChunks(
  labeler: TemporalLabeler,
  features: Float32Array,
  before: LabelerState | undefined,
  width: number,
  run: (chunk: Tensor3D, state: LabelerState) => { values: Tensor; state: LabelerState },
): Promise<{ values: Float32Array; state: LabelerState }> {
  const { featureSize } = labeler.config;
  const numFrames = features.length / featureSize;
  if (!Number.isInteger(numFrames)) {
    throw new ShapeError('The features to label', `a multiple of ${featureSize}`, String(features.length));
  }
  const values = new Float32Array(numFrames * width);
  let state = before ? cloneState(before) : labeler.initialState(1);
  try {
    for (let start = 0; start < numFrames; start += CHUNK_FRAMES) {
      const end = Math.min(start + CHUNK_FRAMES, numFrames);
      const next = tf.tidy(() => {
        // A copy, for on the plain JavaScript backend a tensor keeps the array that it is given.
        const frames = features.slice(start * featureSize, end * featureSize);
        return run(tf.tensor3d(frames, [1, end - start, featureSize]), state);
      });
      disposeState(state);
      state = next.state;
      values.set(await next.values.data<'float32'>(), start * width);
      next.values.dispose();
    }
  } catch (cause) {
    disposeState(state);
    throw cause;
  }
  return { values, state };
}
