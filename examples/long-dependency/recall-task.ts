import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import type { Random } from '../../src/training/data/random.js';

/** Number of one-hot symbols: two cues, one of which begins each sequence, and four distractors. */
export const NUM_SYMBOLS = 6;
const NUM_CUES = 2;

/** Sequences whose first symbol is to be remembered. The caller disposes the tensors. */
export interface RecallBatch {
  /** A cue, then distractors: float32 `[batch, time, NUM_SYMBOLS]`. */
  inputs: Tensor3D;
  /** 1 for the first cue, −1 for the second: float32 `[batch, 1]`. */
  cues: Tensor2D;
}

/** Draws sequences. Only the cue, which occurs once, determines the answer. */
export function drawRecallBatch(random: Random, batchSize: number, numSteps: number): RecallBatch {
  const inputs = tf.buffer<tf.Rank.R3>([batchSize, numSteps, NUM_SYMBOLS]);
  const cues = new Float32Array(batchSize);
  for (let sequence = 0; sequence < batchSize; sequence++) {
    const cue = Math.floor(random() * NUM_CUES);
    cues[sequence] = cue === 0 ? 1 : -1;
    inputs.set(1, sequence, 0, cue);
    for (let step = 1; step < numSteps; step++) {
      inputs.set(1, sequence, step, NUM_CUES + Math.floor(random() * (NUM_SYMBOLS - NUM_CUES)));
    }
  }
  return { inputs: inputs.toTensor(), cues: tf.tensor2d(cues, [batchSize, 1]) };
}
