import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import '../../src/tfjs/register-gradients.js';
import type { RecurrentCell, RecurrentState, RecurrentWeights } from '../../src/recurrent/contract.js';
import { step } from '../../src/recurrent/unroll.js';
import { Matrix } from './matrix.js';

/** A cell with its weights, about to read one sequence. */
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
  /** ∂h_T/∂c_t, where the cell has a cell state. */
  cellState?: Matrix;
}

/**
 * How a change of the state after step t arrives in h_T, for t = 0 (the initial state) … T. Hidden and cell state are
 * separate variables: where one is changed, the other is not, and what comes of it is followed through both.
 */
export function stateDerivatives(recurrence: Recurrence): StateDerivatives[] {
  const { stateNames, units } = recurrence.cell;
  // ∂h_T/∂(h_t, c_t); from the end, as back-propagation goes.
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

/** The derivative of the state after each step by the state before it: square, all parts of the state in a row. */
function stepJacobians({ cell, weights, inputs, initialState }: Recurrence): Matrix[] {
  const { stateNames, units } = cell;
  const size = stateNames.length * units;
  const jacobians: Matrix[] = [];
  tf.tidy(() => {
    let state = initialState;
    for (const slice of tf.split(inputs, inputs.shape[1], 1)) {
      const input = tf.reshape<tf.Rank.R2>(slice, [1, inputs.shape[2]]);
      // A row of the batch for each number of the new state: all rows take the same step, each is asked for one number.
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
