import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { runTensorflow, withInt64 } from '../kernels/tensorflow-kernels.js';
import type { CellBlock } from '../kernels/tensorflow-recurrence.js';

const NO_PEEPHOLES = { use_peephole: false };
/** The cell state is not clipped, and nothing is added to the forget gate's bias. */
const PLAIN_SEQUENCE = { ...NO_PEEPHOLES, cell_clip: 0 };
const PLAIN_STEP = { ...PLAIN_SEQUENCE, forget_bias: 0 };

/**
 * An LSTM by TensorFlow's kernels: a step, or a whole sequence, in one operation. They multiply `[x, h]` by both kernels,
 * one above the other. Those of the sequence have the gates in our order i, f, g, o; those of the step as i, g, f, o.
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
    // The kernel looks at the shapes of inputs and weights, at least one row each, and at nothing else of them.
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
      // Inputs that the identity multiplies have the gradient that we want: the gates' before activation.
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

type Gates<T> = [T, T, T, T];

/** Makes i, f, g, o of i, g, f, o, and the other way round, along the last axis. */
function swapMiddleGates<T extends Tensor>(blocks: T): T {
  const axis = blocks.rank - 1;
  const [i, second, third, o] = tf.split<Tensor>(blocks, 4, axis) as Gates<Tensor>;
  return tf.concat<Tensor>([i, third, second, o], axis) as T;
}

/** Weights from the cell state to three of the gates, which kernels ask for even where they are not used. */
function noPeepholes(hiddenState: Tensor): Tensor[] {
  const weights = tf.zeros([hiddenState.shape[1]!]);
  return [weights, weights, weights];
}
