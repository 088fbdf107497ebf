import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D, Variable } from '@tensorflow/tfjs-core';
import { ShapeError } from '../../errors.js';
import { constant, glorotUniform } from '../../recurrent/initializers.js';
import type { WeightSpec } from '../../recurrent/contract.js';
import type { LabelerConfig } from '../labeler-config.js';
import { RecurrentStack } from '../recurrent-stack.js';

/** One of a labeler's tensors. */
export interface LabelerWeightSpec extends WeightSpec {
  name: string;
  /** False for values that are computed from the data. */
  isTrainable: boolean;
}

/** Lists every tensor of a network, in the order of model files. */
export function labelerWeightSpecs(config: LabelerConfig): LabelerWeightSpec[] {
  const { featureSize, inputs, projectionUnits, numLabels } = config;
  const inputSize = inputs.length * featureSize;
  const stack = new RecurrentStack(config);
  const trainable = [
    { name: 'projection.kernel', shape: [inputSize, projectionUnits], initialize: glorotUniform },
    { name: 'projection.bias', shape: [projectionUnits], initialize: constant(0) },
    ...stack.weightSpecs(),
    { name: 'output.kernel', shape: [stack.outputSize, numLabels], initialize: glorotUniform },
    { name: 'output.bias', shape: [numLabels], initialize: constant(0) },
  ];
  return [
    { name: 'normalization.mean', shape: [inputSize], initialize: constant(0), isTrainable: false },
    { name: 'normalization.scale', shape: [inputSize], initialize: constant(1), isTrainable: false },
    ...trainable.map((spec) => ({ ...spec, isTrainable: true })),
  ];
}

/** Counts the bytes of a network's weights as float32. */
export function countWeightBytes(config: LabelerConfig): number {
  return labelerWeightSpecs(config).reduce((sum, { shape }) => sum + 4 * tf.util.sizeFromShape(shape), 0);
}

/** Creates initial weights. @param seed - Non-negative integer. The same seed gives the same weights. */
export function initialWeights(config: LabelerConfig, seed: number): Map<string, Float32Array> {
  const specs = labelerWeightSpecs(config);
  return new Map(
    specs.map(({ name, shape, initialize }, index) => [
      name,
      initialize(shape, 1 + seed * specs.length + index),
    ]),
  );
}

/** A labeler's weights as variables, by name. */
export class LabelerWeights {
  readonly #specs: LabelerWeightSpec[];
  readonly #variables: ReadonlyMap<string, Variable>;

  /** @throws {ShapeError} If the weights are not those of the network. */
  constructor(config: LabelerConfig, weights: ReadonlyMap<string, Float32Array>) {
    this.#specs = labelerWeightSpecs(config);
    expectWeights(this.#specs, weights);
    const variables = this.#specs.map(({ name, shape, isTrainable }): [string, Variable] => {
      const initial = copyToTensor(weights.get(name)!, shape);
      const variable = tf.variable(initial, isTrainable);
      initial.dispose();
      return [name, variable];
    });
    this.#variables = new Map(variables);
  }

  /** The variables that an optimizer may change. */
  get trainable(): Variable[] {
    return [...this.#variables.values()].filter((variable) => variable.trainable);
  }

  /** Returns the variable of a name as an operand. */
  get(name: string): Tensor2D {
    return this.#variables.get(name) as tf.Tensor as Tensor2D;
  }

  /** Replaces the values of a weight. There must be as many. */
  assign(name: string, values: Float32Array): void {
    const variable = this.#variables.get(name)!;
    const tensor = copyToTensor(values, variable.shape);
    variable.assign(tensor);
    tensor.dispose();
  }

  /** Copies all values, in the order of a model file. */
  async export(): Promise<Map<string, Float32Array>> {
    const entries = [...this.#variables].map(async ([name, variable]): Promise<[string, Float32Array]> => {
      return [name, (await variable.data<'float32'>()).slice()];
    });
    return new Map(await Promise.all(entries));
  }

  /** Replaces all weights. @throws {ShapeError} If they are not those of the network. Nothing has changed then. */
  import(weights: ReadonlyMap<string, Float32Array>): void {
    expectWeights(this.#specs, weights);
    for (const [name, values] of weights) this.assign(name, values);
  }

  /** Frees the variables. */
  dispose(): void {
    for (const variable of this.#variables.values()) variable.dispose();
  }
}

/** Copies the values, because on the backend `cpu` a tensor keeps the array that it is created from. */
function copyToTensor(values: Float32Array, shape: number[]): tf.Tensor {
  return tf.tensor(values.slice(), shape);
}

function expectWeights(specs: LabelerWeightSpec[], weights: ReadonlyMap<string, Float32Array>): void {
  for (const { name, shape } of specs) {
    const expected = tf.util.sizeFromShape(shape);
    const received = weights.get(name)?.length;
    if (received !== expected) {
      throw new ShapeError(`The weight ${name}`, `${expected} values`, String(received ?? 'none'));
    }
  }
  if (weights.size !== specs.length) {
    throw new ShapeError("A labeler's weights", `${specs.length} tensors`, String(weights.size));
  }
}
