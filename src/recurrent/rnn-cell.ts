import * as tf from '@tensorflow/tfjs-core';
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { product } from './dense-product.js';
import { expectUnits } from './expect-shape.js';
import { constant, glorotUniform, orthogonal } from './initializers.js';
import type { BoundCell, RecurrentCell, RecurrentWeights } from './recurrent-cell.js';

/** What an {@link RnnCell} remembers. */
export type RnnState = { hiddenState: Tensor2D };

/**
 * The plain recurrence.
 *
 *   h' = tanh(x·W + h·U + b)
 *
 * @see Elman 1990, "Finding structure in time". As Keras `SimpleRNN`.
 */
export class RnnCell implements RecurrentCell<RnnState> {
  readonly kind = 'rnn';
  readonly numGates = 1;

  /** @throws {ShapeError} If `units` is not a whole number of at least one. */
  constructor(readonly units: number) {
    expectUnits(units);
  }

  weightSpecs(numFeatures: number) {
    return {
      kernel: { shape: [numFeatures, this.units], initialize: glorotUniform },
      recurrentKernel: { shape: [this.units, this.units], initialize: orthogonal },
      bias: { shape: [this.units], initialize: constant(0) },
    };
  }

  initialState(batchSize: number): RnnState {
    return { hiddenState: tf.zeros([batchSize, this.units]) };
  }

  bind({ recurrentKernel, bias }: RecurrentWeights): BoundCell<RnnState> {
    return {
      inputBias: bias as Tensor1D,
      step: (projected, { hiddenState }) => ({
        hiddenState: tf.tanh(tf.add(projected, product(hiddenState, recurrentKernel))),
      }),
    };
  }
}
