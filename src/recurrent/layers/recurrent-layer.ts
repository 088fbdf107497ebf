import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { UsageError } from '../../errors.js';
import { CheckedRNN } from './checked-rnn.js';
import { expectShape } from '../../tfjs/expect-shape.js';
import {
  RecurrentCellLayer,
  type RecurrentCellOptions,
  type RecurrentLayerConfig,
} from './recurrent-cell-layer.js';
import type { RecurrentCell, RecurrentState } from '../contract.js';
import { unroll } from '../unroll.js';

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
  /**
   * Whether, in a sequence of outputs, that of a step that a mask leaves out is zero, not that of the step before.
   * Default false.
   */
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
export abstract class RecurrentLayer extends CheckedRNN {
  /** Whether, in a sequence of outputs, that of a step that a mask leaves out is zero, not that of the step before. */
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
    this.assertInputCompatibility(inputs);
    return tf.tidy(() => {
      let sequence = tf.cast([inputs].flat()[0] as Tensor3D, 'float32');
      const [batchSize, , numFeatures] = sequence.shape;
      const carried = this.stateful ? this.getStates() : undefined;
      const state = this.#stateOf(initialState ?? carried, batchSize);
      if (training && dropout > 0) {
        sequence = tf.mul(sequence, this.#dropoutMask([batchSize, 1, numFeatures], dropout));
      }
      const stepMask = [mask].flat()[0] as Tensor2D | null | undefined;
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
      const output = this.returnSequences ? this.#sequenceOf(outputs, stepMask) : tf.clone(states[0]!);
      return this.returnState ? [output, ...states] : output;
    });
  }

  /**
   * Advances by one step, as a stream needs it.
   *
   * @param input - float32 `[batch, features]`.
   * @param states - float32 `[batch, units]` each, in the order of `returnState`; zeros if left out.
   * @returns The next states, of which the first is the output. The caller disposes them.
   * @throws {ShapeError} If input or states do not fit the layer or each other.
   */
  step(input: Tensor2D, states?: Tensor[]): Tensor2D[] {
    const { recurrentCell } = this.cell;
    expectShape(`The input of a step of the layer ${this.name}`, input, ['batch', 'features']);
    return tf.tidy(() => {
      const oneStep = tf.expandDims<Tensor3D>(tf.cast(input, 'float32'), 1);
      if (!this.built) this.#buildFor(oneStep);
      this.assertInputCompatibility(oneStep);
      const state = this.#stateOf(states, input.shape[0]);
      const { finalState } = unroll(recurrentCell, this.cell.readWeights(), oneStep, state);
      return recurrentCell.stateNames.map((name) => finalState[name]!);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), zeroOutputForMask: this.zeroOutputForMask };
  }

  /** Builds the layer as its first call does, names and all, and forgets the call. */
  #buildFor(sequence: Tensor3D): void {
    this.apply(sequence);
    if (this.stateful) this.resetStates();
  }

  /** All outputs in the order of the walk. */
  #sequenceOf(outputs: Tensor3D, mask: Tensor2D | null | undefined): Tensor3D {
    const kept =
      mask && this.zeroOutputForMask
        ? tf.mul<Tensor3D>(outputs, tf.expandDims(tf.cast(mask, 'float32'), 2))
        : outputs;
    return this.goBackwards ? tf.reverse(kept, 1) : kept;
  }

  /** States by name; zeros if none are given. */
  #stateOf(states: Tensor[] | undefined, batchSize: number): RecurrentState {
    const { recurrentCell } = this.cell;
    if (!states) return recurrentCell.initialState(batchSize);
    this.expectStates(states, batchSize);
    const named = recurrentCell.stateNames.map((name, index) => [name, states[index]]);
    return Object.fromEntries(named) as RecurrentState;
  }

  /** Zero for what is dropped, 1/(1−rate) for what stays. */
  #dropoutMask(shape: number[], rate: number): Tensor {
    const { seed } = this.#args;
    // A saved configuration says null for "no seed".
    const seedOfCall = typeof seed === 'number' ? `${seed}.${this.#numCalls++}` : undefined;
    return tf.dropout(tf.ones(shape), rate, undefined, seedOfCall);
  }
}
