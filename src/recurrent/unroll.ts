import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { columnBlocks } from '../tfjs/dense-product.js';
import { expectShape } from '../tfjs/expect-shape.js';
import type { RecurrentCell, RecurrentState, RecurrentWeights } from './contract.js';
import { normalizedRecurrence } from './kernels/composed-recurrence.js';
import { recurrence } from './kernels/recurrence.js';

/** Options of {@link unroll}. */
export interface UnrollOptions {
  /**
   * Bool or float32 `[batch, time]`, false (zero) where a step is padding. Such a step leaves the state unchanged, and its
   * output is that of the step before.
   */
  mask?: Tensor2D;
  /** Whether time runs from the last step to the first. Outputs keep the places of their inputs. Default false. */
  isReversed?: boolean;
  /**
   * Factors of the hidden state in every recurrent product, float32 `[batch, units]`: the mask of recurrent dropout. All
   * steps use the same one.
   *
   * @see Gal and Ghahramani 2016, "A theoretically grounded application of dropout in recurrent neural networks",
   *   arXiv:1512.05287.
   */
  recurrentMask?: Tensor2D;
}

/** Result of {@link unroll}. The caller disposes all tensors. */
export type Unrolled<State extends RecurrentState = RecurrentState> = {
  /** Hidden state after each step, float32 `[batch, time, units]`. */
  outputs: Tensor3D;
  /** State after the last step. Pass it to the next chunk as its initial state: the results are those of one sequence. */
  finalState: State;
};

/**
 * Runs a cell over a sequence. All inputs are multiplied by the kernel in one product, so that each step computes only the
 * recurrent product. The gates are fused if the backend allows it. Differentiable in weights, inputs and initial state, by
 * full backpropagation through all steps of the sequence.
 *
 * @param inputs - float32 `[batch, time, features]`, at least one step.
 * @param initialState - The caller still disposes it.
 * @throws {ShapeError} If the shapes of weights, inputs, state and masks do not match each other or the cell.
 * @example
 * const { outputs, finalState } = unroll(cell, weights, inputs, cell.initialState(batchSize));
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
      candidateKernel,
      mask: mask && tf.cast(mask, 'float32'),
      recurrentMask,
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
 * Advances a cell by one step, for streams. The results are those of {@link unroll}.
 *
 * @param input - float32 `[batch, features]`.
 * @param state - The caller still disposes it.
 * @returns The next state. Its `hiddenState` is the output. The caller disposes it.
 * @throws {ShapeError} If the shapes of weights, input and state do not match each other or the cell.
 * @example
 * const next = step(cell, weights, input, state);
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
