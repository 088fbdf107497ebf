import type { LabelerConfig } from '../../src/labeler/labeler-config.js';

type Vector = number[];
type Weights = ReadonlyMap<string, Float32Array>;

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** What a step makes of `x·kernel`, `h·recurrentKernel`, the bias and the state before; each returns the state after. */
const STEPS = {
  rnn: (x: Vector, h: Vector, bias: Vector) => ({
    hidden: x.map((value, unit) => Math.tanh(value + h[unit]! + bias[unit]!)),
    cell: [],
  }),
  lstm: (x: Vector, h: Vector, bias: Vector, before: Vector) => {
    const units = x.length / 4;
    const gate = (place: number, unit: number) => {
      const at = place * units + unit;
      return x[at]! + h[at]! + bias[at]!;
    };
    const cell = Array.from({ length: units }, (_, unit) => {
      const kept = sigmoid(gate(1, unit)) * (before[unit] ?? 0);
      return kept + sigmoid(gate(0, unit)) * Math.tanh(gate(2, unit));
    });
    return { hidden: cell.map((value, unit) => sigmoid(gate(3, unit)) * Math.tanh(value)), cell };
  },
};

/**
 * The logits of one video, worked out step by step in float64 by the equations of a labeler with features and differences
 * as inputs, standardisation left at none, and no dropout.
 *
 * @param frames - `[time][featureSize]`.
 * @returns `[time][numLabels]`.
 */
export function plainLogits(config: LabelerConfig, weights: Weights, frames: readonly Vector[]): Vector[] {
  const { cell, layers, bidirectional } = config;
  const dense = (name: string, input: Vector) =>
    add(times(input, weights.get(`${name}.kernel`)!), [...weights.get(`${name}.bias`)!]);
  const inputs = frames.map((frame, time) => [
    ...frame,
    ...frame.map((value, i) => value - (frames[time - 1] ?? frame)[i]!),
  ]);
  let outputs = inputs.map((input) => dense('projection', input).map((value) => Math.max(value, 0)));
  if (cell !== 'none') {
    for (let layer = 0; layer < layers; layer++) {
      const walk = (prefix: string, sequence: Vector[]) =>
        walkPlainly(STEPS[cell as 'rnn' | 'lstm'], config.units, weights, prefix, sequence);
      const forward = walk(`recurrent.${layer}.`, outputs);
      const backward = bidirectional
        ? walk(`recurrent.${layer}.backward.`, outputs.toReversed()).toReversed()
        : forward.map(() => []);
      outputs = forward.map((hidden, time) => [...hidden, ...backward[time]!]);
    }
  }
  return outputs.map((output) => dense('output', output));
}

function walkPlainly(
  step: (typeof STEPS)['rnn' | 'lstm'],
  units: number,
  weights: Weights,
  prefix: string,
  inputs: Vector[],
): Vector[] {
  const [kernel, recurrentKernel, bias] = ['kernel', 'recurrentKernel', 'bias'].map((name) =>
    weights.get(prefix + name)!,
  ) as [Float32Array, Float32Array, Float32Array];
  let state: { hidden: Vector; cell: Vector } = { hidden: Array<number>(units).fill(0), cell: [] };
  return inputs.map((input) => {
    state = step(times(input, kernel), times(state.hidden, recurrentKernel), [...bias], state.cell);
    return state.hidden;
  });
}

function times(vector: Vector, matrix: Float32Array): Vector {
  const width = matrix.length / vector.length;
  return Array.from({ length: width }, (_, column) =>
    vector.reduce((sum, value, row) => sum + value * matrix[row * width + column]!, 0),
  );
}

function add(one: Vector, other: Vector): Vector {
  return one.map((value, i) => value + other[i]!);
}
