import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import '../../src/tfjs/register-gradients.js';
import type { RecurrentCell, RecurrentState, RecurrentWeights } from '../../src/recurrent/contract.js';
import { step } from '../../src/recurrent/unroll.js';
import { Matrix } from './matrix.js';

/** A cell with its weights, and one sequence. */
export interface Recurrence {
  cell: RecurrentCell;
  weights: RecurrentWeights;
  /** float32 `[1, time, features]`. */
  inputs: Tensor3D;
  /** float32 `[1, units]` each. */
  initialState: RecurrentState;
}

/** The derivatives of the last hidden state by an earlier state, `[units, units]`. */
export interface StateDerivatives {
  /** ∂h_T/∂h_t. */
  hiddenState: Matrix;
  /** ∂h_T/∂c_t, if the cell has a cell state. */
  cellState?: Matrix;
}

/**
 * Computes how a change of the state after step t changes h_T, for t = 0 (the initial state) … T. Hidden and cell state are separate
 * variables: a change of one leaves the other unchanged, and its effect is followed through both.
 */
export function stateDerivatives(recurrence: Recurrence): StateDerivatives[] {
  const { stateNames, units } = recurrence.cell;
  // ∂h_T/∂(h_t, c_t), computed from the end as in backpropagation.
  let derivative = Matrix.identity(units, stateNames.length * units);
  const derivatives = [derivative];
  for (const jacobian of stepJacobians(recurrence).reverse()) {
    derivative = derivative.times(jacobian);
    derivatives.unshift(derivative);
  }
  return derivatives.map((matrix) => ({
    hiddenState: matrix.columns(0, units),
    cellState: stateNames.length > 1 ? matrix.columns(units, 2 * units) : undefined,
  }));
}

/** The derivative of the state after each step with respect to the state before it. All parts of the state are concatenated. */
function stepJacobians({ cell, weights, inputs, initialState }: Recurrence): Matrix[] {
  const { stateNames, units } = cell;
  const size = stateNames.length * units;
  const jacobians: Matrix[] = [];
  tf.tidy(() => {
    let state = initialState;
    for (const slice of tf.split(inputs, inputs.shape[1], 1)) {
      const input = tf.reshape<tf.Rank.R2>(slice, [1, inputs.shape[2]]);
      // One row of the batch per number of the new state. All rows take the same step, and each gives one derivative.
      const repeat = (tensor: Tensor2D) => tf.tile(tensor, [size, 1]);
      const repeatedInput = repeat(input);
      const advance = (...parts: tf.Tensor[]) => {
        const entries = stateNames.map((name, index) => [name, parts[index]]);
        const next = step(cell, weights, repeatedInput, Object.fromEntries(entries) as RecurrentState);
        return tf.concat(
          stateNames.map((name) => next[name]!),
          1,
        );
      };
      const before = stateNames.map((name) => repeat(state[name]!));
      const gradients = tf.grads(advance)(before, tf.eye(size));
      jacobians.push(new Matrix(size, size, Float64Array.from(tf.concat(gradients, 1).dataSync())));
      state = step(cell, weights, input, state);
    }
  });
  return jacobians;
}
