import * as tf from '@tensorflow/tfjs-core';
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { product } from './dense-product.js';
import { expectUnits } from './expect-shape.js';
import { constant, glorotUniform, orthogonal } from './initializers.js';
import type { BoundCell, RecurrentCell, RecurrentWeights } from './recurrent-cell.js';

/** What a {@link GruCell} remembers. */
export type GruState = { hiddenState: Tensor2D };

/**
 * Gated recurrent unit. Kernels and biases hold the gates in the order z, r, n (update, reset, candidate).
 *
 *   z = σ(x·Wz + h·Uz + bz + cz)   r = σ(x·Wr + h·Ur + br + cr)   h' = z∘h + (1−z)∘n
 *
 * The reset gate acts on the candidate in one of two ways:
 *
 *   n = tanh(x·Wn + bn + r∘(h·Un + cn))   after the product, as in cuDNN, PyTorch and Keras by default; bias `[2, 3·units]`
 *   n = tanh(x·Wn + bn + (r∘h)·Un)        before it, as in the paper; bias `[3·units]`, c = 0
 *
 * @see Cho et al. 2014, arXiv:1406.1078.
 */
export class GruCell implements RecurrentCell<GruState> {
  readonly kind = 'gru';
  readonly numGates = 3;
  /** Whether the reset gate acts after the product with the recurrent kernel. */
  readonly resetAfter: boolean;

  /** @throws {ShapeError} If `units` is not a whole number of at least one. */
  constructor(
    readonly units: number,
    { resetAfter = true }: { resetAfter?: boolean } = {},
  ) {
    expectUnits(units);
    this.resetAfter = resetAfter;
  }

  weightSpecs(numFeatures: number) {
    const width = this.numGates * this.units;
    return {
      kernel: { shape: [numFeatures, width], initialize: glorotUniform },
      recurrentKernel: { shape: [this.units, width], initialize: orthogonal },
      bias: { shape: this.resetAfter ? [2, width] : [width], initialize: constant(0) },
    };
  }

  initialState(batchSize: number): GruState {
    return { hiddenState: tf.zeros([batchSize, this.units]) };
  }

  bind(weights: RecurrentWeights): BoundCell<GruState> {
    return this.resetAfter ? this.#bindResetAfter(weights) : this.#bindResetBefore(weights);
  }

  #bindResetAfter({ recurrentKernel, bias }: RecurrentWeights): BoundCell<GruState> {
    const [inputBias, recurrentBias] = tf.unstack(bias) as [Tensor1D, Tensor1D];
    return {
      inputBias,
      step: (projected, { hiddenState }) => {
        const recurrent = tf.add<Tensor2D>(product(hiddenState, recurrentKernel), recurrentBias);
        const [zx, rx, nx] = tf.split(projected, 3, 1) as [Tensor2D, Tensor2D, Tensor2D];
        const [zh, rh, nh] = tf.split(recurrent, 3, 1) as [Tensor2D, Tensor2D, Tensor2D];
        const z = tf.sigmoid(tf.add<Tensor2D>(zx, zh));
        const r = tf.sigmoid(tf.add<Tensor2D>(rx, rh));
        const n = tf.tanh(tf.add<Tensor2D>(nx, tf.mul(r, nh)));
        return { hiddenState: blend(z, hiddenState, n) };
      },
    };
  }

  #bindResetBefore({ recurrentKernel, bias }: RecurrentWeights): BoundCell<GruState> {
    const { units } = this;
    const [gateKernel, candidateKernel] = tf.split(recurrentKernel, [2 * units, units], 1) as [
      Tensor2D,
      Tensor2D,
    ];
    return {
      inputBias: bias as Tensor1D,
      step: (projected, { hiddenState }) => {
        const [gates, nx] = tf.split(projected, [2 * units, units], 1) as [Tensor2D, Tensor2D];
        const zr = tf.sigmoid(tf.add<Tensor2D>(gates, product(hiddenState, gateKernel)));
        const [z, r] = tf.split(zr, 2, 1) as [Tensor2D, Tensor2D];
        const n = tf.tanh(tf.add<Tensor2D>(nx, product(tf.mul(r, hiddenState), candidateKernel)));
        return { hiddenState: blend(z, hiddenState, n) };
      },
    };
  }
}

/** `z∘h + (1−z)∘n`, one operation shorter. */
function blend(z: Tensor2D, hiddenState: Tensor2D, n: Tensor2D): Tensor2D {
  return tf.add(n, tf.mul(z, tf.sub(hiddenState, n)));
}
