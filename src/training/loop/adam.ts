import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensorMap, Variable } from '@tensorflow/tfjs-core';
import { ShapeError } from '../../errors.js';

/** How steps are taken. */
export interface AdamOptions {
  /** Decay of the running mean of gradients. Default 0.9. */
  beta1?: number;
  /** Decay of the running mean of their squares. Default 0.999. */
  beta2?: number;
  /** Keeps a step finite where gradients were zero so far. Default 1e-7, as in TensorFlow.js. */
  epsilon?: number;
  /** Share of its value, times the learning rate, that a step takes off each weight. Default 0, plain Adam. */
  weightDecay?: number;
}

/** All that an optimizer knows beyond its options: put back, it goes on as if never interrupted. */
export interface AdamState {
  numSteps: number;
  /** Running means of the gradients, float32, one array a variable. */
  firstMoments: Float32Array[];
  /** Running means of their squares, float32, one array a variable. */
  secondMoments: Float32Array[];
}

/**
 * Adam, and with a weight decay AdamW:
 *
 *   m ← β₁·m + (1−β₁)·g   v ← β₂·v + (1−β₂)·g²   w ← w − η·λ·w − η·m̂ / (√v̂ + ε)   m̂ = m / (1−β₁ᵗ)   v̂ = v / (1−β₂ᵗ)
 *
 * Moments live in JavaScript, not on the backend: a step is one pass over plain arrays, the same on every backend, and
 * its state can be saved to the last bit, which that of `tf.train.adam` cannot.
 *
 * @see Kingma and Ba 2015, arXiv:1412.6980; Loshchilov and Hutter 2019, arXiv:1711.05101.
 */
export class Adam {
  readonly #variables: readonly Variable[];
  readonly #options: Required<AdamOptions>;
  #state: AdamState;

  /** @param variables - What it changes. They stay the caller's. */
  constructor(variables: readonly Variable[], options: AdamOptions = {}) {
    const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7, weightDecay = 0 } = options;
    const zeros = () => variables.map(({ size }) => new Float32Array(size));
    this.#variables = variables;
    this.#options = { beta1, beta2, epsilon, weightDecay };
    this.#state = { numSteps: 0, firstMoments: zeros(), secondMoments: zeros() };
  }

  /**
   * Changes the variables against the gradient.
   *
   * @param gradients - Of all variables, by name. They stay the caller's.
   */
  async step(gradients: NamedTensorMap, learningRate: number): Promise<void> {
    const { beta1, beta2, epsilon, weightDecay } = this.#options;
    const numSteps = ++this.#state.numSteps;
    const [firstBias, secondBias] = [1 - beta1 ** numSteps, 1 - beta2 ** numSteps];
    for (const [index, variable] of this.#variables.entries()) {
      const first = this.#state.firstMoments[index]!;
      const second = this.#state.secondMoments[index]!;
      const gradient = await gradients[variable.name]!.data<'float32'>();
      // A copy, since on the plain JavaScript backend this is the variable's own array.
      const values = Float32Array.from(await variable.data<'float32'>());
      for (let i = 0; i < values.length; i++) {
        const g = gradient[i]!;
        const m = (first[i] = beta1 * first[i]! + (1 - beta1) * g);
        const v = (second[i] = beta2 * second[i]! + (1 - beta2) * g * g);
        const direction = m / firstBias / (Math.sqrt(v / secondBias) + epsilon);
        values[i] = values[i]! * (1 - learningRate * weightDecay) - learningRate * direction;
      }
      const changed = tf.tensor(values, variable.shape);
      variable.assign(changed);
      changed.dispose();
    }
  }

  /** @returns A copy of the state. */
  exportState(): AdamState {
    const { numSteps, firstMoments, secondMoments } = this.#state;
    const copy = (moments: Float32Array[]) => moments.map((values) => values.slice());
    return { numSteps, firstMoments: copy(firstMoments), secondMoments: copy(secondMoments) };
  }

  /**
   * Takes over a state that {@link exportState} gave.
   *
   * @throws {ShapeError} If it is that of other variables; nothing has changed then.
   */
  importState({ numSteps, firstMoments, secondMoments }: AdamState): void {
    const expected = this.#variables.map(({ size }) => size).join(', ');
    for (const moments of [firstMoments, secondMoments]) {
      const received = moments.map(({ length }) => length).join(', ');
      if (received !== expected) throw new ShapeError("An optimizer's moments", expected, received);
    }
    const copy = (moments: Float32Array[]) => moments.map((values) => Float32Array.from(values));
    this.#state = { numSteps, firstMoments: copy(firstMoments), secondMoments: copy(secondMoments) };
  }
}
