/**
 * One step of a GRU whose reset gate is applied before the recurrent product, forward and backward, in four equivalent
 * implementations. The candidate's product needs the gates, so that the step has two stages.
 *
 *   z = σ(x·Wz + h·Uz + bz)   r = σ(x·Wr + h·Ur + br)   n = tanh(x·Wn + (r∘h)·Un + bn)   h' = z∘h + (1−z)∘n
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { runTensorflow } from '../../tfjs/tensorflow-operations.js';
import type { CellBlock, CellOps, CellRows, CellShader } from '../contract.js';
import type { Activation } from './activations.js';

/** The step over rows of numbers. */
export function resetBeforeRows(units: number, activation: Activation, gateActivation: Activation): CellRows {
  const [Z, R, N, END] = [0, units, 2 * units, 3 * units];
  return {
    forward: [
      ({ projected, product, bias, gates, previousHidden, nextOperand }) => {
        for (let column = 0; column < N; column++) {
          gates[column] = projected[column]! + product[column]! + bias[column]!;
        }
        gateActivation.applyTo(gates, Z, N);
        for (let unit = 0; unit < units; unit++) {
          nextOperand[unit] = gates[R + unit]! * previousHidden[unit]!;
        }
      },
      ({ projected, product, bias, gates, hidden, previousHidden }) => {
        for (let unit = 0; unit < units; unit++) {
          gates[N + unit] = projected[N + unit]! + product[unit]! + bias[N + unit]!;
        }
        activation.applyTo(gates, N, END);
        for (let unit = 0; unit < units; unit++) {
          const n = gates[N + unit]!;
          hidden[unit] = n + gates[Z + unit]! * (previousHidden[unit]! - n);
        }
      },
    ],
    backward: [
      ({ gates, previousHidden, dHidden, dNextOperand, dProjected }) => {
        for (let unit = 0; unit < units; unit++) {
          dProjected[R + unit] = dNextOperand[unit]! * previousHidden[unit]!;
          dHidden[unit]! += dNextOperand[unit]! * gates[R + unit]!;
        }
        gateActivation.scaleGradient(dProjected, gates, R, N);
      },
      ({ gates, previousHidden, dHidden, dProjected }) => {
        for (let unit = 0; unit < units; unit++) {
          const z = gates[Z + unit]!;
          dProjected[Z + unit] = dHidden[unit]! * (previousHidden[unit]! - gates[N + unit]!);
          dProjected[N + unit] = dHidden[unit]! * (1 - z);
          dHidden[unit]! *= z;
        }
        gateActivation.scaleGradient(dProjected, gates, Z, R);
        activation.scaleGradient(dProjected, gates, N, END);
      },
    ],
  };
}

/** The step in composed operations. */
export function resetBeforeOps(units: number, activation: Activation, gateActivation: Activation): CellOps {
  const gatesAndCandidate = (x: Tensor2D) => tf.split(x, [2 * units, units], 1) as [Tensor2D, Tensor2D];
  return {
    forward({ projected, bias, previousHidden }, multiply) {
      const [zrInput, nInput] = gatesAndCandidate(tf.add(projected, bias));
      const zr = gateActivation.apply(tf.add<Tensor2D>(zrInput, multiply(previousHidden, 0)));
      const [z, r] = tf.split(zr, 2, 1) as [Tensor2D, Tensor2D];
      const n = activation.apply(tf.add<Tensor2D>(nInput, multiply(tf.mul(r, previousHidden), 1)));
      const hidden = tf.add<Tensor2D>(n, tf.mul(z, tf.sub(previousHidden, n)));
      return { hidden, gates: tf.concat([zr, n], 1) };
    },
    backward({ gates, previousHidden, dHidden }, multiplyTransposed) {
      const [z, r, n] = tf.split(gates, 3, 1) as [Tensor2D, Tensor2D, Tensor2D];
      const dz = tf.mul(tf.mul(dHidden, tf.sub(previousHidden, n)), gateActivation.derivative(z));
      const dn = tf.mul<Tensor2D>(tf.mul(dHidden, tf.sub(1, z)), activation.derivative(n));
      const dReset = multiplyTransposed(dn, 1); // gradient of r∘h
      const dr = tf.mul(tf.mul(dReset, previousHidden), gateActivation.derivative(r));
      const throughGates = multiplyTransposed(tf.concat([dz, dr], 1) as Tensor2D, 0);
      const dProjected = tf.concat([dz, dr, dn], 1) as Tensor2D;
      return {
        dProjected,
        dRecurrent: dProjected,
        dHidden: tf.addN<Tensor2D>([tf.mul(dHidden, z), tf.mul(dReset, r), throughGates]),
      };
    },
  };
}

/** The step in WGSL. */
export function resetBeforeShader(activation: Activation, gateActivation: Activation): CellShader {
  return {
    activation: activation.shader,
    gateActivation: gateActivation.shader,
    forward: [
      `
        let r = gateActivation(input(1) + product1);
        keep(0, gateActivation(input(0) + product0));
        keep(1, r);
        operand = r * previousHidden;`,
      `
        let n = activation(input(2) + product0);
        keep(2, n);
        hidden = n + kept(0) * (previousHidden - n);`,
    ],
    backward: [
      `
        give(1, dOperand * previousHidden() * gateSlope(gate(1)));
        dHidden += dOperand * gate(1);`,
      `
        let z = gate(0);
        let n = gate(2);
        give(0, dHidden * (previousHidden() - n) * gateSlope(z));
        give(2, dHidden * (1.0 - z) * activationSlope(n));
        dHidden *= z;`,
    ],
  };
}

/**
 * The step as one TensorFlow operation, for tanh and sigmoid. The operations multiply `[x, h]` by both kernels stacked
 * vertically, and pack the gates as r, z.
 *
 * @see TensorFlow's operations GRUBlockCell and GRUBlockCellGrad.
 */
export const resetBeforeBlock: CellBlock = {
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
    // The gradients of the gates do not depend on the inputs, but the operation requires at least one feature.
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

/** Swaps two gates along the last axis: z, r to r, z and back. */
function swapGates<T extends Tensor>(blocks: T): T {
  const axis = blocks.rank - 1;
  return tf.concat<Tensor>(tf.split<Tensor>(blocks, 2, axis).reverse(), axis) as T;
}
