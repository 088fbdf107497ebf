import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { RNN } from '@tensorflow/tfjs-layers';
import { ShapeError, UsageError } from '../../errors.js';
import { expectShape } from '../../tfjs/expect-shape.js';
import type { RecurrentCellLayer } from './recurrent-cell-layer.js';

type Inputs = Parameters<RNN['apply']>[0];
type CallArguments = Parameters<RNN['apply']>[1];

/**
 * Calls a layer with its own copy of the call arguments. TensorFlow.js passes one object to all layers of a model, and a
 * recurrent layer's initial state or mask in it would reach the next layer.
 */
export function callApart<Outputs>(
  inputs: Inputs,
  callArguments: CallArguments,
  call: (ownArguments: CallArguments) => Outputs,
): Outputs {
  const ownArguments = { ...callArguments };
  // A model passes lists, and sets the mask again for each layer whose input has one.
  if (Array.isArray(inputs)) delete callArguments?.mask;
  const outputs = call(ownArguments);
  // The graph stores the arguments. States are already among its inputs, and could not be saved as arguments.
  delete ownArguments.initialState;
  return outputs;
}

/**
 * TensorFlow.js's class for recurrent layers, with corrections: shapes are checked before anything changes, states are
 * disposed when they are replaced, regularizers count, and a call does not affect the next layer.
 */
export abstract class CheckedRNN extends RNN {
  declare readonly cell: RecurrentCellLayer;

  /**
   * Calls the layer on tensors or symbolic tensors.
   *
   * @param inputs - float32 `[batch, time, features]`. In a list, initial states `[batch, units]` may follow.
   * @throws {ShapeError} If the shapes of inputs or states do not match the layer or each other.
   */
  override apply(inputs: Inputs, callArguments?: CallArguments): ReturnType<RNN['apply']> {
    const [sequence, ...states] = [inputs, (callArguments?.initialState ?? []) as Tensor[]].flat();
    this.assertInputCompatibility(sequence as Tensor);
    if (states.length > 0) this.expectStates(states, sequence!.shape[0] ?? 'batch');
    return callApart(inputs, callArguments, (ownArguments) => super.apply(inputs, ownArguments));
  }

  /**
   * Sets the states of a stateful layer, by default to zero. The previous states are disposed, also during training: a
   * backward pass keeps what it needs of them.
   *
   * @param states - float32 `[batch, units]` each, in the order of `returnState`. The caller still disposes them.
   * @throws {UsageError} If the layer is not stateful or its batch size is unknown.
   * @throws {ShapeError} If the shape of a state does not match. The layer then keeps its states.
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

  /**
   * Sets the weights. The caller still disposes the given tensors.
   *
   * @throws {ShapeError} If their number or a shape does not match.
   */
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

  /** Whether training changes the weights. */
  override get trainable(): boolean {
    return super.trainable;
  }

  /** Whether training changes the weights. TensorFlow.js does not pass this to the cell of a recurrent layer. */
  override set trainable(trainable: boolean) {
    super.trainable = trainable;
    this.cell.trainable = trainable;
  }

  /** Losses of the regularizers. TensorFlow.js omits those of a recurrent layer's cell. */
  override calculateLosses(): tf.Scalar[] {
    return [...super.calculateLosses(), ...this.cell.calculateLosses()];
  }

  /** Also disposes the states, which TensorFlow.js does not. */
  protected override disposeWeights(): number {
    tf.dispose(this.getStates());
    return super.disposeWeights();
  }

  /** @throws {ShapeError} If the known sizes of the inputs do not match the layer. */
  override assertInputCompatibility(inputs: Inputs): void {
    const [batchSize, , numFeatures] = this.inputSpec[0]!.shape ?? [];
    const expected = [batchSize ?? 'batch', 'time', numFeatures ?? 'features'];
    expectShape(`The inputs of the layer ${this.name}`, [inputs].flat()[0], expected);
  }

  /** @throws {ShapeError} If the number of states or the shape of one does not match. */
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
