import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { columnBlocks, product, sequenceProduct } from '../../tfjs/dense-product.js';
import type {
  BackwardInputs,
  CellOps,
  ForwardInputs,
  ForwardResults,
  Gradients,
  Multiply,
  ProjectedInputs,
  RecurrenceAttributes,
} from '../contract.js';

/** Added to the variance in layer normalization, so that a constant vector becomes zero. Same value as in Keras. */
const EPSILON = 1e-3;

/** Multiplies the inputs of all steps by the kernel. */
export function projectInputs({ inputs, kernel, ...others }: ForwardInputs<Tensor>): ProjectedInputs<Tensor> {
  return { ...others, projected: sequenceProduct(inputs as Tensor3D, kernel as Tensor2D) };
}

/**
 * The forward pass over a sequence in composed operations. TensorFlow.js can differentiate it if it can differentiate
 * `multiply` and `forward`.
 *
 * @param replacements - The recurrent product and the step. Default: a plain product and the cell's own step.
 */
export function forwardComposed(
  inputs: ProjectedInputs<Tensor>,
  { cell, isReversed }: RecurrenceAttributes,
  {
    multiply = multiplyingBy(inputs),
    forward = cell.ops.forward,
  }: { multiply?: Multiply; forward?: CellOps['forward'] } = {},
): ForwardResults<Tensor3D> {
  const { bias, recurrentMask } = inputs;
  const masked = masking(recurrentMask);
  const masks = masksOf(inputs.mask);
  const steps = stepsOf(inputs.projected).map((projected, time) => ({ projected, mask: masks?.[time] }));
  let hidden = inputs.hiddenState as Tensor2D;
  let carried = inputs.cellState as Tensor2D | undefined;
  const results = inOrder(steps, isReversed).map(({ projected, mask }) => {
    const step = { projected, bias, previousHidden: hidden, previousAuxiliary: carried };
    const next = forward(step, (operand, stage) => multiply(masked(operand), stage));
    const auxiliary =
      next.auxiliary && cell.auxiliary === 'carried' ? where(mask, next.auxiliary, carried!) : next.auxiliary;
    hidden = where(mask, next.hidden, hidden);
    if (cell.auxiliary === 'carried') carried = auxiliary;
    return { hidden, gates: next.gates, auxiliary };
  });
  const ordered = inOrder(results, isReversed);
  return {
    outputs: sequenceOf(ordered.map(({ hidden }) => hidden)),
    gates: sequenceOf(ordered.map(({ gates }) => gates)),
    auxiliary: cell.auxiliary === 'none' ? undefined : sequenceOf(ordered.map(({ auxiliary }) => auxiliary!)),
  };
}

/**
 * The backward pass over a sequence in composed operations.
 *
 * @param backward - The step. Default: the cell's own.
 */
export function backwardComposed(
  inputs: BackwardInputs<Tensor>,
  { cell, isReversed }: RecurrenceAttributes,
  backward: CellOps['backward'] = cell.ops.backward,
): Gradients<Tensor> {
  const isCarried = cell.auxiliary === 'carried';
  const masked = masking(inputs.recurrentMask);
  const multiply = multiplyingBy(inputs);
  const multiplyTransposed: Multiply = (operand, stage) => masked(multiply(operand, stage));
  const walk = (sequence: Tensor | undefined) => sequence && inOrder(stepsOf(sequence), isReversed);
  const outputs = walk(inputs.outputs)!;
  const auxiliaries = walk(inputs.auxiliary);
  const gates = walk(inputs.gates)!;
  const dOutputs = walk(inputs.dOutputs)!;
  const dAuxiliaries = walk(inputs.dAuxiliary);
  const masks = inputs.mask && inOrder(masksOf(inputs.mask)!, isReversed);
  const nothing = tf.zerosLike(gates[0]!);
  let dHidden = tf.zerosLike(inputs.hiddenState) as Tensor2D;
  let dAuxiliary = isCarried ? (tf.zerosLike(inputs.cellState!) as Tensor2D) : undefined;
  const gradients: { dProjected: Tensor2D; dRecurrent: Tensor2D }[] = [];
  for (let step = outputs.length - 1; step >= 0; step--) {
    const mask = masks?.[step];
    dHidden = tf.add(dHidden, dOutputs[step]!);
    if (dAuxiliary && dAuxiliaries) dAuxiliary = tf.add(dAuxiliary, dAuxiliaries[step]!);
    const before = backward(
      {
        gates: gates[step]!,
        auxiliary: auxiliaries?.[step],
        previousHidden: step === 0 ? (inputs.hiddenState as Tensor2D) : outputs[step - 1]!,
        previousAuxiliary: step === 0 ? (inputs.cellState as Tensor2D | undefined) : auxiliaries?.[step - 1],
        dHidden,
        dAuxiliary,
      },
      multiplyTransposed,
    );
    const dProjected = where(mask, before.dProjected, nothing);
    const dRecurrent = cell.hasRecurrentGradient ? where(mask, before.dRecurrent, nothing) : dProjected;
    gradients.push({ dProjected, dRecurrent });
    dHidden = where(mask, before.dHidden, dHidden);
    if (dAuxiliary) dAuxiliary = where(mask, before.dAuxiliary!, dAuxiliary);
  }
  const ordered = inOrder(gradients.reverse(), isReversed);
  const dProjected = sequenceOf(ordered.map(({ dProjected }) => dProjected));
  const dRecurrent = cell.hasRecurrentGradient
    ? sequenceOf(ordered.map(({ dRecurrent }) => dRecurrent))
    : undefined;
  return {
    dProjected,
    dBias: biasGradient(dProjected, dRecurrent),
    dRecurrent,
    dHiddenState: dHidden,
    dCellState: dAuxiliary,
  };
}

/**
 * Runs a cell over a sequence with layer normalization. Both products are normalized before they are added:
 *
 *   LN(x·W)·gain₀ + LN(h·U)·gain₁ + bias
 *
 * LN covers all gates of a product. It runs in composed operations, which TensorFlow.js differentiates step by step, so it
 * is several times slower than `recurrence`. Call it inside `tf.tidy`.
 *
 * @param gain - float32 `[2, gates·units]`.
 * @see Ba, Kiros and Hinton 2016, "Layer normalization", arXiv:1607.06450. Unlike there, the cell state is not normalized.
 */
export function normalizedRecurrence(
  inputs: ForwardInputs<Tensor>,
  gain: Tensor2D,
  attributes: RecurrenceAttributes,
): { outputs: Tensor3D; auxiliary?: Tensor3D } {
  const { cell } = attributes;
  const [inputGain, recurrentGain] = tf.split(gain, 2, 0) as [Tensor2D, Tensor2D];
  const gainOfStage = columnBlocks(recurrentGain, cell.productWidths);
  const sequence = projectInputs(inputs);
  const projected = tf.mul<Tensor>(normalized(sequence.projected), inputGain);
  const multiply = (operand: Tensor2D, stage: number): Tensor2D => {
    const kernel = (stage === 0 ? inputs.recurrentKernel : inputs.candidateKernel) as Tensor2D;
    return tf.mul(normalized(product(operand, kernel)), gainOfStage[stage]!);
  };
  return forwardComposed({ ...sequence, projected }, attributes, { multiply });
}

/** Normalizes to zero mean and unit variance along the last axis. */
function normalized<T extends Tensor>(values: T): T {
  const { mean, variance } = tf.moments(values, -1, true);
  return tf.mul(tf.sub(values, mean), tf.rsqrt(tf.add(variance, EPSILON)));
}

/** Sums over batch and time, one row per bias of the cell. */
export function biasGradient(dProjected: Tensor, dRecurrent: Tensor | undefined): Tensor {
  const sumOfSteps = tf.sum(dProjected, [0, 1]);
  return dRecurrent ? tf.stack([sumOfSteps, tf.sum(dRecurrent, [0, 1])]) : sumOfSteps;
}

/** The plain recurrent product of each stage. */
function multiplyingBy(kernels: { recurrentKernel: Tensor; candidateKernel?: Tensor }): Multiply {
  return (operand, stage) =>
    tf.matMul(operand, (stage === 0 ? kernels.recurrentKernel : kernels.candidateKernel) as Tensor2D);
}

/** Puts steps into the order of the walk. A second call restores the order of time. */
function inOrder<T>(steps: readonly T[], isReversed: boolean): T[] {
  return isReversed ? [...steps].reverse() : [...steps];
}

function masking(mask: Tensor | undefined): (operand: Tensor2D) => Tensor2D {
  return mask ? (operand) => tf.mul(operand, mask) : (operand) => operand;
}

/** Rows of `next` where the mask, bool `[batch, 1]`, is true, and rows of `kept` elsewhere. */
function where(mask: Tensor2D | undefined, next: Tensor2D, kept: Tensor2D): Tensor2D {
  return mask ? tf.where(mask, next, kept) : next;
}

/** Splits a mask, float32 `[batch, time]`, into one bool `[batch, 1]` per step. */
function masksOf(mask: Tensor | undefined): Tensor2D[] | undefined {
  return mask && stepsOf(tf.notEqual(tf.expandDims(mask, 2), 0));
}

function sequenceOf(steps: Tensor2D[]): Tensor3D {
  return tf.stack(steps, 1) as Tensor3D;
}

/** Splits `[batch, time, width]` into one `[batch, width]` per step. */
function stepsOf(sequence: Tensor): Tensor2D[] {
  const [batchSize, numSteps, width] = sequence.shape as [number, number, number];
  // The gradient of unstack fails on a single step (TensorFlow.js 4.22).
  if (numSteps === 1) return [tf.reshape(sequence, [batchSize, width])];
  return tf.unstack(sequence, 1) as Tensor2D[];
}
