import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensorMap, Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { timesTransposed, transposedTimes } from '../../tfjs/dense-product.js';
import '../../tfjs/register-gradients.js';
import type { BackwardInputs, ForwardInputs, RecurrenceAttributes } from '../contract.js';
import {
  BACKWARD,
  FORWARD,
  nameAll,
  registerRecurrence,
  type NamedAttributes,
} from './register-recurrence.js';

/**
 * Runs a cell over a sequence with the running backend's kernel. Differentiable in all inputs except the masks. Call it
 * inside `tf.tidy`.
 *
 * @returns Hidden states and auxiliary after each step, `[batch, time, units]`.
 */
export function recurrence(
  inputs: ForwardInputs<Tensor>,
  attributes: RecurrenceAttributes,
): { outputs: Tensor3D; auxiliary?: Tensor3D } {
  const [outputs, , auxiliary] = runKernel(FORWARD, inputs, attributes) as Tensor3D[];
  return { outputs: outputs!, auxiliary };
}

tf.registerGradient({
  kernelName: FORWARD,
  saveAllInputs: true,
  outputsToSave: [true, true, true],
  gradFunc: (dys, saved, attrs) => {
    const attributes = attrs as unknown as NamedAttributes;
    const { cell, names } = attributes;
    const inputs = nameAll(names, saved) as unknown as ForwardInputs<Tensor>;
    const [outputs, gates, auxiliary] = saved.slice(names.length) as [Tensor3D, Tensor3D, Tensor3D?];
    const [dOutputs, , dAuxiliary] = dys as [Tensor, Tensor, Tensor?];
    const { hiddenState, cellState, candidateKernel, mask, recurrentMask } = inputs;
    const backwardInputs: BackwardInputs<Tensor> = {
      outputs,
      gates,
      hiddenState,
      cellState,
      mask,
      recurrentMask,
      auxiliary,
      recurrentKernel: tf.transpose(inputs.recurrentKernel),
      candidateKernel: candidateKernel && tf.transpose(candidateKernel),
      dOutputs,
      dAuxiliary: cell.auxiliary === 'carried' ? dAuxiliary : undefined,
    };
    const [dProjected, dBias, dHiddenState, last] = runKernel(BACKWARD, backwardInputs, attributes) as [
      Tensor3D,
      Tensor,
      Tensor2D,
      Tensor?,
    ];
    const dRecurrent = cell.hasRecurrentGradient ? last! : dProjected;
    const operand = () => recurrentOperand(inputs, outputs, attributes);
    const gradients: Record<keyof ForwardInputs<Tensor>, () => Tensor> = {
      inputs: () =>
        tf.reshape(timesTransposed(rowsOf(dProjected), inputs.kernel as Tensor2D), inputs.inputs.shape),
      kernel: () => transposedTimes(rowsOf(inputs.inputs), rowsOf(dProjected)),
      bias: () => dBias,
      hiddenState: () => dHiddenState,
      cellState: () => last!,
      recurrentKernel: () =>
        transposedTimes(operand(), columnsOf(dRecurrent, 0, inputs.recurrentKernel.shape[1]!)),
      candidateKernel: () => {
        const firstColumn = inputs.recurrentKernel.shape[1]!;
        const reset = columnsOf(gates, cell.units, cell.units);
        return transposedTimes(tf.mul(reset, operand()), columnsOf(dRecurrent, firstColumn, cell.units));
      },
      mask: () => tf.zerosLike(inputs.mask!),
      recurrentMask: () => tf.zerosLike(inputs.recurrentMask!),
    };
    return Object.fromEntries(
      names.map((name, index) => [index, gradients[name as keyof ForwardInputs<Tensor>]]),
    );
  },
});

/** The operand of the recurrent product in each step: the state before it, float32 `[batch·time, units]`. */
function recurrentOperand(
  { hiddenState, recurrentMask }: ForwardInputs<Tensor>,
  outputs: Tensor3D,
  { isReversed }: RecurrenceAttributes,
): Tensor2D {
  const [batchSize, numSteps, units] = outputs.shape;
  const first = tf.expandDims<Tensor3D>(hiddenState, 1);
  const others = tf.slice(outputs, [0, isReversed ? 1 : 0, 0], [batchSize, numSteps - 1, units]);
  let before = tf.concat(isReversed ? [others, first] : [first, others], 1);
  if (recurrentMask) before = tf.mul(before, tf.expandDims(recurrentMask, 1));
  return tf.reshape(before, [batchSize * numSteps, units]);
}

/** A sequence as a matrix with one row per step, float32 `[batch·time, width]`. */
function rowsOf(sequence: Tensor): Tensor2D {
  const [batchSize, numSteps, width] = sequence.shape as [number, number, number];
  return tf.reshape(sequence, [batchSize * numSteps, width]);
}

/** Columns of that matrix, float32 `[batch·time, numColumns]`. */
function columnsOf(sequence: Tensor, firstColumn: number, numColumns: number): Tensor2D {
  const rows = rowsOf(sequence);
  return numColumns === rows.shape[1] ? rows : tf.slice(rows, [0, firstColumn], [-1, numColumns]);
}

/** Runs a kernel on all inputs that are not undefined. */
function runKernel(kernelName: string, inputs: object, { cell, isReversed }: RecurrenceAttributes): Tensor[] {
  if (!tf.getKernel(kernelName, tf.getBackend())) registerRecurrence(tf.getBackend());
  const given = Object.entries(inputs as Record<string, Tensor | undefined>).filter(([, tensor]) => tensor);
  const attributes: NamedAttributes = { cell, isReversed, names: given.map(([name]) => name) };
  return tf
    .engine()
    .runKernel(
      kernelName,
      given.map(([, tensor]) => tensor) as unknown as NamedTensorMap,
      attributes as unknown as tf.NamedAttrMap,
    );
}
