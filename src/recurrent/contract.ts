import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import type { CellOps } from './kernels/composed-recurrence.js';
import type { CellRows } from './kernels/fused-recurrence.js';
import type { WeightSpec } from './initializers.js';
import type { CellBlock } from './kernels/tensorflow-recurrence.js';
import type { CellShader } from './kernels/webgpu-program.js';

/** The recurrences that framewise knows. */
export type CellKind = 'rnn' | 'gru' | 'lstm';

/**
 * What a cell remembers from one step to the next: float32 tensors `[batch, units]` by name. `hiddenState` is also the
 * cell's output.
 */
export type RecurrentState = { hiddenState: Tensor2D; cellState?: Tensor2D };

/** A cell's weights, shaped and packed as Keras has them. */
export type RecurrentWeights = {
  /** `[features, gates·units]`, applied to the input. */
  kernel: Tensor2D;
  /** `[units, gates·units]`, applied to the hidden state. */
  recurrentKernel: Tensor2D;
  /** `[gates·units]`, or `[2, gates·units]` where input and hidden state have a bias each. */
  bias: Tensor;
  /**
   * `[2, gates·units]`, where the products are normalized: the scale of what the kernel and of what the recurrent kernel
   * made.
   */
  gain?: Tensor2D;
};

/**
 * A recurrence. It says how one step goes, forwards and backwards, in spellings that agree: over rows of numbers for
 * the backends whose memory is in reach, in composed TensorFlow.js operations for any other, and for those that have better
 * by kernels and programs. Looping over time lives elsewhere and knows no cell by name.
 */
export interface RecurrentCell<State extends RecurrentState = RecurrentState> {
  readonly kind: CellKind;
  /** Width of the hidden state. */
  readonly units: number;
  /** How many blocks of `units` columns the kernels hold side by side. */
  readonly numGates: number;
  /** What the state holds, in Keras's order. */
  readonly stateNames: readonly (keyof RecurrentState)[];
  /**
   * Columns of the recurrent kernel that are multiplied together. More than one entry where a later product needs what
   * the gates of an earlier one made of the hidden state.
   */
  readonly productWidths: readonly number[];
  /**
   * What is kept of each step for the backward pass besides hidden state and gates, `[batch, units]`: nothing, something,
   * or the cell state, which is carried to the next step too.
   */
  readonly auxiliary: 'none' | 'kept' | 'carried';
  /** Whether the gradient of the recurrent product differs from that of the projected input. */
  readonly hasRecurrentGradient: boolean;
  readonly rows: CellRows;
  readonly ops: CellOps;
  /** The cell by kernels of TensorFlow's own, where it has them. */
  readonly block?: CellBlock | undefined;
  /** The cell by a program of a GPU; without one it is composed there. */
  readonly shader?: CellShader | undefined;

  /** Shape and start of each weight, for inputs of `numFeatures`. */
  weightSpecs(numFeatures: number): Record<'kernel' | 'recurrentKernel' | 'bias', WeightSpec>;

  /** A state of zeros. The caller disposes it. */
  initialState(batchSize: number): State;
}
