import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import type { Activation } from './activations.js';
import type { CellOps } from '../kernels/composed-recurrence.js';
import type { CellRows } from '../kernels/fused-recurrence.js';
import type { CellShader } from '../kernels/webgpu-program.js';

/**
 * A GRU's step whose reset gate acts before the recurrent product, so that the candidate's product waits for the gates.
 *
 *   z = σ(x·Wz + h·Uz + bz)   r = σ(x·Wr + h·Ur + br)   n = tanh(x·Wn + (r∘h)·Un + bn)   h' = z∘h + (1−z)∘n
 */
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

/** The same in composed operations. */
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
      const dReset = multiplyTransposed(dn, 1); // of r∘h
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

/** The same for a GPU. */
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
