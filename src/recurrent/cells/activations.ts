import * as tf from '@tensorflow/tfjs-core';
import { UsageError } from '../../errors.js';

/** Activations of gates and candidates, by their names in tf.layers. `hardSigmoid` is clip(0.2·x + 0.5), as there. */
export type ActivationName = 'tanh' | 'sigmoid' | 'hardSigmoid' | 'relu' | 'linear';

/** An activation f in WGSL: expressions of f32. */
export interface ActivationShader {
  /** f(x), of `x`. */
  apply: string;
  /** f'(x), of `y`, which is f(x). */
  slope: string;
}

/**
 * An activation f in three spellings: on rows of numbers, for the backends whose memory is in reach, in composed
 * TensorFlow.js operations, and for programs of a GPU. Each derivative is a function of y = f(x), so the backward pass keeps no x.
 */
export interface Activation {
  /** Replaces each x of `[start, end)` by f(x). */
  applyTo(values: Float32Array, start: number, end: number): void;
  /** Multiplies each gradient of `[start, end)` by f'(x), where `outputs` holds y at the same places. */
  scaleGradient(gradients: Float32Array, outputs: Float32Array, start: number, end: number): void;
  apply<T extends tf.Tensor>(x: T): T;
  /** f'(x) as a tensor like y. */
  derivative<T extends tf.Tensor>(y: T): T;
  shader: ActivationShader;
}

const tanh: Activation = {
  applyTo(values, start, end) {
    for (let index = start; index < end; index++) values[index] = 2 / (1 + exp(-2 * values[index]!)) - 1;
  },
  scaleGradient(gradients, outputs, start, end) {
    for (let index = start; index < end; index++) gradients[index]! *= 1 - outputs[index]! * outputs[index]!;
  },
  apply: (x) => tf.tanh(x),
  derivative: (y) => tf.sub(1, tf.square(y)),
  shader: { apply: '2.0 / (1.0 + exp(-2.0 * x)) - 1.0', slope: '1.0 - y * y' },
};

const sigmoid: Activation = {
  applyTo(values, start, end) {
    for (let index = start; index < end; index++) values[index] = 1 / (1 + exp(-values[index]!));
  },
  scaleGradient(gradients, outputs, start, end) {
    for (let index = start; index < end; index++)
      gradients[index]! *= outputs[index]! * (1 - outputs[index]!);
  },
  apply: (x) => tf.sigmoid(x),
  derivative: (y) => tf.mul(y, tf.sub(1, y)),
  shader: { apply: '1.0 / (1.0 + exp(-x))', slope: 'y * (1.0 - y)' },
};

const hardSigmoid: Activation = {
  applyTo(values, start, end) {
    for (let index = start; index < end; index++) {
      values[index] = Math.min(Math.max(0.2 * values[index]! + 0.5, 0), 1);
    }
  },
  scaleGradient(gradients, outputs, start, end) {
    for (let index = start; index < end; index++) {
      gradients[index]! *= outputs[index]! > 0 && outputs[index]! < 1 ? 0.2 : 0;
    }
  },
  apply: (x) => tf.clipByValue(tf.add(tf.mul(x, 0.2), 0.5), 0, 1),
  derivative: (y) => tf.mul(0.2, tf.cast(tf.logicalAnd(tf.greater(y, 0), tf.less(y, 1)), 'float32')),
  shader: { apply: 'clamp(0.2 * x + 0.5, 0.0, 1.0)', slope: 'select(0.0, 0.2, y > 0.0 && y < 1.0)' },
};

const relu: Activation = {
  applyTo(values, start, end) {
    // Written so that NaN stays NaN.
    for (let index = start; index < end; index++) if (values[index]! < 0) values[index] = 0;
  },
  scaleGradient(gradients, outputs, start, end) {
    for (let index = start; index < end; index++) if (outputs[index] === 0) gradients[index] = 0;
  },
  apply: (x) => tf.relu(x),
  derivative: (y) => tf.step(y),
  shader: { apply: 'select(x, 0.0, x < 0.0)', slope: 'select(0.0, 1.0, y > 0.0)' },
};

const linear: Activation = {
  applyTo() {},
  scaleGradient() {},
  apply: (x) => x,
  derivative: (y) => tf.onesLike(y),
  shader: { apply: 'x', slope: '1.0' },
};

const ACTIVATIONS: Record<ActivationName, Activation> = { tanh, sigmoid, hardSigmoid, relu, linear };

/** @throws {UsageError} If there is no activation of that name. */
export function activationOf(name: ActivationName): Activation {
  const activation = (ACTIVATIONS as Record<string, Activation | undefined>)[name];
  if (!activation) {
    const known = Object.keys(ACTIVATIONS).join(', ');
    throw new UsageError(`There is no recurrent activation "${String(name)}"; use one of ${known}.`);
  }
  return activation;
}

/**
 * eˣ, three times as fast as `Math.exp`: the Taylor polynomial at x/64, squared six times. Beyond ±32 x counts as ±32.
 * The relative error is below 4e-13 for |x| ≤ 4 and 1e-5 at 32; a sigmoid or tanh made of it is within 1e-13 of the exact
 * one everywhere, far below the 6e-8 of float32.
 */
export function exp(x: number): number {
  const t = Math.min(Math.max(x * (1 / 64), -0.5), 0.5);
  const t2 = t * t;
  // Pairs of terms, so that the processor need not wait for one to begin the next.
  let power =
    1 + t + t2 * (1 / 2 + t * (1 / 6) + t2 * (1 / 24 + t * (1 / 120) + t2 * (1 / 720 + t * (1 / 5040))));
  power *= power;
  power *= power;
  power *= power;
  power *= power;
  power *= power;
  return power * power;
}
