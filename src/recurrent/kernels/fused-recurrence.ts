import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { BackendMemory } from '../../tfjs/backend-memory.js';
import type {
  BackwardInputs,
  ForwardInputs,
  ForwardResults,
  Gradients,
  RecurrenceAttributes,
} from '../contract.js';

/** Stands for a tensor that a cell does not have. */
const NO_VALUES = new Float32Array(0);

/**
 * The forward pass over a sequence in the backend's memory: per step one product, then all gates in one pass over a row.
 *
 * @returns Tensors that the caller frees.
 */
export function forwardFused(
  memory: BackendMemory,
  inputs: ForwardInputs<TensorInfo>,
  { cell, isReversed }: RecurrenceAttributes,
): ForwardResults<TensorInfo> {
  const { bias, hiddenState, cellState, mask, recurrentMask } = inputs;
  const kernels = kernelsOf(inputs);
  const projected = project(memory, inputs);
  const [batchSize, numSteps, width] = projected.shape as [number, number, number];
  const { units } = cell;
  const outputs = memory.allocate([batchSize, numSteps, units]);
  const gates = memory.allocate([batchSize, numSteps, width]);
  const auxiliary = cell.auxiliary === 'none' ? undefined : memory.allocate([batchSize, numSteps, units]);
  const operands = kernels.map(() => memory.allocate([batchSize, units]));
  for (const operand of operands) memory.valuesOf(operand).fill(0);
  const valuesOf = (tensor: TensorInfo | undefined) => (tensor ? memory.valuesOf(tensor) : NO_VALUES);

  for (let step = 0; step < numSteps; step++) {
    const time = isReversed ? numSteps - 1 - step : step;
    const before = isReversed ? time + 1 : time - 1;
    const previousOf = (initial: TensorInfo | undefined, sequence: TensorInfo | undefined) => {
      const values = valuesOf(step === 0 ? initial : sequence);
      return (row: number) => rowOf(values, step === 0 ? row : row * numSteps + before, units);
    };
    kernels.forEach((kernel, stage) => {
      const operand = operands[stage]!;
      if (stage === 0) copyRows(memory.valuesOf(operand), previousOf(hiddenState, outputs), batchSize);
      if (recurrentMask) multiplyBy(memory.valuesOf(operand), memory.valuesOf(recurrentMask));
      const product = memory.multiply(operand, kernel);
      // The product may have moved the memory, so all views are taken after it.
      const values = {
        projected: memory.valuesOf(projected),
        bias: memory.valuesOf(bias),
        product: memory.valuesOf(product),
        gates: memory.valuesOf(gates),
        auxiliary: valuesOf(auxiliary),
        hidden: memory.valuesOf(outputs),
        nextOperand: valuesOf(operands[stage + 1]),
        mask: valuesOf(mask),
      };
      const previousHidden = previousOf(hiddenState, outputs);
      const previousAuxiliary = previousOf(cellState, auxiliary);
      for (let row = 0; row < batchSize; row++) {
        const at = row * numSteps + time;
        const hidden = rowOf(values.hidden, at, units);
        if (mask && values.mask[at] === 0) {
          hidden.set(previousHidden(row));
          // The backward pass multiplies whole sequences of gates, and uninitialized values could be NaN.
          rowOf(values.gates, at, width).fill(0);
          if (cell.auxiliary === 'carried') rowOf(values.auxiliary, at, units).set(previousAuxiliary(row));
          continue;
        }
        cell.rows.forward[stage]!({
          projected: rowOf(values.projected, at, width),
          bias: values.bias,
          product: rowOf(values.product, row, cell.productWidths[stage]!),
          previousHidden: previousHidden(row),
          previousAuxiliary: previousAuxiliary(row),
          gates: rowOf(values.gates, at, width),
          auxiliary: rowOf(values.auxiliary, at, units),
          hidden,
          nextOperand: rowOf(values.nextOperand, row, units),
        });
      }
      memory.free(product);
    });
  }
  operands.forEach(memory.free);
  memory.free(projected);
  return { outputs, gates, auxiliary };
}

/**
 * The backward pass over a sequence in the backend's memory.
 *
 * @returns Tensors that the caller frees.
 */
export function backwardFused(
  memory: BackendMemory,
  inputs: BackwardInputs<TensorInfo>,
  { cell, isReversed }: RecurrenceAttributes,
): Gradients<TensorInfo> {
  const { outputs, gates, auxiliary, hiddenState, cellState, mask, recurrentMask } = inputs;
  const transposedKernels = kernelsOf(inputs);
  const [batchSize, numSteps, width] = gates.shape as [number, number, number];
  const { units } = cell;
  const isCarried = cell.auxiliary === 'carried';
  const dProjected = memory.allocate([batchSize, numSteps, width]);
  const dRecurrent = cell.hasRecurrentGradient ? memory.allocate([batchSize, numSteps, width]) : undefined;
  const dHiddenState = memory.allocate([batchSize, units]);
  const dCellState = isCarried ? memory.allocate([batchSize, units]) : undefined;
  const dProducts = cell.productWidths.map((columns) => memory.allocate([batchSize, columns]));
  // Sums of the rows of dProjected, then of dRecurrent if it differs.
  const rowSums = new Float64Array(dRecurrent ? 2 * width : width);
  const valuesOf = (tensor: TensorInfo | undefined) => (tensor ? memory.valuesOf(tensor) : NO_VALUES);
  memory.valuesOf(dHiddenState).fill(0);
  valuesOf(dCellState).fill(0);

  for (let step = numSteps - 1; step >= 0; step--) {
    const time = isReversed ? numSteps - 1 - step : step;
    const before = isReversed ? time + 1 : time - 1;
    addRows(memory.valuesOf(dHiddenState), memory.valuesOf(inputs.dOutputs), time, numSteps, batchSize);
    if (dCellState && inputs.dAuxiliary) {
      addRows(memory.valuesOf(dCellState), memory.valuesOf(inputs.dAuxiliary), time, numSteps, batchSize);
    }
    let dNextOperand: TensorInfo | undefined;
    for (let stage = dProducts.length - 1, firstColumn = width; stage >= 0; stage--) {
      const columns = cell.productWidths[stage]!;
      firstColumn -= columns;
      const values = {
        gates: memory.valuesOf(gates),
        auxiliary: valuesOf(auxiliary),
        previousHidden: memory.valuesOf(step === 0 ? hiddenState : outputs),
        previousAuxiliary: valuesOf(step === 0 ? cellState : auxiliary),
        dHidden: memory.valuesOf(dHiddenState),
        dAuxiliary: valuesOf(dCellState),
        dNextOperand: valuesOf(dNextOperand),
        dProjected: memory.valuesOf(dProjected),
        dRecurrent: memory.valuesOf(dRecurrent ?? dProjected),
        dProduct: memory.valuesOf(dProducts[stage]!),
        mask: valuesOf(mask),
      };
      for (let row = 0; row < batchSize; row++) {
        const at = row * numSteps + time;
        const previous = step === 0 ? row : row * numSteps + before;
        const dRecurrentRow = rowOf(values.dRecurrent, at, width);
        const dProjectedRow = dRecurrent ? rowOf(values.dProjected, at, width) : dRecurrentRow;
        if (mask && values.mask[at] === 0) {
          dProjectedRow.fill(0);
          dRecurrentRow.fill(0);
        } else {
          cell.rows.backward[stage]!({
            gates: rowOf(values.gates, at, width),
            auxiliary: rowOf(values.auxiliary, at, units),
            previousHidden: rowOf(values.previousHidden, previous, units),
            previousAuxiliary: rowOf(values.previousAuxiliary, previous, units),
            dHidden: rowOf(values.dHidden, row, units),
            dAuxiliary: rowOf(values.dAuxiliary, row, units),
            dNextOperand: rowOf(values.dNextOperand, row, units),
            dProjected: dProjectedRow,
            dRecurrent: dRecurrentRow,
          });
          if (stage === 0) {
            addTo(rowSums, dProjectedRow);
            if (dRecurrent) addTo(rowSums.subarray(width), dRecurrentRow);
          }
        }
        rowOf(values.dProduct, row, columns).set(dRecurrentRow.subarray(firstColumn, firstColumn + columns));
      }
      if (dNextOperand) memory.free(dNextOperand);
      dNextOperand = memory.multiply(dProducts[stage]!, transposedKernels[stage]!);
      if (recurrentMask) multiplyBy(memory.valuesOf(dNextOperand), memory.valuesOf(recurrentMask));
    }
    // The first stage's operand is the hidden state itself.
    addTo(memory.valuesOf(dHiddenState), memory.valuesOf(dNextOperand!));
    memory.free(dNextOperand!);
  }
  dProducts.forEach(memory.free);
  const dBias = memory.allocate(dRecurrent ? [2, width] : [width]);
  memory.valuesOf(dBias).set(rowSums);
  return {
    dProjected,
    dBias,
    dRecurrent,
    dHiddenState,
    dCellState,
  };
}

/** x·W of all steps in one product, `[batch, time, gates·units]`. The caller frees it. */
function project(memory: BackendMemory, { inputs, kernel }: ForwardInputs<TensorInfo>): TensorInfo {
  const [batchSize, numSteps, numFeatures] = inputs.shape as [number, number, number];
  const { dataId, dtype } = inputs;
  const product = memory.multiply({ dataId, dtype, shape: [batchSize * numSteps, numFeatures] }, kernel);
  return { ...product, shape: [batchSize, numSteps, kernel.shape[1]!] };
}

/** The recurrent kernel's columns of each product, in order. */
function kernelsOf<T>({
  recurrentKernel,
  candidateKernel,
}: {
  recurrentKernel: T;
  candidateKernel?: T;
}): T[] {
  return candidateKernel ? [recurrentKernel, candidateKernel] : [recurrentKernel];
}

/** A view of one row of a matrix. */
function rowOf(values: Float32Array, row: number, width: number): Float32Array {
  if (values === NO_VALUES) return NO_VALUES;
  return new Float32Array(values.buffer, values.byteOffset + 4 * row * width, width);
}

function copyRows(target: Float32Array, sourceRow: (row: number) => Float32Array, numRows: number): void {
  const width = target.length / numRows;
  for (let row = 0; row < numRows; row++) target.set(sourceRow(row), row * width);
}

function multiplyBy(target: Float32Array, factors: Float32Array): void {
  for (let index = 0; index < target.length; index++) target[index]! *= factors[index]!;
}

function addTo(target: Float32Array | Float64Array, terms: Float32Array): void {
  for (let index = 0; index < terms.length; index++) target[index]! += terms[index]!;
}

/** Adds one time step of `[batch, time, width]` to `[batch, width]`. */
function addRows(
  target: Float32Array,
  sequence: Float32Array,
  time: number,
  numSteps: number,
  numRows: number,
): void {
  const width = target.length / numRows;
  for (let row = 0; row < numRows; row++) {
    addTo(rowOf(target, row, width), rowOf(sequence, row * numSteps + time, width));
  }
}
