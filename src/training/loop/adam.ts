import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensorMap, Variable } from '@tensorflow/tfjs-core';
import { ShapeError } from '../../errors.js';

/** Options of {@link Adam}. */
export interface AdamOptions {
  /** Decay of the running mean of the gradients, β₁. Default 0.9. */
  beta1?: number;
  /** Decay of the running mean of the squared gradients, β₂. Default 0.999. */
  beta2?: number;
  /** Avoids division by zero, ε. Default 1e-7, as in TensorFlow.js. */
  epsilon?: number;
  /** Weight decay λ: each step subtracts λ times the learning rate times the weight. Default 0, which is plain Adam. */
  weightDecay?: number;
}

/** The state of an optimizer, besides its options. Restoring it continues the training exactly. */
export interface AdamState {
  /** Steps taken. */
  numSteps: number;
  /** Running mean of the gradients: one float32 array per variable. */
  firstMoments: Float32Array[];
  /** Running mean of the squared gradients: one float32 array per variable. */
  secondMoments: Float32Array[];
}

/**
 * The optimizer Adam, or AdamW with a weight decay:
 *
 *   m ← β₁·m + (1−β₁)·g   v ← β₂·v + (1−β₂)·g²   w ← w − η·λ·w − η·m̂ / (√v̂ + ε)   m̂ = m / (1−β₁ᵗ)   v̂ = v / (1−β₂ᵗ)
 *
 * The moments are JavaScript arrays, not tensors. A step is one pass over these arrays, the same on every backend, and the
 * state can be saved exactly, unlike that of `tf.train.adam`.
 *
 * @see Kingma and Ba 2015, "Adam: a method for stochastic optimization", arXiv:1412.6980; Loshchilov and Hutter 2019,
 *   "Decoupled weight decay regularization", arXiv:1711.05101.
 */
export class Adam {
  readonly #variables: readonly Variable[];
  readonly #options: Required<AdamOptions>;
  #state: AdamState;

  /** @param variables - The variables to train. The caller still disposes them. */
  constructor(variables: readonly Variable[], options: AdamOptions = {}) {
    const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7, weightDecay = 0 } = options;
    const zeros = () => variables.map(({ size }) => new Float32Array(size));
    this.#variables = variables;
    this.#options = { beta1, beta2, epsilon, weightDecay };
    this.#state = { numSteps: 0, firstMoments: zeros(), secondMoments: zeros() };
  }

  /**
   * Takes one step.
   *
   * @param gradients - Gradients of all variables, by name. The caller still disposes them.
   */
  async step(gradients: NamedTensorMap, learningRate: number): Promise<void> {
    const { beta1, beta2, epsilon, weightDecay } = this.#options;
    const numSteps = ++this.#state.numSteps;
    const [firstBias, secondBias] = [1 - beta1 ** numSteps, 1 - beta2 ** numSteps];
    for (const [index, variable] of this.#variables.entries()) {
      const first = this.#state.firstMoments[index]!;
      const second = this.#state.secondMoments[index]!;
      const gradient = await gradients[variable.name]!.data<'float32'>();
      // A copy, because the cpu backend returns the variable's own array.
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
   * Restores a copy of a state from {@link exportState}.
   *
   * @throws {ShapeError} If it belongs to other variables. The optimizer is then unchanged.
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
