import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { expectUnits } from '../../tfjs/expect-shape.js';
import type { CellBlock, CellOps, CellRows, CellShader, RecurrentCell } from '../contract.js';
import { constant, glorotUniform, orthogonal } from '../initializers.js';
import { activationOf, type ActivationName } from './activations.js';
import { resetAfterOps, resetAfterRows, resetAfterShader } from './gru-reset-after.js';
import { resetBeforeBlock, resetBeforeOps, resetBeforeRows, resetBeforeShader } from './gru-reset-before.js';

/** State of a {@link GruCell}. */
export type GruState = { hiddenState: Tensor2D };

/** Options of a {@link GruCell}. The defaults are Keras's. */
export interface GruCellOptions {
  /** Whether the reset gate is applied after the recurrent product. Default true; tf.layers uses false. */
  resetAfter?: boolean;
  /** Activation of the candidate. Default `tanh`. */
  activation?: ActivationName;
  /** Activation of the gates. Default `sigmoid`; tf.layers uses `hardSigmoid`. */
  recurrentActivation?: ActivationName;
}

/**
 * Gated recurrent unit (GRU). Kernels and biases pack the gates as z, r, n: update, reset, candidate.
 *
 *   z = σ(x·Wz + h·Uz + bz + cz)   r = σ(x·Wr + h·Ur + br + cr)   h' = z∘h + (1−z)∘n
 *
 * The reset gate is applied to the candidate in one of two ways:
 *
 *   n = tanh(x·Wn + bn + r∘(h·Un + cn))   after the product, the default of cuDNN, PyTorch and Keras; bias `[2, 3·units]`
 *   n = tanh(x·Wn + bn + (r∘h)·Un)        before the product, as in the paper; bias `[3·units]`, c = 0
 *
 * @see Cho et al. 2014, "Learning phrase representations using RNN encoder-decoder", arXiv:1406.1078.
 */
export class GruCell implements RecurrentCell<GruState> {
  readonly kind = 'gru';
  readonly numGates = 3;
  readonly stateNames = ['hiddenState'] as const;
  readonly productWidths: readonly number[];
  readonly auxiliary: 'none' | 'kept';
  readonly hasRecurrentGradient: boolean;
  readonly rows: CellRows;
  readonly ops: CellOps;
  readonly block?: CellBlock;
  readonly shader: CellShader;
  /** Whether the reset gate is applied after the recurrent product. */
  readonly resetAfter: boolean;

  /**
   * @param units - Width of the hidden state.
   * @throws {ShapeError} If `units` is not a positive integer.
   * @throws {UsageError} If an activation is unknown.
   */
  constructor(
    readonly units: number,
    options: GruCellOptions = {},
  ) {
    expectUnits(units);
    const { activation: name = 'tanh', recurrentActivation: gateName = 'sigmoid' } = options;
    const [activation, recurrentActivation] = [activationOf(name), activationOf(gateName)];
    this.resetAfter = options.resetAfter ?? true;
    this.productWidths = this.resetAfter ? [3 * units] : [2 * units, units];
    this.auxiliary = this.resetAfter ? 'kept' : 'none';
    this.hasRecurrentGradient = this.resetAfter;
    const [rows, ops, shader] = this.resetAfter
      ? [resetAfterRows, resetAfterOps, resetAfterShader]
      : [resetBeforeRows, resetBeforeOps, resetBeforeShader];
    this.rows = rows(units, activation, recurrentActivation);
    this.ops = ops(units, activation, recurrentActivation);
    this.shader = shader(activation, recurrentActivation);
    const hasBlock = !this.resetAfter && name === 'tanh' && gateName === 'sigmoid';
    this.block = hasBlock ? resetBeforeBlock : undefined;
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
}
