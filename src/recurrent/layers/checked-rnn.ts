import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { RNN } from '@tensorflow/tfjs-layers';
import { ShapeError, UsageError } from '../../errors.js';
import { expectShape } from '../../tfjs/expect-shape.js';
import type { RecurrentCellLayer } from './recurrent-cell-layer.js';

type Inputs = Parameters<RNN['apply']>[0];
type CallArguments = Parameters<RNN['apply']>[1];

/**
 * Calls a layer so that nothing reaches the next one of its model. TensorFlow.js hands all of them one object, in which
 * recurrent layers leave their initial state, and a masked input its mask.
 */
export function callApart<Outputs>(
  inputs: Inputs,
  callArguments: CallArguments,
  call: (ownArguments: CallArguments) => Outputs,
): Outputs {
  const ownArguments = { ...callArguments };
  // A model calls with lists, and sets the mask anew for each layer whose own input has one.
  if (Array.isArray(inputs)) delete callArguments?.mask;
  const outputs = call(ownArguments);
  // The graph keeps the arguments. It has the states among the inputs; here they could not be saved.
  delete ownArguments.initialState;
  return outputs;
}

/**
 * TensorFlow.js's class for recurrent layers, mended: shapes are checked before anything changes and named when they do
 * not fit, states are replaced and disposed whole, regularisers count, and one layer's call leaves nothing to the next.
 */
export abstract class CheckedRNN extends RNN {
  declare readonly cell: RecurrentCellLayer;

  /**
   * Calls the layer on tensors or symbolic tensors.
   *
   * @param inputs - float32 `[batch, time, features]`; in a list, the initial state may follow, `[batch, units]` each.
   * @throws {ShapeError} If inputs or states do not fit the layer or each other.
   */
  override apply(inputs: Inputs, callArguments?: CallArguments): ReturnType<RNN['apply']> {
    const [sequence, ...states] = [inputs, (callArguments?.initialState ?? []) as Tensor[]].flat();
    this.assertInputCompatibility(sequence as Tensor);
    if (states.length > 0) this.expectStates(states, sequence!.shape[0] ?? 'batch');
    return callApart(inputs, callArguments, (ownArguments) => super.apply(inputs, ownArguments));
  }

  /**
   * Sets the states of a stateful layer, to zero if none are given. Those before are disposed, in training too: whatever
   * a backward pass needs of them, it keeps itself.
   *
   * @param states - float32 `[batch, units]` each, in the order of `returnState`. They stay the caller's.
   * @throws {UsageError} If the layer is not stateful, or does not know its batch size.
   * @throws {ShapeError} If a state does not fit; then the layer keeps those it had.
   */
  override resetStates(states?: Tensor | Tensor[]): void {
    const batchSize = this.inputSpec[0]!.shape?.[0];
    if (!this.stateful)
      throw new UsageError(`The layer ${this.name} is not stateful: it has no state to reset.`);
    if (!batchSize) {
      throw new UsageError(
        `The stateful layer ${this.name} does not know its batch size yet. Give the first layer of the model a ` +
          'batchInputShape, or tf.input a batchShape.',
      );
    }
    const next = tf.tidy(() => {
      const given = states ? [states].flat() : Object.values(this.cell.recurrentCell.initialState(batchSize));
      this.expectStates(given, batchSize);
      return given.map((state) => tf.keep(tf.clone(state)));
    });
    tf.dispose(this.getStates());
    this.setStates(next);
  }

  /** @throws {ShapeError} If the weights are too few, too many, or of other shapes. */
  override setWeights(weights: Tensor[]): void {
    const { weights: variables } = this;
    if (weights.length !== variables.length) {
      const expected = this.built ? `${variables.length} tensors` : 'none before it is built';
      throw new ShapeError(`The weights of the layer ${this.name}`, expected, String(weights.length));
    }
    variables.forEach(({ originalName, shape }, index) => {
      expectShape(`The weight ${originalName}`, weights[index], shape as number[]);
    });
    super.setWeights(weights);
  }

  override get trainable(): boolean {
    return super.trainable;
  }

  /** Whether training changes the weights; TensorFlow.js does not tell those of a recurrent layer. */
  override set trainable(trainable: boolean) {
    super.trainable = trainable;
    this.cell.trainable = trainable;
  }

  /** Losses of the regularisers, which TensorFlow.js forgets in a recurrent layer. */
  override calculateLosses(): tf.Scalar[] {
    return [...super.calculateLosses(), ...this.cell.calculateLosses()];
  }

  /** Disposes the states too, which TensorFlow.js forgets. */
  protected override disposeWeights(): number {
    tf.dispose(this.getStates());
    return super.disposeWeights();
  }

  /** @throws {ShapeError} If inputs do not fit the layer, as far as the sizes of symbolic ones are known. */
  override assertInputCompatibility(inputs: Inputs): void {
    const [batchSize, , numFeatures] = this.inputSpec[0]!.shape ?? [];
    const expected = [batchSize ?? 'batch', 'time', numFeatures ?? 'features'];
    expectShape(`The inputs of the layer ${this.name}`, [inputs].flat()[0], expected);
  }

  /** @throws {ShapeError} If these are too few states or too many, or if one does not fit. */
  protected expectStates(states: readonly { shape: (number | null)[] }[], batchSize: number | string): void {
    const { stateNames, units } = this.cell.recurrentCell;
    stateNames.forEach((stateName, index) => {
      expectShape(`The ${stateName} of the layer ${this.name}`, states[index], [batchSize, units]);
    });
    if (states.length > stateNames.length) {
      throw new ShapeError(
        `The states of the layer ${this.name}`,
        `${stateNames.length} (${stateNames.join(', ')})`,
        String(states.length),
      );
    }
  }
}
