import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { RNN } from '@tensorflow/tfjs-layers';
import { UsageError } from '../errors.js';
import { expectShape } from './expect-shape.js';
import {
  RecurrentCellLayer,
  type RecurrentCellOptions,
  type RecurrentLayerConfig,
} from './recurrent-cell-layer.js';
import type { RecurrentCell, RecurrentState } from './recurrent-cell.js';
import { step, unroll } from './unroll.js';

/** How a recurrent layer walks its sequences; keys and defaults of Keras. */
export interface RecurrentLayerArgs extends RecurrentLayerConfig {
  /** Whether the output is that of every step, `[batch, time, units]`, or of the last, `[batch, units]`. Default false. */
  returnSequences?: boolean;
  /** Whether the final state follows the output. Default false. */
  returnState?: boolean;
  /** Whether time runs backwards. The outputs come in the order in which they were made. Default false. */
  goBackwards?: boolean;
  /** Whether a batch starts from where the last one ended, until `resetStates()`. Default false. */
  stateful?: boolean;
  /** Whether the output of a step that a mask leaves out is zero, not that of the step before. Default false. */
  zeroOutputForMask?: boolean;
}

/** What tf.layers tells a layer beside its inputs. */
interface CallOptions {
  mask?: Tensor | Tensor[];
  training?: boolean;
  initialState?: Tensor[];
}

/**
 * A recurrent layer for models of tf.layers. TensorFlow.js's own class keeps shapes, states and symbolic calls; weights
 * and all arithmetic are ours.
 */
export abstract class RecurrentLayer extends RNN {
  declare readonly cell: RecurrentCellLayer;
  /** Whether the output of a step that a mask leaves out is zero, not that of the step before. */
  zeroOutputForMask: boolean;
  readonly #args: RecurrentLayerArgs;
  #numCalls = 0;

  /** @throws {UsageError | ShapeError} If the configuration is impossible. */
  constructor(recurrentCell: RecurrentCell, args: RecurrentLayerArgs, options: RecurrentCellOptions) {
    for (const name of ['dropout', 'recurrentDropout'] as const) {
      const rate = args[name] ?? 0;
      if (!(rate >= 0 && rate < 1))
        throw new UsageError(`The ${name} of a layer must be in [0, 1), not ${rate}.`);
    }
    super({ ...args, cell: new RecurrentCellLayer(recurrentCell, args, options) });
    this.#args = args;
    this.zeroOutputForMask = args.zeroOutputForMask ?? false;
  }

  /** @param inputs - float32 `[batch, time, features]`. */
  override call(inputs: Tensor | Tensor[], { mask, training, initialState }: CallOptions): Tensor | Tensor[] {
    const { recurrentCell } = this.cell;
    const { dropout = 0, recurrentDropout = 0 } = this.#args;
    return tf.tidy(() => {
      let sequence = firstOf(inputs) as Tensor3D;
      expectShape(`The inputs of the layer ${this.name}`, sequence, ['batch', 'time', 'features']);
      const [batchSize, , numFeatures] = sequence.shape;
      const initial = initialState ?? (this.stateful ? this.getStates() : undefined);
      const state = initial ? this.#namedState(initial) : recurrentCell.initialState(batchSize);
      if (training && dropout > 0) {
        sequence = tf.mul(sequence, this.#dropoutMask([batchSize, 1, numFeatures], dropout));
      }
      const stepMask = mask && (firstOf(mask) as Tensor2D);
      const { outputs, finalState } = unroll(recurrentCell, this.cell.readWeights(), sequence, state, {
        isReversed: this.goBackwards,
        ...(stepMask && { mask: stepMask }),
        ...(training &&
          recurrentDropout > 0 && {
            recurrentMask: this.#dropoutMask([batchSize, recurrentCell.units], recurrentDropout) as Tensor2D,
          }),
      });
      const states = recurrentCell.stateNames.map((name) => finalState[name]!);
      if (this.stateful) this.resetStates(states);
      const made =
        stepMask && this.zeroOutputForMask
          ? tf.mul<Tensor3D>(outputs, tf.expandDims(tf.cast(stepMask, 'float32'), 2))
          : outputs;
      const output = this.returnSequences ? this.#inOrderOfWalk(made) : this.#lastOf(made);
      return this.returnState ? [output, ...states] : output;
    });
  }

  /**
   * Advances by one step, as a stream needs it.
   *
   * @param input - float32 `[batch, features]`.
   * @param states - float32 `[batch, units]` each, in the order of `returnState`; zeros if left out.
   * @returns The next states, of which the first is the output. The caller disposes them.
   */
  step(input: Tensor2D, states?: Tensor[]): Tensor2D[] {
    const { recurrentCell } = this.cell;
    return tf.tidy(() => {
      if (!this.built) this.build([null, null, input.shape[1]]);
      const state = states ? this.#namedState(states) : recurrentCell.initialState(input.shape[0]);
      const next = step(recurrentCell, this.cell.readWeights(), input, state);
      return recurrentCell.stateNames.map((name) => next[name]!);
    });
  }

  /**
   * Sets the states of a stateful layer, to zero if none are given. Those before are disposed, in training too: whatever
   * a backward pass needs of them, it keeps itself.
   */
  override resetStates(states?: Tensor | Tensor[]): void {
    super.resetStates(states, false);
  }

  /** Losses of the regularisers, which tf.layers forgets in a recurrent layer. */
  override calculateLosses(): tf.Scalar[] {
    return [...super.calculateLosses(), ...this.cell.calculateLosses()];
  }

  override getInitialState(inputs: Tensor): Tensor[] {
    const state = this.cell.recurrentCell.initialState(inputs.shape[0]);
    return Object.values(state);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), zeroOutputForMask: this.zeroOutputForMask };
  }

  #inOrderOfWalk(outputs: Tensor3D): Tensor3D {
    return this.goBackwards ? tf.reverse(outputs, 1) : outputs;
  }

  #lastOf(outputs: Tensor3D): Tensor2D {
    const time = this.goBackwards ? 0 : outputs.shape[1] - 1;
    return tf.squeeze(tf.slice(outputs, [0, time, 0], [-1, 1, -1]), [1]);
  }

  #namedState(states: Tensor[]): RecurrentState {
    const { stateNames } = this.cell.recurrentCell;
    return Object.fromEntries(stateNames.map((name, index) => [name, states[index]])) as RecurrentState;
  }

  /** Zero for what is dropped, 1/(1−rate) for what stays. */
  #dropoutMask(shape: number[], rate: number): Tensor {
    const { seed } = this.#args;
    const seedOfCall = seed === undefined ? undefined : `${seed}.${this.#numCalls++}`;
    return tf.dropout(tf.ones(shape), rate, undefined, seedOfCall);
  }
}

/** tf.layers hands over one tensor or a list of one. */
function firstOf(tensors: Tensor | Tensor[]): Tensor {
  return Array.isArray(tensors) ? tensors[0]! : tensors;
}
