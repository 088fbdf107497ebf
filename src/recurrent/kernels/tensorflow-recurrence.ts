import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor3D } from '@tensorflow/tfjs-core';
import type {
  BackwardInputs,
  ForwardInputs,
  ForwardResults,
  Gradients,
  RecurrenceAttributes,
} from '../contract.js';
import { backwardComposed, forwardComposed, projectInputs } from './composed-recurrence.js';

/**
 * Multiplications per step of a batch up to which a step is faster as one operation, which multiplies its own inputs,
 * than in composed operations after one product of all inputs. Measured on two cores.
 */
const MAX_STEP_MULTIPLICATIONS = 2 ** 22;

/**
 * The forward pass over a sequence with TensorFlow's own kernels. It falls back to composed operations where there are no
 * kernels, for a recurrent mask, which the kernels do not support, and for large masked steps.
 */
export function forwardTensorflow(
  inputs: ForwardInputs<Tensor>,
  attributes: RecurrenceAttributes,
): ForwardResults<Tensor3D> {
  const { block } = attributes.cell;
  if (!block || inputs.recurrentMask) return forwardComposed(projectInputs(inputs), attributes);
  if (inputs.mask || !block.sequence) {
    if (stepMultiplications(inputs) > MAX_STEP_MULTIPLICATIONS) {
      return forwardComposed(projectInputs(inputs), attributes);
    }
    const unprojected = { ...inputs, projected: inputs.inputs };
    return forwardComposed(unprojected, attributes, { forward: block.forwardStep(inputs) });
  }
  const { toTimeMajor, toBatchMajor } = layouts(attributes);
  const { outputs, gates, auxiliary } = block.sequence.forward({
    ...inputs,
    inputs: toTimeMajor(inputs.inputs),
  });
  return {
    outputs: toBatchMajor(outputs),
    gates: toBatchMajor(gates),
    auxiliary: auxiliary && toBatchMajor(auxiliary),
  };
}

/** The backward pass over a sequence with TensorFlow's own kernels, where there are any. */
export function backwardTensorflow(
  inputs: BackwardInputs<Tensor>,
  attributes: RecurrenceAttributes,
): Gradients<Tensor> {
  const { block, units } = attributes.cell;
  if (!block || inputs.recurrentMask) return backwardComposed(inputs, attributes);
  if (inputs.mask || !block.sequence || units > block.sequence.maxGradientUnits) {
    return backwardComposed(inputs, attributes, block.backwardStep(inputs));
  }
  const { toTimeMajor, toBatchMajor } = layouts(attributes);
  const { auxiliary, dAuxiliary } = inputs;
  const { dProjected, ...others } = block.sequence.backward({
    ...inputs,
    outputs: toTimeMajor(inputs.outputs),
    gates: toTimeMajor(inputs.gates),
    dOutputs: toTimeMajor(inputs.dOutputs),
    auxiliary: auxiliary && toTimeMajor(auxiliary),
    dAuxiliary: dAuxiliary && toTimeMajor(dAuxiliary),
  });
  return { dProjected: toBatchMajor(dProjected), ...others };
}

function stepMultiplications({ kernel, hiddenState }: ForwardInputs<Tensor>): number {
  const [numFeatures, width] = kernel.shape as [number, number];
  const [batchSize, units] = hiddenState.shape as [number, number];
  return batchSize * (numFeatures + units) * width;
}

/** Conversions between `[batch, time, …]` and `[time, batch, …]` in the order of the walk. */
function layouts({ isReversed }: RecurrenceAttributes) {
  const swapped = (sequence: Tensor) => tf.transpose(sequence as Tensor3D, [1, 0, 2]);
  return {
    toTimeMajor: (sequence: Tensor) => (isReversed ? tf.reverse(swapped(sequence), 0) : swapped(sequence)),
    toBatchMajor: (sequence: Tensor) => swapped(isReversed ? tf.reverse(sequence, 0) : sequence),
  };
}
