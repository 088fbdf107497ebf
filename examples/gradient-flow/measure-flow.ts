import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor2D } from '@tensorflow/tfjs-core';
import { clipByGlobalNorm } from '../../src/recurrent/clip-gradients.js';
import { createCell } from '../../src/recurrent/cells/create-cell.js';
import { orthogonal } from '../../src/recurrent/initializers.js';
import type { CellKind, RecurrentCell, RecurrentWeights } from '../../src/recurrent/contract.js';
import { unroll } from '../../src/recurrent/unroll.js';
import { stateDerivatives, type Recurrence } from './jacobians.js';

/** The measured network. It is untrained, and its inputs are noise. */
export interface FlowSettings {
  units: number;
  numFeatures: number;
  /** Number of steps T. */
  numSteps: number;
  /** Standard deviation of the inputs. */
  inputDeviation: number;
  /** Norm to which the gradient of the weights is clipped. */
  maxNorm: number;
  /** Seed of weights and inputs. */
  seed: number;
}

/** Gradient flow through one network. */
export interface Flow {
  kind: CellKind;
  radius: number;
  /** ‖∂h_T/∂h_t‖ for t = 0 … T, spectral norms. */
  hiddenState: number[];
  /** ‖∂h_T/∂c_t‖ for t = 0 … T, if the cell has a cell state. */
  cellState?: number[];
  /** Norm of the gradient of all weights. */
  gradientNorm: number;
  /** Factor of clipping, at most 1. */
  clippingFactor: number;
}

/**
 * Measures an untrained cell whose recurrent kernel has the given spectral radius.
 *
 * The clipped gradient is that of ⟨u, h_T⟩ with respect to the weights, where u is a random vector of length 1. It is a sum over the
 * steps t. Each term is u·∂h_T/∂h_t times the effect of the weights in step t alone.
 */
export async function measureFlow(kind: CellKind, radius: number, settings: FlowSettings): Promise<Flow> {
  const { units, numFeatures, numSteps, inputDeviation, maxNorm, seed } = settings;
  const cell = createCell(kind, units);
  const recurrence: Recurrence = {
    cell,
    weights: createWeights(cell, numFeatures, radius, seed),
    inputs: tf.randomNormal([1, numSteps, numFeatures], 0, inputDeviation, 'float32', seed + 1),
    initialState: cell.initialState(1),
  };
  const norms = stateDerivatives(recurrence).map(({ hiddenState, cellState }) => ({
    hiddenState: hiddenState.norm(),
    cellState: cellState?.norm(),
  }));
  const { gradients, norm } = await clipByGlobalNorm(weightGradients(recurrence, seed + 2), maxNorm);
  tf.dispose([gradients, { ...recurrence.weights }, recurrence.inputs, recurrence.initialState]);
  return {
    kind,
    radius,
    hiddenState: norms.map(({ hiddenState }) => hiddenState),
    cellState: kind === 'lstm' ? norms.map(({ cellState }) => cellState!) : undefined,
    gradientNorm: norm,
    clippingFactor: Math.min(1, maxNorm / norm),
  };
}

/**
 * Initial weights of Keras, except for the recurrent kernel: `radius` times an orthogonal matrix per gate. Every singular value and
 * the absolute value of every eigenvalue is then the radius.
 */
export function createWeights(
  cell: RecurrentCell,
  numFeatures: number,
  radius: number,
  seed: number,
): RecurrentWeights {
  const { units, numGates } = cell;
  const { kernel, bias } = cell.weightSpecs(numFeatures);
  return tf.tidy(() => {
    const gates = Array.from({ length: numGates }, (_, gate) =>
      tf.tensor2d(orthogonal([units, units], 100 * seed + gate), [units, units]),
    );
    return {
      kernel: tf.tensor2d(kernel.initialize(kernel.shape, seed), kernel.shape as [number, number]),
      recurrentKernel: tf.mul<Tensor2D>(tf.concat(gates, 1), radius),
      bias: tf.tensor(bias.initialize(bias.shape, seed), bias.shape),
    };
  });
}

function weightGradients({ cell, weights, inputs, initialState }: Recurrence, seed: number) {
  return tf.tidy(() => {
    const normal = tf.randomNormal([1, cell.units], 0, 1, 'float32', seed);
    const direction = tf.div(normal, tf.norm(normal));
    const loss = (kernel: tf.Tensor, recurrentKernel: tf.Tensor, bias: tf.Tensor) => {
      const varied = { kernel, recurrentKernel, bias } as RecurrentWeights;
      const { hiddenState } = unroll(cell, varied, inputs, initialState).finalState;
      return tf.sum<Scalar>(tf.mul(hiddenState, direction));
    };
    const [kernel, recurrentKernel, bias] = tf.grads(loss)([
      weights.kernel,
      weights.recurrentKernel,
      weights.bias,
    ]);
    return { kernel: kernel!, recurrentKernel: recurrentKernel!, bias: bias! };
  });
}
