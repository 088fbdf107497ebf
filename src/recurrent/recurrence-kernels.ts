import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensorMap, Tensor, Tensor2D, Tensor3D, TensorInfo } from '@tensorflow/tfjs-core';
import { MEMORY_ACCESS } from './backend-memory.js';
import { backwardComposed, forwardComposed } from './composed-recurrence.js';
import { transposedTimes } from './dense-product.js';
import { backwardFused, forwardFused } from './fused-recurrence.js';
import type { RecurrentCell } from './recurrent-cell.js';
import './register-gradients.js';

/** What a recurrence reads, once its inputs are multiplied by the kernel. */
export interface ForwardInputs<T> {
  /** `[batch, time, gates·units]`. */
  projected: T;
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

/** What its backward pass reads: kernels transposed, and what the way forward kept. */
export interface BackwardInputs<T> extends Omit<ForwardInputs<T>, 'projected' | 'bias'> {
  /** Hidden state after each step, `[batch, time, units]`. */
  outputs: T;
  /** After activation, `[batch, time, gates·units]`. */
  gates: T;
  /** `[batch, time, units]`. */
  auxiliary?: T;
  dOutputs: T;
  dAuxiliary?: T;
}

export interface RecurrenceAttributes {
  cell: RecurrentCell;
  /** Whether time runs from the last step to the first. Results stay where their inputs are. */
  isReversed: boolean;
}

const FORWARD = 'FramewiseRecurrence';
const BACKWARD = 'FramewiseRecurrenceGradient';

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

/**
 * Registers the recurrence's kernels for a backend: fused where its memory is in reach, else composed.
 *
 * @param implementation - Given by tests, which compare the two.
 */
export function registerRecurrence(
  backendName: string,
  implementation: 'fused' | 'composed' = backendName in MEMORY_ACCESS ? 'fused' : 'composed',
): void {
  const isFused = implementation === 'fused';
  const memoryOf = MEMORY_ACCESS[backendName]!;
  register<ForwardInputs<TensorInfo>>(FORWARD, (inputs, attributes, backend) => {
    const { outputs, gates, auxiliary } = isFused
      ? forwardFused(memoryOf(backend), inputs, attributes)
      : tf.tidy(() => forwardComposed(inputs as ForwardInputs<Tensor>, attributes));
    return [outputs, gates, auxiliary];
  });
  register<BackwardInputs<TensorInfo>>(BACKWARD, (inputs, attributes, backend) => {
    const { dProjected, dBias, dHiddenState, dCellState, dRecurrent } = isFused
      ? backwardFused(memoryOf(backend), inputs, attributes)
      : tf.tidy(() => backwardComposed(inputs as BackwardInputs<Tensor>, attributes));
    return [dProjected, dBias, dHiddenState, dCellState ?? dRecurrent];
  });

  function register<Inputs>(
    kernelName: string,
    run: (inputs: Inputs, attributes: RecurrenceAttributes, backend: object) => (TensorInfo | undefined)[],
  ): void {
    if (tf.getKernel(kernelName, backendName)) tf.unregisterKernel(kernelName, backendName);
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs, backend }) => {
        const attributes = attrs as unknown as NamedAttributes;
        const named = nameAll(attributes.names, Object.values(inputs)) as Inputs;
        return run(named, attributes, backend).filter((result) => result !== undefined);
      },
    });
  }
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
      projected: () => dProjected,
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

/** Columns of a sequence, as a matrix with a row for each step, float32 `[batch·time, numColumns]`. */
function columnsOf(sequence: Tensor, firstColumn: number, numColumns: number): Tensor2D {
  const width = sequence.shape[2]!;
  const rows = tf.reshape<tf.Rank.R2>(sequence, [-1, width]);
  return numColumns === width ? rows : tf.slice(rows, [0, firstColumn], [-1, numColumns]);
}

/** TensorFlow.js saves optional inputs for the backward pass only as a list, so their names travel beside it. */
type NamedAttributes = RecurrenceAttributes & { names: string[] };

function nameAll<T>(names: string[], values: readonly T[]): Record<string, T> {
  return Object.fromEntries(names.map((name, index) => [name, values[index]!]));
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
