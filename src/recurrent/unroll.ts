import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { columnBlocks } from '../tfjs/dense-product.js';
import { expectShape } from '../tfjs/expect-shape.js';
import { normalizedRecurrence } from './kernels/layer-normalization.js';
import { recurrence } from './kernels/recurrence.js';
import type { RecurrentCell, RecurrentState, RecurrentWeights } from './contract.js';

/** How a sequence is walked. */
export interface UnrollOptions {
  /**
   * Bool or float32 `[batch, time]`. Where it is false (zero) the step is left out: the state stays, and is the output.
   */
  mask?: Tensor2D;
  /** Whether time runs from the last step to the first; outputs keep the places of their inputs. Default false. */
  isReversed?: boolean;
  /**
   * Factors of the hidden state in every recurrent product, float32 `[batch, units]`: the mask of recurrent dropout, the
   * same for all steps.
   *
   * @see Gal and Ghahramani 2016, arXiv:1512.05287.
   */
  recurrentMask?: Tensor2D;
}

/** A sequence after its recurrence. The caller disposes all tensors. */
export type Unrolled<State extends RecurrentState = RecurrentState> = {
  /** The hidden state after every step, float32 `[batch, time, units]`. */
  outputs: Tensor3D;
  /** The state after the last step that was walked: hand it to the next chunk and the cut leaves no trace. */
  finalState: State;
};

/**
 * Runs a cell over a sequence. The inputs of all steps are multiplied by the kernel in one product, which leaves only
 * the recurrent product to each step; the gates are fused where the backend allows it. Differentiable in the weights,
 * the inputs and the initial state, by full backpropagation through these steps; gradients stop where the state was made.
 *
 * @param inputs - float32 `[batch, time, features]`, at least one step.
 * @param initialState - Stays the caller's.
 * @throws {ShapeError} If weights, inputs, state and masks do not fit each other or the cell.
 */
export function unroll<State extends RecurrentState>(
  cell: RecurrentCell<State>,
  weights: RecurrentWeights,
  inputs: Tensor3D,
  initialState: State,
  options: UnrollOptions = {},
): Unrolled<State> {
  expectFit(cell, weights, inputs, initialState, options);
  const { mask, isReversed = false, recurrentMask } = options;
  return tf.tidy(() => {
    const [recurrentKernel, candidateKernel] = columnBlocks(weights.recurrentKernel, cell.productWidths);
    const sequence = {
      inputs,
      kernel: weights.kernel,
      bias: weights.bias,
      ...initialState,
      recurrentKernel: recurrentKernel!,
      ...(candidateKernel && { candidateKernel }),
      ...(mask && { mask: tf.cast(mask, 'float32') }),
      ...(recurrentMask && { recurrentMask }),
    };
    const { outputs, auxiliary } = weights.gain
      ? normalizedRecurrence(sequence, weights.gain, { cell, isReversed })
      : recurrence(sequence, { cell, isReversed });
    const last = isReversed ? 0 : inputs.shape[1] - 1;
    const finalState: RecurrentState = { hiddenState: stepAt(outputs, last) };
    if (cell.auxiliary === 'carried') finalState.cellState = stepAt(auxiliary!, last);
    return { outputs, finalState: finalState as State };
  });
}

/**
 * Advances a cell by one step, as a stream needs it: the same numbers as {@link unroll}, one at a time.
 *
 * @param input - float32 `[batch, features]`.
 * @param state - Stays the caller's.
 * @returns The next state; its `hiddenState` is the output. The caller disposes it.
 * @throws {ShapeError} If weights, input and state do not fit each other or the cell.
 */
export function step<State extends RecurrentState>(
  cell: RecurrentCell<State>,
  weights: RecurrentWeights,
  input: Tensor2D,
  state: State,
): State {
  expectShape('The input of a recurrent step', input, ['batch', 'features']);
  return tf.tidy(() => unroll(cell, weights, tf.expandDims<Tensor3D>(input, 1), state).finalState);
}

function expectFit(
  cell: RecurrentCell,
  weights: RecurrentWeights,
  inputs: Tensor3D,
  initialState: RecurrentState,
  { mask, recurrentMask }: UnrollOptions,
): void {
  expectShape('The inputs of a recurrence', inputs, ['batch', 'time', 'features']);
  const [batchSize, numSteps, numFeatures] = inputs.shape;
  const specs = cell.weightSpecs(numFeatures);
  for (const name of ['kernel', 'recurrentKernel', 'bias'] as const) {
    expectShape(`The ${name} of ${cell.units} ${cell.kind} units`, weights[name], specs[name].shape);
  }
  if (weights.gain) {
    expectShape(`The gain of ${cell.units} ${cell.kind} units`, weights.gain, [
      2,
      cell.numGates * cell.units,
    ]);
  }
  for (const name of cell.stateNames) {
    expectShape(`The initial ${name}`, initialState[name], [batchSize, cell.units]);
  }
  if (mask) expectShape('The mask of a recurrence', mask, [batchSize, numSteps]);
  if (recurrentMask) expectShape('The recurrent mask', recurrentMask, [batchSize, cell.units]);
}

/** One step of `[batch, time, units]`, as `[batch, units]`. */
function stepAt(sequence: Tensor3D, time: number): Tensor2D {
  const [batchSize, numSteps, units] = sequence.shape;
  if (numSteps === 1) return tf.reshape(sequence, [batchSize, units]);
  return tf.reshape(tf.slice(sequence, [0, time, 0], [batchSize, 1, units]), [batchSize, units]);
}
