import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { expectUnits } from '../../tfjs/expect-shape.js';
import type { CellOps, CellRows, CellShader, RecurrentCell } from '../contract.js';
import { constant, glorotUniform, orthogonal } from '../initializers.js';
import { activationOf, type Activation, type ActivationName } from './activations.js';

/** State of an {@link RnnCell}. */
export type RnnState = { hiddenState: Tensor2D };

/** Options of an {@link RnnCell}. The defaults are Keras's. */
export interface RnnCellOptions {
  /** Activation of the hidden state. Default `tanh`. */
  activation?: ActivationName;
}

/**
 * Simple recurrent network (RNN).
 *
 *   h' = tanh(x·W + h·U + b)
 *
 * @see Elman 1990, "Finding structure in time". Same results as Keras's `SimpleRNN`.
 */
export class RnnCell implements RecurrentCell<RnnState> {
  readonly kind = 'rnn';
  readonly numGates = 1;
  readonly stateNames = ['hiddenState'] as const;
  readonly productWidths: readonly number[];
  readonly auxiliary = 'none';
  readonly hasRecurrentGradient = false;
  readonly rows: CellRows;
  readonly ops: CellOps;
  readonly shader: CellShader;

  /**
   * @param units - Width of the hidden state.
   * @throws {ShapeError} If `units` is not a positive integer.
   * @throws {UsageError} If the activation is unknown.
   */
  constructor(
    readonly units: number,
    options: RnnCellOptions = {},
  ) {
    expectUnits(units);
    const activation = activationOf(options.activation ?? 'tanh');
    this.productWidths = [units];
    this.rows = rnnRows(units, activation);
    this.ops = rnnOps(activation);
    this.shader = rnnShader(activation);
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
}

function rnnRows(units: number, activation: Activation): CellRows {
  return {
    forward: [
      ({ projected, product, bias, gates, hidden }) => {
        for (let unit = 0; unit < units; unit++) {
          gates[unit] = projected[unit]! + product[unit]! + bias[unit]!;
        }
        activation.applyTo(gates, 0, units);
        hidden.set(gates);
      },
    ],
    backward: [
      ({ gates, dHidden, dProjected }) => {
        dProjected.set(dHidden);
        activation.scaleGradient(dProjected, gates, 0, units);
        dHidden.fill(0);
      },
    ],
  };
}

function rnnShader(activation: Activation): CellShader {
  return {
    activation: activation.shader,
    gateActivation: activation.shader,
    forward: [
      `
        hidden = activation(input(0) + product0);
        keep(0, hidden);`,
    ],
    backward: [
      `
        give(0, dHidden * activationSlope(gate(0)));
        dHidden = 0.0;`,
    ],
  };
}

function rnnOps(activation: Activation): CellOps {
  return {
    forward({ projected, bias, previousHidden }, multiply) {
      const sums = tf.add<Tensor2D>(tf.add(projected, multiply(previousHidden, 0)), bias);
      const hidden = activation.apply(sums);
      return { hidden, gates: hidden };
    },
    backward({ gates, dHidden }, multiplyTransposed) {
      const dProjected = tf.mul<Tensor2D>(dHidden, activation.derivative(gates));
      return { dProjected, dRecurrent: dProjected, dHidden: multiplyTransposed(dProjected, 0) };
    },
  };
}
