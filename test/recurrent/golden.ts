import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { GruCell } from '../../src/recurrent/gru-cell.js';
import { LstmCell } from '../../src/recurrent/lstm-cell.js';
import type {
  CellKind,
  RecurrentCell,
  RecurrentState,
  RecurrentWeights,
} from '../../src/recurrent/recurrent-cell.js';
import { RnnCell } from '../../src/recurrent/rnn-cell.js';

interface GoldenArray {
  shape: number[];
  values: number[];
}

/** One layer as Keras computed it; scripts/golden-recurrent.py says how. */
export interface GoldenCase {
  name: string;
  kind: CellKind;
  units: number;
  resetAfter?: boolean;
  weights: Record<keyof RecurrentWeights, GoldenArray>;
  inputs: GoldenArray;
  coefficients: GoldenArray;
  initialState: Record<string, GoldenArray>;
  outputs: GoldenArray;
  finalState: Record<string, GoldenArray>;
  gradients: Record<string, GoldenArray>;
}

const file = new URL('../../fixtures/golden/recurrent.json', import.meta.url);

export const goldenCases = (JSON.parse(readFileSync(file, 'utf8')) as { cases: GoldenCase[] }).cases;

export function goldenCell({ kind, units, resetAfter }: GoldenCase): RecurrentCell {
  if (kind === 'gru') return new GruCell(units, { resetAfter: resetAfter! });
  return kind === 'lstm' ? new LstmCell(units) : new RnnCell(units);
}

/** Puts a case on the current backend. The caller disposes all tensors. */
export function goldenTensors(golden: GoldenCase) {
  return {
    weights: tensors(golden.weights) as RecurrentWeights,
    inputs: tensor(golden.inputs) as Tensor3D,
    coefficients: tensor(golden.coefficients) as Tensor3D,
    initialState: tensors(golden.initialState) as RecurrentState,
  };
}

/** Largest absolute difference between a tensor and what Keras has; NaN where either has NaN. */
export function distance(actual: tf.Tensor, expected: GoldenArray): number {
  if (actual.shape.join() !== expected.shape.join()) {
    throw new Error(`Shapes differ: ${actual.shape.join()} and ${expected.shape.join()}.`);
  }
  const values = actual.dataSync();
  return Math.max(...expected.values.map((value, index) => Math.abs(value - values[index]!)));
}

function tensor({ values, shape }: GoldenArray): tf.Tensor {
  return tf.tensor(values, shape);
}

function tensors(arrays: Record<string, GoldenArray>): Record<string, Tensor2D> {
  return Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, tensor(array) as Tensor2D]));
}
