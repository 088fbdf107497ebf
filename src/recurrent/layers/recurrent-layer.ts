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

/** Configuration of a recurrent layer, with Keras's keys and defaults. */
export interface RecurrentLayerArgs extends RecurrentLayerConfig {
  /** Whether to return the outputs of all steps, `[batch, time, units]`, or of the last, `[batch, units]`. Default false. */
  returnSequences?: boolean;
  /** Whether to return the final state after the output. Default false. */
  returnState?: boolean;
  /** Whether time runs backward. Outputs are in the order of computation. Default false. */
  goBackwards?: boolean;
  /** Whether a batch starts from the final state of the previous one, until `resetStates()`. Default false. */
  stateful?: boolean;
  /**
   * Whether, with `returnSequences`, the output of a masked step is zero instead of the output of the step before. Default
   * false.
   */
  zeroOutputForMask?: boolean;
}

/** Arguments that tf.layers passes besides the inputs. */
interface CallOptions {
  mask?: Tensor | Tensor[];
  training?: boolean;
  initialState?: Tensor[];
}

/**
 * A recurrent layer for models of tf.layers. TensorFlow.js's class handles shapes, states and symbolic calls; the weights
 * and all computation are framewise's.
 */
export abstract class RecurrentLayer extends CheckedRNN {
  /** See {@link RecurrentLayerArgs.zeroOutputForMask}. */
  zeroOutputForMask: boolean;
  readonly #args: RecurrentLayerArgs;
  #numCalls = 0;

  /** @throws {UsageError} If a dropout rate is not in [0, 1). */
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

  /**
   * Computes the layer. tf.layers calls this.
   *
   * @param inputs - float32 `[batch, time, features]`.
   */
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
        mask: stepMask ?? undefined,
        recurrentMask:
          training && recurrentDropout > 0
            ? (this.#dropoutMask([batchSize, recurrentCell.units], recurrentDropout) as Tensor2D)
            : undefined,
      });
      const states = recurrentCell.stateNames.map((name) => finalState[name]!);
      if (this.stateful) this.resetStates(states);
      const output = this.returnSequences ? this.#sequenceOf(outputs, stepMask) : tf.clone(states[0]!);
      return this.returnState ? [output, ...states] : output;
    });
  }

  /**
   * Advances the layer by one step, for streams.
   *
   * @param input - float32 `[batch, features]`.
   * @param states - float32 `[batch, units]` each, in the order of `returnState`. Default: zeros.
   * @returns The next states. The first one is the output. The caller disposes them.
   * @throws {ShapeError} If the shapes of input or states do not match the layer or each other.
   * @example
   * const [output, ...others] = layer.step(input, states);
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

  /** Returns the configuration that Keras and tf.layers save, with the options of this layer. */
  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), zeroOutputForMask: this.zeroOutputForMask };
  }

  /** Builds the layer by calling it once, so that names and weights are those of a normal first call. */
  #buildFor(sequence: Tensor3D): void {
    this.apply(sequence);
    if (this.stateful) this.resetStates();
  }

  /** All outputs in the order of computation. */
  #sequenceOf(outputs: Tensor3D, mask: Tensor2D | null | undefined): Tensor3D {
    const kept =
      mask && this.zeroOutputForMask
        ? tf.mul<Tensor3D>(outputs, tf.expandDims(tf.cast(mask, 'float32'), 2))
        : outputs;
    return this.goBackwards ? tf.reverse(kept, 1) : kept;
  }

  /** The states by name. Default: zeros. */
  #stateOf(states: Tensor[] | undefined, batchSize: number): RecurrentState {
    const { recurrentCell } = this.cell;
    if (!states) return recurrentCell.initialState(batchSize);
    this.expectStates(states, batchSize);
    const named = recurrentCell.stateNames.map((name, index) => [name, states[index]]);
    return Object.fromEntries(named) as RecurrentState;
  }

  /** A mask with zeros where values are dropped and 1/(1−rate) elsewhere. */
  #dropoutMask(shape: number[], rate: number): Tensor {
    const { seed } = this.#args;
    // A saved configuration contains null for "no seed".
    const seedOfCall = typeof seed === 'number' ? `${seed}.${this.#numCalls++}` : undefined;
    return tf.dropout(tf.ones(shape), rate, undefined, seedOfCall);
  }
}
