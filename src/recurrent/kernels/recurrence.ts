import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensorMap, Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { timesTransposed, transposedTimes } from '../../tfjs/dense-product.js';
import type { RecurrentCell } from '../contract.js';
import '../../tfjs/register-gradients.js';
import {
  BACKWARD,
  FORWARD,
  nameAll,
  registerRecurrence,
  type NamedAttributes,
} from './register-recurrence.js';

/** What a recurrence reads. */
export interface ForwardInputs<T> {
  /** `[batch, time, features]`. */
  inputs: T;
  /** `[features, gates·units]`. */
  kernel: T;
  /** As the weights have it. */
  bias: T;
  /** `[batch, units]`. */
  hiddenState: T;
  /** `[batch, units]`, for a cell whose auxiliary is carried. */
  cellState?: T;
  /** `[units, gates·units]`; without the candidate's columns where these are multiplied later. */
  recurrentKernel: T;
  /** `[units, units]`, where the candidate's product waits for the gates. */
  candidateKernel?: T;
  /** Zero where a step is left out, float32 `[batch, time]`. */
  mask?: T;
  /** Factors of the hidden state in all recurrent products, `[batch, units]`. */
  recurrentMask?: T;
}

/** The same once the inputs of all steps are multiplied by the kernel. */
export interface ProjectedInputs<T> extends Omit<ForwardInputs<T>, 'inputs' | 'kernel'> {
  /** x·W, `[batch, time, gates·units]`. */
  projected: T;
}

/** What its backward pass reads: kernels transposed, and what the way forward kept. */
export interface BackwardInputs<T>
  extends Omit<ForwardInputs<T>, 'inputs' | 'kernel' | 'bias'>, ForwardResults<T> {
  dOutputs: T;
  dAuxiliary?: T;
}

/** What the way forward gives. */
export type ForwardResults<T> = {
  /** Hidden state after each step, `[batch, time, units]`. */
  outputs: T;
  /** After activation, `[batch, time, gates·units]`. */
  gates: T;
  /** `[batch, time, units]`. */
  auxiliary?: T;
};

/** What the backward pass gives: gradients of what is named. */
export type Gradients<T> = {
  dProjected: T;
  dBias: T;
  /** Of the recurrent products, where that differs from `dProjected`. */
  dRecurrent?: T;
  dHiddenState: T;
  dCellState?: T;
};

export interface RecurrenceAttributes {
  cell: RecurrentCell;
  /** Whether time runs from the last step to the first. Results stay where their inputs are. */
  isReversed: boolean;
}

/**
 * Runs a sequence through a cell by the current backend's kernel. Differentiable in all that it reads but the masks. Call
 * inside `tf.tidy`.
 */
export function recurrence(
  inputs: ForwardInputs<Tensor>,
  attributes: RecurrenceAttributes,
): { outputs: Tensor3D; auxiliary?: Tensor3D } {
  const [outputs, , auxiliary] = runKernel(FORWARD, inputs, attributes) as Tensor3D[];
  return { outputs: outputs!, ...(auxiliary && { auxiliary }) };
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
      ...(cellState && { cellState }),
      ...(mask && { mask }),
      ...(recurrentMask && { recurrentMask }),
      ...(auxiliary && { auxiliary }),
      recurrentKernel: tf.transpose(inputs.recurrentKernel),
      ...(candidateKernel && { candidateKernel: tf.transpose(candidateKernel) }),
      dOutputs,
      ...(cell.auxiliary === 'carried' && { dAuxiliary: dAuxiliary! }),
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

/** What the recurrent kernel multiplied in each step: the state before it, float32 `[batch·time, units]`. */
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

/** A sequence as a matrix with a row for each step, float32 `[batch·time, width]`. */
function rowsOf(sequence: Tensor): Tensor2D {
  const [batchSize, numSteps, width] = sequence.shape as [number, number, number];
  return tf.reshape(sequence, [batchSize * numSteps, width]);
}

/** Columns of that matrix, float32 `[batch·time, numColumns]`. */
function columnsOf(sequence: Tensor, firstColumn: number, numColumns: number): Tensor2D {
  const rows = rowsOf(sequence);
  return numColumns === rows.shape[1] ? rows : tf.slice(rows, [0, firstColumn], [-1, numColumns]);
}

function runKernel(kernelName: string, inputs: object, { cell, isReversed }: RecurrenceAttributes): Tensor[] {
  if (!tf.getKernel(kernelName, tf.getBackend())) registerRecurrence(tf.getBackend());
  const attributes: NamedAttributes = { cell, isReversed, names: Object.keys(inputs) };
  return tf
    .engine()
    .runKernel(
      kernelName,
      Object.values(inputs) as unknown as NamedTensorMap,
      attributes as unknown as tf.NamedAttrMap,
    );
}
