import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { product } from './dense-product.js';
import { expectShape } from './expect-shape.js';
import './register-gradients.js';
import type { RecurrentCell, RecurrentState, RecurrentWeights } from './recurrent-cell.js';

/** A sequence after its recurrence. The caller disposes all tensors. */
export type Unrolled<State extends RecurrentState = RecurrentState> = {
  /** The hidden state after every step, float32 `[batch, time, units]`. */
  outputs: Tensor3D;
  /** The state after the last step: hand it to the next chunk and the cut leaves no trace. */
  finalState: State;
};

/**
 * Runs a cell over a sequence. The inputs of all steps are multiplied by the kernel in one product, which leaves only
 * the recurrent product to each step. Differentiable in the weights, the inputs and the initial state; gradients stop
 * where the state was made.
 *
 * @param inputs - float32 `[batch, time, features]`, at least one step.
 * @param initialState - Stays the caller's.
 * @throws {ShapeError} If weights, inputs and state do not fit each other or the cell.
 */
export function unroll<State extends RecurrentState>(
  cell: RecurrentCell<State>,
  weights: RecurrentWeights,
  inputs: Tensor3D,
  initialState: State,
): Unrolled<State> {
  expectShape('The inputs of a recurrence', inputs, ['batch', 'time', 'features']);
  const [batchSize, numSteps, numFeatures] = inputs.shape;
  const specs = cell.weightSpecs(numFeatures);
  for (const name of ['kernel', 'recurrentKernel', 'bias'] as const) {
    expectShape(`The ${name} of ${cell.units} ${cell.kind} units`, weights[name], specs[name].shape);
  }
  for (const [name, tensor] of Object.entries(initialState)) {
    expectShape(`The initial ${name}`, tensor, [batchSize, cell.units]);
  }

  return tf.tidy(() => {
    const bound = cell.bind(weights);
    const flat = tf.reshape<tf.Rank.R2>(inputs, [batchSize * numSteps, numFeatures]);
    const projected = tf.add(product(flat, weights.kernel), bound.inputBias);
    let state = initialState;
    const hiddenStates = stepsOf(tf.reshape(projected, [batchSize, numSteps, -1])).map((step) => {
      state = tf.tidy(() => bound.step(step, state));
      return state.hiddenState;
    });
    return { outputs: tf.stack(hiddenStates, 1) as Tensor3D, finalState: state };
  });
}

/** Cuts `[batch, time, width]` into `[batch, width]`, a tensor a step. */
function stepsOf(sequence: Tensor3D): Tensor2D[] {
  const [batchSize, numSteps, width] = sequence.shape;
  // The gradient of unstack fails on a single piece (TensorFlow.js 4.22).
  if (numSteps === 1) return [tf.reshape(sequence, [batchSize, width])];
  return tf.unstack(sequence, 1) as Tensor2D[];
}
