import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { WeightSpec } from './initializers.js';

/** The recurrences that framewise knows. */
export type CellKind = 'rnn' | 'gru' | 'lstm';

/**
 * What a cell remembers from one step to the next: float32 tensors `[batch, units]` by name. `hiddenState` is also the
 * cell's output.
 */
export type RecurrentState = { hiddenState: Tensor2D; [name: string]: Tensor2D };

/** A cell's weights, shaped and packed as Keras has them. */
export type RecurrentWeights = {
  /** `[features, gates·units]`, applied to the input. */
  kernel: Tensor2D;
  /** `[units, gates·units]`, applied to the hidden state. */
  recurrentKernel: Tensor2D;
  /** `[gates·units]`, or `[2, gates·units]` where input and hidden state have a bias each. */
  bias: Tensor;
};

/**
 * A recurrence. It says how one step goes; looping over time lives in `unroll`, which knows no cell by name.
 */
export interface RecurrentCell<State extends RecurrentState = RecurrentState> {
  readonly kind: CellKind;
  /** Width of the hidden state. */
  readonly units: number;
  /** How many blocks of `units` columns the kernels hold side by side. */
  readonly numGates: number;

  /** Shape and start of each weight, for inputs of `numFeatures`. */
  weightSpecs(numFeatures: number): Record<keyof RecurrentWeights, WeightSpec>;

  /** A state of zeros. The caller disposes it. */
  initialState(batchSize: number): State;

  /** Prepares, once a sequence, what all its steps share. Call inside `tf.tidy`. */
  bind(weights: RecurrentWeights): BoundCell<State>;
}

/** A cell with its weights, ready to step through one sequence. */
export interface BoundCell<State extends RecurrentState = RecurrentState> {
  /** Added to the projected inputs of all steps at once, float32 `[gates·units]`. */
  readonly inputBias: Tensor1D;

  /**
   * Advances by one step. Makes temporary tensors: call inside `tf.tidy`.
   *
   * @param projected - Input already multiplied by the kernel, input bias added, float32 `[batch, gates·units]`.
   * @returns The next state. The caller disposes it.
   */
  step(projected: Tensor2D, state: State): State;
}
