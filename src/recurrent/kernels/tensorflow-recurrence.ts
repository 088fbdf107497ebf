import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor3D } from '@tensorflow/tfjs-core';
import { backwardComposed, forwardComposed, projectInputs, type CellOps } from './composed-recurrence.js';
import type {
  BackwardInputs,
  ForwardInputs,
  ForwardResults,
  Gradients,
  RecurrenceAttributes,
} from './recurrence.js';

/**
 * Up to how many multiplications a step of a batch is faster as one operation, which multiplies its inputs by itself,
 * than in composed operations after a product of all inputs at once. Measured on two cores.
 */
const MAX_STEP_MULTIPLICATIONS = 2 ** 22;

/** A cell by kernels that TensorFlow itself has for it, for the backend `tensorflow`. Called inside `tf.tidy`. */
export interface CellBlock {
  /** A step; it takes the input x for `projected`, and multiplies it. */
  forwardStep(inputs: ForwardInputs<Tensor>): CellOps['forward'];
  backwardStep(inputs: BackwardInputs<Tensor>): CellOps['backward'];
  /** A whole sequence, if one operation does that. Time comes first, `[time, batch, …]`, and runs forwards. */
  sequence?: {
    forward(inputs: ForwardInputs<Tensor>): ForwardResults<Tensor3D>;
    backward(inputs: BackwardInputs<Tensor>): Gradients<Tensor>;
    /** Up to how many units `backward` is faster than steps. */
    maxGradientUnits: number;
  };
}

/** Runs a whole sequence by TensorFlow's kernels, as far as they go: they know no mask of the hidden state. */
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
    const unmultiplied = { ...inputs, projected: inputs.inputs };
    return forwardComposed(unmultiplied, attributes, { forward: block.forwardStep(inputs) });
  }
  const { toTimeMajor, toBatchMajor } = layouts(attributes);
  const { outputs, gates, auxiliary } = block.sequence.forward({
    ...inputs,
    inputs: toTimeMajor(inputs.inputs),
  });
  return {
    outputs: toBatchMajor(outputs),
    gates: toBatchMajor(gates),
    ...(auxiliary && { auxiliary: toBatchMajor(auxiliary) }),
  };
}

/** Goes back through a whole sequence by TensorFlow's kernels, as far as they go. */
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
    ...(auxiliary && { auxiliary: toTimeMajor(auxiliary) }),
    ...(dAuxiliary && { dAuxiliary: toTimeMajor(dAuxiliary) }),
  });
  return { dProjected: toBatchMajor(dProjected), ...others };
}

function stepMultiplications({ kernel, hiddenState }: ForwardInputs<Tensor>): number {
  const [numFeatures, width] = kernel.shape as [number, number];
  const [batchSize, units] = hiddenState.shape as [number, number];
  return batchSize * (numFeatures + units) * width;
}

/** Between `[batch, time, …]` and `[time, batch, …]` in the order of the walk. */
function layouts({ isReversed }: RecurrenceAttributes) {
  const swapped = (sequence: Tensor) => tf.transpose(sequence as Tensor3D, [1, 0, 2]);
  return {
    toTimeMajor: (sequence: Tensor) => (isReversed ? tf.reverse(swapped(sequence), 0) : swapped(sequence)),
    toBatchMajor: (sequence: Tensor) => swapped(isReversed ? tf.reverse(sequence, 0) : sequence),
  };
}
