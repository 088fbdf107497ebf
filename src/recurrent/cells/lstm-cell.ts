import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { activationOf, type Activation, type ActivationName } from './activations.js';
import type { CellOps } from '../kernels/composed-recurrence.js';
import { expectUnits } from '../../tfjs/expect-shape.js';
import type { CellRows } from '../kernels/fused-recurrence.js';
import { constant, glorotUniform, orthogonal, unitForgetBias } from '../initializers.js';
import { lstmBlock } from './lstm-block.js';
import type { RecurrentCell } from '../contract.js';
import type { CellBlock } from '../kernels/tensorflow-recurrence.js';
import type { CellShader } from '../kernels/webgpu-program.js';

/** What an {@link LstmCell} remembers. */
export type LstmState = { hiddenState: Tensor2D; cellState: Tensor2D };

/** How an {@link LstmCell} departs from Keras's defaults. */
export interface LstmCellOptions {
  /** Of the candidate and of the cell state on its way out. Default `tanh`. */
  activation?: ActivationName;
  /** Of the gates. Default `sigmoid`; tf.layers has `hardSigmoid`. */
  recurrentActivation?: ActivationName;
  /** Whether the forget gate's bias starts at one, so that an untrained cell remembers. Default true. */
  unitForgetBias?: boolean;
}

/**
 * Long short-term memory. Kernels and bias hold the gates in the order i, f, g, o (input, forget, candidate, output).
 *
 *   i = σ(x·Wi + h·Ui + bi)      f = σ(x·Wf + h·Uf + bf)
 *   g = tanh(x·Wg + h·Ug + bg)   o = σ(x·Wo + h·Uo + bo)
 *   c' = f∘c + i∘g               h' = o∘tanh(c')
 *
 * @see Hochreiter and Schmidhuber 1997; forget gate by Gers et al. 2000; its bias by Jozefowicz et al. 2015. As Keras.
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
  readonly block: CellBlock | undefined;
  readonly shader: CellShader;
  readonly #unitForgetBias: boolean;

  /**
   * @throws {ShapeError} If `units` is not a whole number of at least one.
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

function lstmRows(units: number, activation: Activation, recurrentActivation: Activation): CellRows {
  const [I, F, G, O] = [0, units, 2 * units, 3 * units];
  // tanh(c'), which one row at a time needs.
  const squashed = new Float32Array(units);
  return {
    forward: [
      ({ projected, product, bias, gates, hidden, auxiliary: cell, previousAuxiliary: previousCell }) => {
        for (let column = 0; column < gates.length; column++) {
          gates[column] = projected[column]! + product[column]! + bias[column]!;
        }
        recurrentActivation.applyTo(gates, I, G);
        activation.applyTo(gates, G, O);
        recurrentActivation.applyTo(gates, O, gates.length);
        for (let unit = 0; unit < units; unit++) {
          cell[unit] = gates[F + unit]! * previousCell[unit]! + gates[I + unit]! * gates[G + unit]!;
          hidden[unit] = cell[unit]!;
        }
        activation.applyTo(hidden, 0, units);
        for (let unit = 0; unit < units; unit++) hidden[unit]! *= gates[O + unit]!;
      },
    ],
    backward: [
      ({
        gates,
        auxiliary: cell,
        previousAuxiliary: previousCell,
        dHidden,
        dAuxiliary: dCell,
        dProjected,
      }) => {
        squashed.set(cell);
        activation.applyTo(squashed, 0, units);
        for (let unit = 0; unit < units; unit++) {
          dProjected[O + unit] = dHidden[unit]! * squashed[unit]!;
          dHidden[unit]! *= gates[O + unit]!;
        }
        activation.scaleGradient(dHidden, squashed, 0, units);
        for (let unit = 0; unit < units; unit++) {
          const dNext = dCell[unit]! + dHidden[unit]!;
          dProjected[I + unit] = dNext * gates[G + unit]!;
          dProjected[F + unit] = dNext * previousCell[unit]!;
          dProjected[G + unit] = dNext * gates[I + unit]!;
          dCell[unit] = dNext * gates[F + unit]!;
          dHidden[unit] = 0;
        }
        recurrentActivation.scaleGradient(dProjected, gates, I, G);
        activation.scaleGradient(dProjected, gates, G, O);
        recurrentActivation.scaleGradient(dProjected, gates, O, gates.length);
      },
    ],
  };
}

function lstmShader(activation: Activation, recurrentActivation: Activation): CellShader {
  return {
    activation: activation.shader,
    gateActivation: recurrentActivation.shader,
    forward: [
      `
        let i = gateActivation(input(0) + product0);
        let f = gateActivation(input(1) + product1);
        let g = activation(input(2) + product2);
        let o = gateActivation(input(3) + product3);
        keep(0, i);
        keep(1, f);
        keep(2, g);
        keep(3, o);
        auxiliary = f * previousAuxiliary + i * g;
        hidden = o * activation(auxiliary);`,
    ],
    backward: [
      `
        let i = gate(0);
        let f = gate(1);
        let g = gate(2);
        let o = gate(3);
        let squashed = activation(auxiliary());
        let dCell = dAuxiliary + dHidden * o * activationSlope(squashed);
        give(0, dCell * g * gateSlope(i));
        give(1, dCell * previousAuxiliary() * gateSlope(f));
        give(2, dCell * i * activationSlope(g));
        give(3, dHidden * squashed * gateSlope(o));
        dAuxiliary = dCell * f;
        dHidden = 0.0;`,
    ],
  };
}

function lstmOps(activation: Activation, recurrentActivation: Activation): CellOps {
  return {
    forward({ projected, bias, previousHidden, previousAuxiliary: previousCell }, multiply) {
      const sums = tf.add<Tensor2D>(tf.add(projected, multiply(previousHidden, 0)), bias);
      const blocks = tf.split<Tensor2D>(sums, 4, 1);
      const [i, f, g, o] = blocks.map((block, gate) =>
        (gate === 2 ? activation : recurrentActivation).apply(block),
      ) as [Tensor2D, Tensor2D, Tensor2D, Tensor2D];
      const cell = tf.add<Tensor2D>(tf.mul(f, previousCell!), tf.mul(i, g));
      const hidden = tf.mul<Tensor2D>(o, activation.apply(cell));
      return { hidden, auxiliary: cell, gates: tf.concat([i, f, g, o], 1) };
    },
    backward(step, multiplyTransposed) {
      const { gates, auxiliary: cell, previousAuxiliary: previousCell, dHidden, dAuxiliary } = step;
      const [i, f, g, o] = tf.split(gates, 4, 1) as [Tensor2D, Tensor2D, Tensor2D, Tensor2D];
      const squashed = activation.apply(cell!);
      const throughOutput = tf.mul(tf.mul(dHidden, o), activation.derivative(squashed));
      const dCell = tf.add<Tensor2D>(dAuxiliary!, throughOutput);
      const dProjected = tf.concat<Tensor2D>(
        [
          tf.mul(tf.mul(dCell, g), recurrentActivation.derivative(i)),
          tf.mul(tf.mul(dCell, previousCell!), recurrentActivation.derivative(f)),
          tf.mul(tf.mul(dCell, i), activation.derivative(g)),
          tf.mul(tf.mul(dHidden, squashed), recurrentActivation.derivative(o)),
        ],
        1,
      );
      return {
        dProjected,
        dRecurrent: dProjected,
        dHidden: multiplyTransposed(dProjected, 0),
        dAuxiliary: tf.mul(dCell, f),
      };
    },
  };
}
