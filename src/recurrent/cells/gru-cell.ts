import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { activationOf, type ActivationName } from './activations.js';
import type { CellOps } from '../kernels/composed-recurrence.js';
import { expectUnits } from '../../tfjs/expect-shape.js';
import type { CellRows } from '../kernels/fused-recurrence.js';
import { gruBlock } from './gru-block.js';
import { resetAfterOps, resetAfterRows, resetAfterShader } from './gru-reset-after.js';
import { resetBeforeOps, resetBeforeRows, resetBeforeShader } from './gru-reset-before.js';
import { constant, glorotUniform, orthogonal } from '../initializers.js';
import type { RecurrentCell } from '../contract.js';
import type { CellBlock } from '../kernels/tensorflow-recurrence.js';
import type { CellShader } from '../kernels/webgpu-program.js';

/** What a {@link GruCell} remembers. */
export type GruState = { hiddenState: Tensor2D };

/** How a {@link GruCell} departs from Keras's defaults. */
export interface GruCellOptions {
  /** Whether the reset gate acts after the product with the recurrent kernel. Default true; tf.layers has false. */
  resetAfter?: boolean;
  /** Of the candidate. Default `tanh`. */
  activation?: ActivationName;
  /** Of the gates. Default `sigmoid`; tf.layers has `hardSigmoid`. */
  recurrentActivation?: ActivationName;
}

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
  readonly stateNames = ['hiddenState'] as const;
  readonly productWidths: readonly number[];
  readonly auxiliary: 'none' | 'kept';
  readonly hasRecurrentGradient: boolean;
  readonly rows: CellRows;
  readonly ops: CellOps;
  readonly block: CellBlock | undefined;
  readonly shader: CellShader;
  /** Whether the reset gate acts after the product with the recurrent kernel. */
  readonly resetAfter: boolean;

  /**
   * @throws {ShapeError} If `units` is not a whole number of at least one.
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
    this.block = hasBlock ? gruBlock : undefined;
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
