/**
 * One step of a GRU whose reset gate is applied after the recurrent product, forward and backward, in three equivalent
 * implementations. The auxiliary keeps h·Un + cn.
 *
 *   z = σ(x·Wz + h·Uz + bz + cz)   r = σ(x·Wr + h·Ur + br + cr)   n = tanh(x·Wn + bn + r∘(h·Un + cn))
 *   h' = z∘h + (1−z)∘n
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import type { CellOps, CellRows, CellShader } from '../contract.js';
import type { Activation } from './activations.js';

/** The step over rows of numbers. */
export function resetAfterRows(units: number, activation: Activation, gateActivation: Activation): CellRows {
  const [Z, R, N, END] = [0, units, 2 * units, 3 * units];
  return {
    forward: [
      ({ projected, product, bias, gates, hidden, previousHidden, auxiliary }) => {
        for (let column = 0; column < N; column++) {
          gates[column] = projected[column]! + product[column]! + bias[column]! + bias[END + column]!;
        }
        gateActivation.applyTo(gates, Z, N);
        for (let unit = 0; unit < units; unit++) {
          auxiliary[unit] = product[N + unit]! + bias[END + N + unit]!;
          gates[N + unit] = projected[N + unit]! + bias[N + unit]! + gates[R + unit]! * auxiliary[unit]!;
        }
        activation.applyTo(gates, N, END);
        for (let unit = 0; unit < units; unit++) {
          const n = gates[N + unit]!;
          hidden[unit] = n + gates[Z + unit]! * (previousHidden[unit]! - n);
        }
      },
    ],
    backward: [
      ({ gates, auxiliary, previousHidden, dHidden, dProjected, dRecurrent }) => {
        for (let unit = 0; unit < units; unit++) {
          const z = gates[Z + unit]!;
          dProjected[Z + unit] = dHidden[unit]! * (previousHidden[unit]! - gates[N + unit]!);
          dProjected[N + unit] = dHidden[unit]! * (1 - z);
          dHidden[unit]! *= z;
        }
        activation.scaleGradient(dProjected, gates, N, END);
        for (let unit = 0; unit < units; unit++) {
          dProjected[R + unit] = dProjected[N + unit]! * auxiliary[unit]!;
        }
        gateActivation.scaleGradient(dProjected, gates, Z, N);
        dRecurrent.set(dProjected);
        for (let unit = 0; unit < units; unit++) dRecurrent[N + unit]! *= gates[R + unit]!;
      },
    ],
  };
}

/** The step in composed operations. */
export function resetAfterOps(units: number, activation: Activation, gateActivation: Activation): CellOps {
  const gatesAndCandidate = (x: Tensor2D) => tf.split(x, [2 * units, units], 1) as [Tensor2D, Tensor2D];
  return {
    forward({ projected, bias, previousHidden }, multiply) {
      const [inputBias, recurrentBias] = tf.split(bias, 2, 0) as [Tensor2D, Tensor2D];
      const [zrInput, nInput] = gatesAndCandidate(tf.add(projected, inputBias));
      const [zrHidden, nHidden] = gatesAndCandidate(tf.add(multiply(previousHidden, 0), recurrentBias));
      const zr = gateActivation.apply(tf.add<Tensor2D>(zrInput, zrHidden));
      const [z, r] = tf.split(zr, 2, 1) as [Tensor2D, Tensor2D];
      const n = activation.apply(tf.add<Tensor2D>(nInput, tf.mul(r, nHidden)));
      const hidden = tf.add<Tensor2D>(n, tf.mul(z, tf.sub(previousHidden, n)));
      return { hidden, auxiliary: nHidden, gates: tf.concat([zr, n], 1) };
    },
    backward({ gates, auxiliary, previousHidden, dHidden }, multiplyTransposed) {
      const [z, r, n] = tf.split(gates, 3, 1) as [Tensor2D, Tensor2D, Tensor2D];
      const dn = tf.mul(tf.mul(dHidden, tf.sub(1, z)), activation.derivative(n));
      const dz = tf.mul(tf.mul(dHidden, tf.sub(previousHidden, n)), gateActivation.derivative(z));
      const dr = tf.mul(tf.mul(dn, auxiliary!), gateActivation.derivative(r));
      const dRecurrent = tf.concat([dz, dr, tf.mul(dn, r)], 1) as Tensor2D;
      return {
        dProjected: tf.concat([dz, dr, dn], 1) as Tensor2D,
        dRecurrent,
        dHidden: tf.add(tf.mul(dHidden, z), multiplyTransposed(dRecurrent, 0)),
      };
    },
  };
}

/** The step in WGSL. */
export function resetAfterShader(activation: Activation, gateActivation: Activation): CellShader {
  return {
    activation: activation.shader,
    gateActivation: gateActivation.shader,
    forward: [
      `
        let z = gateActivation(input(0) + product0 + recurrentBias(0));
        let r = gateActivation(input(1) + product1 + recurrentBias(1));
        auxiliary = product2 + recurrentBias(2);
        let n = activation(input(2) + r * auxiliary);
        keep(0, z);
        keep(1, r);
        keep(2, n);
        hidden = n + z * (previousHidden - n);`,
    ],
    backward: [
      `
        let z = gate(0);
        let r = gate(1);
        let n = gate(2);
        let dn = dHidden * (1.0 - z) * activationSlope(n);
        give(0, dHidden * (previousHidden() - n) * gateSlope(z));
        give(1, dn * auxiliary() * gateSlope(r));
        giveApart(2, dn, dn * r);
        dHidden *= z;`,
    ],
  };
}
