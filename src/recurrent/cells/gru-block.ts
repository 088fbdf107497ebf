import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { runTensorflow } from '../kernels/tensorflow-kernels.js';
import type { CellBlock } from '../kernels/tensorflow-recurrence.js';

/**
 * A GRU whose reset gate acts before the product, by TensorFlow's kernels: a step in one operation. They multiply `[x, h]`
 * by both kernels, one above the other, and have the gates in the order r, z.
 *
 * @see TensorFlow's operations GRUBlockCell and GRUBlockCellGrad.
 */
export const gruBlock: CellBlock = {
  forwardStep({ kernel, recurrentKernel, candidateKernel, bias, hiddenState }) {
    const units = hiddenState.shape[1]!;
    const [gateKernel, candidate] = tf.split(kernel, [2 * units, units], 1) as [Tensor, Tensor];
    const [gateBias, candidateBias] = tf.split(bias, [2 * units, units]) as [Tensor, Tensor];
    const weights = [
      swapGates(tf.concat([gateKernel, recurrentKernel])),
      tf.concat([candidate, candidateKernel!]),
      swapGates(gateBias),
      candidateBias,
    ];
    return ({ projected: input, previousHidden }) => {
      const [r, z, n, hidden] = runTensorflow('GRUBlockCell', [input, previousHidden, ...weights], 4);
      return { hidden: hidden as Tensor2D, gates: tf.concat([z!, r!, n!], 1) as Tensor2D };
    };
  },

  backwardStep({ recurrentKernel: transposedKernel, candidateKernel: transposedCandidate, hiddenState }) {
    const [batchSize, units] = hiddenState.shape as [number, number];
    // The gradients of the gates need no inputs, but the kernel wants at least one number of them.
    const input = tf.zeros([batchSize, 1]);
    const belowInput = (kernel: Tensor) =>
      tf.pad(tf.transpose(kernel) as Tensor2D, [
        [1, 0],
        [0, 0],
      ]);
    const weights = [
      swapGates(belowInput(transposedKernel)),
      belowInput(transposedCandidate!),
      tf.zeros([2 * units]),
      tf.zeros([units]),
    ];
    return ({ gates, previousHidden, dHidden }) => {
      const [z, r, n] = tf.split(gates, 3, 1) as [Tensor, Tensor, Tensor];
      const inputs = [input, previousHidden, ...weights, r, z, n, dHidden];
      const [, dPrevious, dCandidate, dGates] = runTensorflow('GRUBlockCellGrad', inputs, 4) as Tensor2D[];
      const dProjected = tf.concat([swapGates(dGates!), dCandidate!], 1);
      return { dProjected, dRecurrent: dProjected, dHidden: dPrevious! };
    };
  },
};

/** Makes z, r of r, z, and the other way round, along the last axis. */
function swapGates<T extends Tensor>(blocks: T): T {
  const axis = blocks.rank - 1;
  return tf.concat<Tensor>(tf.split<Tensor>(blocks, 2, axis).reverse(), axis) as T;
}
