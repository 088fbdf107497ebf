import * as tf from '@tensorflow/tfjs-core';
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { product } from './dense-product.js';
import { expectUnits } from './expect-shape.js';
import { constant, glorotUniform, orthogonal } from './initializers.js';
import type { Initializer } from './initializers.js';
import type { BoundCell, RecurrentCell, RecurrentWeights } from './recurrent-cell.js';

/** What an {@link LstmCell} remembers. */
export type LstmState = { hiddenState: Tensor2D; cellState: Tensor2D };

/**
 * Long short-term memory. Kernels and bias hold the gates in the order i, f, g, o (input, forget, candidate, output).
 *
 *   i = σ(x·Wi + h·Ui + bi)      f = σ(x·Wf + h·Uf + bf)
 *   g = tanh(x·Wg + h·Ug + bg)   o = σ(x·Wo + h·Uo + bo)
 *   c' = f∘c + i∘g               h' = o∘tanh(c')
 *
 * The forget bias starts at one, so that an untrained cell remembers.
 *
 * @see Hochreiter and Schmidhuber 1997; forget gate by Gers et al. 2000; its bias by Jozefowicz et al. 2015. As Keras.
 */
export class LstmCell implements RecurrentCell<LstmState> {
  readonly kind = 'lstm';
  readonly numGates = 4;

  /** @throws {ShapeError} If `units` is not a whole number of at least one. */
  constructor(readonly units: number) {
    expectUnits(units);
  }

  weightSpecs(numFeatures: number) {
    const width = this.numGates * this.units;
    return {
      kernel: { shape: [numFeatures, width], initialize: glorotUniform },
      recurrentKernel: { shape: [this.units, width], initialize: orthogonal },
      bias: { shape: [width], initialize: unitForgetBias },
    };
  }

  initialState(batchSize: number): LstmState {
    const shape: [number, number] = [batchSize, this.units];
    return { hiddenState: tf.zeros(shape), cellState: tf.zeros(shape) };
  }

  bind({ recurrentKernel, bias }: RecurrentWeights): BoundCell<LstmState> {
    return {
      inputBias: bias as Tensor1D,
      step: (projected, { hiddenState, cellState }) => {
        const gates = tf.add<Tensor2D>(projected, product(hiddenState, recurrentKernel));
        const [i, f, g, o] = tf.split(gates, 4, 1) as [Tensor2D, Tensor2D, Tensor2D, Tensor2D];
        const nextCellState = tf.add<Tensor2D>(
          tf.mul(tf.sigmoid(f), cellState),
          tf.mul(tf.sigmoid(i), tf.tanh(g)),
        );
        return {
          hiddenState: tf.mul(tf.sigmoid(o), tf.tanh(nextCellState)),
          cellState: nextCellState,
        };
      },
    };
  }
}

const unitForgetBias: Initializer = ([width = 0]) => {
  const units = width / 4;
  return constant(0)([width], 1).fill(1, units, 2 * units);
};
