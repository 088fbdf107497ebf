/**
 * One step of an LSTM, forward and backward, in four equivalent implementations. The auxiliary is the cell state c.
 *
 *   i = σ(x·Wi + h·Ui + bi)      f = σ(x·Wf + h·Uf + bf)
 *   g = tanh(x·Wg + h·Ug + bg)   o = σ(x·Wo + h·Uo + bo)
 *   c' = f∘c + i∘g               h' = o∘tanh(c')
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { runTensorflow, withInt64 } from '../../tfjs/tensorflow-operations.js';
import type { CellBlock, CellOps, CellRows, CellShader } from '../contract.js';
import type { Activation } from './activations.js';

type Gates<T> = [T, T, T, T];

/** The step over rows of numbers. */
export function lstmRows(units: number, activation: Activation, recurrentActivation: Activation): CellRows {
  const [I, F, G, O] = [0, units, 2 * units, 3 * units];
  // tanh(c') of the current row.
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

/** The step in composed operations. */
export function lstmOps(activation: Activation, recurrentActivation: Activation): CellOps {
  return {
    forward({ projected, bias, previousHidden, previousAuxiliary: previousCell }, multiply) {
      const sums = tf.add<Tensor2D>(tf.add(projected, multiply(previousHidden, 0)), bias);
      const blocks = tf.split<Tensor2D>(sums, 4, 1);
      const [i, f, g, o] = blocks.map((block, gate) =>
        (gate === 2 ? activation : recurrentActivation).apply(block),
      ) as Gates<Tensor2D>;
      const cell = tf.add<Tensor2D>(tf.mul(f, previousCell!), tf.mul(i, g));
      const hidden = tf.mul<Tensor2D>(o, activation.apply(cell));
      return { hidden, auxiliary: cell, gates: tf.concat([i, f, g, o], 1) };
    },
    backward(step, multiplyTransposed) {
      const { gates, auxiliary: cell, previousAuxiliary: previousCell, dHidden, dAuxiliary } = step;
      const [i, f, g, o] = tf.split(gates, 4, 1) as Gates<Tensor2D>;
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

/** The step in WGSL. */
export function lstmShader(activation: Activation, recurrentActivation: Activation): CellShader {
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

const NO_PEEPHOLES = { use_peephole: false };
/** Without clipping of the cell state and without an extra forget bias. */
const PLAIN_SEQUENCE = { ...NO_PEEPHOLES, cell_clip: 0 };
const PLAIN_STEP = { ...PLAIN_SEQUENCE, forget_bias: 0 };

/**
 * The step, or a whole sequence, as one TensorFlow operation, for tanh and sigmoid. The operations multiply `[x, h]` by
 * both kernels stacked vertically. Sequence operations pack the gates as i, f, g, o; step operations as i, g, f, o.
 *
 * @see TensorFlow's operations LSTMBlockCell, LSTMBlockCellGrad, BlockLSTMV2 and BlockLSTMGradV2.
 */
export const lstmBlock: CellBlock = {
  forwardStep({ kernel, recurrentKernel, bias, hiddenState }) {
    const weights = swapMiddleGates(tf.concat([kernel, recurrentKernel]));
    const swappedBias = swapMiddleGates(bias);
    const peepholes = noPeepholes(hiddenState);
    return ({ projected: input, previousHidden, previousAuxiliary: previousCell }) => {
      const inputs = [input, previousCell!, previousHidden, weights, ...peepholes, swappedBias];
      const [i, cell, f, o, g, , hidden] = runTensorflow(
        'LSTMBlockCell',
        inputs,
        7,
        PLAIN_STEP,
      ) as Tensor2D[];
      return { hidden: hidden!, auxiliary: cell!, gates: tf.concat([i!, f!, g!, o!], 1) };
    };
  },

  backwardStep({ recurrentKernel: transposedKernel, hiddenState }) {
    const [width, units] = transposedKernel.shape as [number, number];
    // The operation reads only the shapes of inputs and weights, which need at least one row.
    const input = tf.zeros([hiddenState.shape[0], 1]);
    const weights = [tf.zeros([1 + units, width]), ...noPeepholes(hiddenState), tf.zeros([width])];
    return (step, multiplyTransposed) => {
      const {
        gates,
        auxiliary: cell,
        previousHidden,
        previousAuxiliary: previousCell,
        dHidden,
        dAuxiliary,
      } = step;
      const [i, f, g, o] = tf.split<Tensor2D>(gates, 4, 1) as Gates<Tensor2D>;
      const forward = [i, cell!, f, o, g, tf.tanh(cell!)];
      const [dPreviousCell, dGates] = runTensorflow(
        'LSTMBlockCellGrad',
        [input, previousCell!, previousHidden, ...weights, ...forward, dAuxiliary!, dHidden],
        5,
        NO_PEEPHOLES,
      ) as Tensor2D[];
      const dProjected = swapMiddleGates(dGates!);
      const dPrevious = multiplyTransposed(dProjected, 0);
      return { dProjected, dRecurrent: dProjected, dHidden: dPrevious, dAuxiliary: dPreviousCell! };
    };
  },

  sequence: {
    forward({ inputs, kernel, recurrentKernel, bias, hiddenState, cellState }) {
      const weights = [tf.concat([kernel, recurrentKernel]), ...noPeepholes(hiddenState), bias];
      const [i, cell, f, o, g, , hidden] = withInt64(inputs.shape[0], (numSteps) =>
        runTensorflow(
          'BlockLSTMV2',
          [numSteps, inputs, cellState!, hiddenState, ...weights],
          7,
          PLAIN_SEQUENCE,
        ),
      ) as Tensor3D[];
      return { outputs: hidden!, auxiliary: cell!, gates: tf.concat([i!, f!, g!, o!], 2) };
    },

    maxGradientUnits: 80,

    backward({ outputs, gates, auxiliary: cell, hiddenState, cellState, recurrentKernel, ...gradients }) {
      const [numSteps, batchSize, width] = gates.shape as [number, number, number];
      // With the identity as kernel, the gradient of the inputs is the gradient of the gates before activation.
      const identity = tf.oneHot(tf.range(0, width, 1, 'int32'), width, 1, 0, 'float32');
      const weights = tf.concat([identity, tf.transpose(recurrentKernel)]);
      const [i, f, g, o] = tf.split<Tensor3D>(gates, 4, 2) as Gates<Tensor3D>;
      const [dProjected, dCellState, dHiddenState, , , , , dBias] = withInt64(numSteps, (length) =>
        runTensorflow(
          'BlockLSTMGradV2',
          [
            ...[length, tf.zeros([numSteps, batchSize, width]), cellState!, hiddenState],
            ...[weights, ...noPeepholes(hiddenState), tf.zeros([width])],
            ...[i, cell!, f, o, g, tf.tanh(cell!), outputs],
            ...[gradients.dAuxiliary!, gradients.dOutputs],
          ],
          8,
          NO_PEEPHOLES,
        ),
      );
      return { dProjected: dProjected!, dBias: dBias!, dHiddenState: dHiddenState!, dCellState: dCellState! };
    },
  },
};

/** Swaps the two middle gates along the last axis: i, f, g, o to i, g, f, o and back. */
function swapMiddleGates<T extends Tensor>(blocks: T): T {
  const axis = blocks.rank - 1;
  const [i, second, third, o] = tf.split<Tensor>(blocks, 4, axis) as Gates<Tensor>;
  return tf.concat<Tensor>([i, third, second, o], axis) as T;
}

/** Weights from the cell state to three of the gates. The operations require them even if unused. */
function noPeepholes(hiddenState: Tensor): Tensor[] {
  const weights = tf.zeros([hiddenState.shape[1]!]);
  return [weights, weights, weights];
}
