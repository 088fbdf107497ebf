import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { expectUnits } from '../../tfjs/expect-shape.js';
import type { CellBlock, CellOps, CellRows, CellShader, RecurrentCell } from '../contract.js';
import { constant, glorotUniform, orthogonal, unitForgetBias } from '../initializers.js';
import { activationOf, type ActivationName } from './activations.js';
import { lstmBlock, lstmOps, lstmRows, lstmShader } from './lstm-step.js';

/** State of an {@link LstmCell}. */
export type LstmState = { hiddenState: Tensor2D; cellState: Tensor2D };

/** Options of an {@link LstmCell}. The defaults are Keras's. */
export interface LstmCellOptions {
  /** Activation of the candidate and of the cell state in the output. Default `tanh`. */
  activation?: ActivationName;
  /** Activation of the gates. Default `sigmoid`; tf.layers uses `hardSigmoid`. */
  recurrentActivation?: ActivationName;
  /** Whether the bias of the forget gate starts at one, so that an untrained cell remembers. Default true. */
  unitForgetBias?: boolean;
}

/**
 * Long short-term memory (LSTM). Kernels and bias pack the gates as i, f, g, o: input, forget, candidate, output.
 *
 *   i = σ(x·Wi + h·Ui + bi)      f = σ(x·Wf + h·Uf + bf)
 *   g = tanh(x·Wg + h·Ug + bg)   o = σ(x·Wo + h·Uo + bo)
 *   c' = f∘c + i∘g               h' = o∘tanh(c')
 *
 * @see Hochreiter and Schmidhuber 1997, "Long short-term memory"; Gers et al. 2000 for the forget gate; Jozefowicz et al.
 *   2015 for its bias. Same results as Keras.
 */
export class LstmCell implements RecurrentCell<LstmState> {
  readonly kind = 'lstm';
  readonly numGates = 4;
  readonly stateNames = ['hiddenState', 'cellState'] as const;
  readonly productWidths: readonly number[];
  readonly auxiliary = 'carried';
  readonly hasRecurrentGradient = false;
  readonly rows: CellRows;
  readonly ops: CellOps;
  readonly block?: CellBlock;
  readonly shader: CellShader;
  readonly #unitForgetBias: boolean;

  /**
   * @param units - Width of the hidden state.
   * @throws {ShapeError} If `units` is not a positive integer.
   * @throws {UsageError} If an activation is unknown.
   */
  constructor(
    readonly units: number,
    options: LstmCellOptions = {},
  ) {
    expectUnits(units);
    const { activation: name = 'tanh', recurrentActivation: gateName = 'sigmoid' } = options;
    const [activation, recurrentActivation] = [activationOf(name), activationOf(gateName)];
    this.productWidths = [4 * units];
    this.rows = lstmRows(units, activation, recurrentActivation);
    this.ops = lstmOps(activation, recurrentActivation);
    this.block = name === 'tanh' && gateName === 'sigmoid' ? lstmBlock : undefined;
    this.shader = lstmShader(activation, recurrentActivation);
    this.#unitForgetBias = options.unitForgetBias ?? true;
  }

  weightSpecs(numFeatures: number) {
    const width = this.numGates * this.units;
    return {
      kernel: { shape: [numFeatures, width], initialize: glorotUniform },
      recurrentKernel: { shape: [this.units, width], initialize: orthogonal },
      bias: { shape: [width], initialize: this.#unitForgetBias ? unitForgetBias : constant(0) },
    };
  }

  initialState(batchSize: number): LstmState {
    const shape: [number, number] = [batchSize, this.units];
    return { hiddenState: tf.zeros(shape), cellState: tf.zeros(shape) };
  }
}
