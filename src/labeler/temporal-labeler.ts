import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D, Tensor3D, Variable } from '@tensorflow/tfjs-core';
import { ShapeError, UsageError } from '../errors.js';
import { createCell } from '../recurrent/create-cell.js';
import { product } from '../recurrent/dense-product.js';
import { expectShape } from '../recurrent/expect-shape.js';
import type { RecurrentCell, RecurrentState, RecurrentWeights } from '../recurrent/recurrent-cell.js';
import { unroll } from '../recurrent/unroll.js';
import { firstIssue, labelerConfigSchema, labelerWeightSpecs } from './labeler-config.js';
import type { LabelerConfig, LabelerOptions, LabelerWeightSpec } from './labeler-config.js';
import { cloneState, disposeState } from './labeler-state.js';
import type { LabelerState } from './labeler-state.js';
import { frameAt, networkInputs } from './network-inputs.js';
import { normalizationOf } from './normalization.js';
import type { Moments } from './normalization.js';

export type { Moments } from './normalization.js';

/** How a forward pass differs from plain labeling. */
export interface ForwardOptions {
  /** Whether dropout acts. */
  training?: boolean;
  /** Chooses what dropout drops; give each training step another. */
  seed?: number;
}

/** Frames that go through the network at once when a whole video is labelled. */
const CHUNK_FRAMES = 256;

/** Standard deviations beyond which an input says "far out" and no more, so that no strange frame floods the state. */
const MAX_DEVIATION = 8;

/**
 * The network over time: frame features in, a score for each label and frame out.
 *
 *   features, and their difference to the frame before   [batch, time, 2·featureSize]
 *   → standardised by the training data's moments
 *   → projection, relu                                   [batch, time, projectionUnits]
 *   → recurrent layers, dropout before each              [batch, time, units]
 *   → logits                                             [batch, time, numLabels]
 *
 * It sees the past only, and carries its state from chunk to chunk: cutting a video into chunks changes nothing.
 */
export class TemporalLabeler {
  readonly config: LabelerConfig;
  readonly #cell: RecurrentCell;
  readonly #specs: LabelerWeightSpec[];
  readonly #variables: ReadonlyMap<string, Variable>;
  #temperature = 1;

  private constructor(config: LabelerConfig, weights: ReadonlyMap<string, Float32Array>) {
    this.config = config;
    this.#cell = createCell(config.cell, config.units);
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

  /**
   * Makes an untrained labeler.
   *
   * @param options.seed - Non-negative integer; the same seed gives the same weights.
   * @throws {UsageError} If configuration or seed are impossible.
   */
  static create(config: LabelerOptions, { seed = 0 }: { seed?: number } = {}): TemporalLabeler {
    const parsed = labelerConfigSchema.safeParse(config);
    if (!parsed.success) {
      throw new UsageError(`The labeler's network cannot be built: ${firstIssue(parsed.error)}.`);
    }
    if (!Number.isInteger(seed) || seed < 0) {
      throw new UsageError(`The labeler's seed must be a non-negative whole number, not ${seed}.`);
    }
    const specs = labelerWeightSpecs(parsed.data);
    const weights = specs.map(({ name, shape, initialize }, index): [string, Float32Array] => {
      return [name, initialize(shape, 1 + seed * specs.length + index)];
    });
    return new TemporalLabeler(parsed.data, new Map(weights));
  }

  /**
   * Makes a labeler of known weights.
   *
   * @throws {ShapeError} If the weights are not those of the network.
   */
  static fromWeights(config: LabelerConfig, weights: ReadonlyMap<string, Float32Array>): TemporalLabeler {
    return new TemporalLabeler(config, weights);
  }

  /** What an optimizer may change. */
  get trainableVariables(): Variable[] {
    return [...this.#variables.values()].filter((variable) => variable.trainable);
  }

  /**
   * What logits are divided by before {@link label} makes probabilities of them: above 1 the labeler is less sure, and
   * its choice stays the same. Training and {@link forward} know nothing of it. 1 until it is calibrated.
   *
   * @see Guo et al. 2017, arXiv:1706.04599.
   */
  get temperature(): number {
    return this.#temperature;
  }

  /** @throws {UsageError} If it is not a finite number above 0. */
  set temperature(temperature: number) {
    if (!(temperature > 0 && temperature < Infinity)) {
      throw new UsageError(`The labeler's temperature must be a number above 0, not ${temperature}.`);
    }
    this.#temperature = temperature;
  }

  /** The state before a video's first frame, for `batchSize` videos side by side. The caller disposes it. */
  initialState(batchSize: number): LabelerState {
    return {
      previousFeatures: tf.zeros([batchSize, this.config.featureSize]),
      hasPrevious: tf.zeros([batchSize, 1], 'bool'),
      recurrent: Array.from({ length: this.config.layers }, () => this.#cell.initialState(batchSize)),
    };
  }

  /**
   * Standardises inputs from now on by the moments of the training data; what hardly moved there is silenced.
   *
   * @param moments - Of each of the network's inputs, in the order of `config.inputs`.
   * @throws {ShapeError} If they are not as many as the inputs, or not of `featureSize`.
   */
  fitNormalization(moments: readonly Moments[]): void {
    const { featureSize, inputs } = this.config;
    if (moments.length !== inputs.length) {
      throw new ShapeError(
        'Moments to normalize by',
        `${inputs.length}, one an input`,
        String(moments.length),
      );
    }
    const { mean, scale } = normalizationOf(moments, featureSize);
    this.#assign('normalization.mean', mean);
    this.#assign('normalization.scale', scale);
  }

  /**
   * Scores a chunk of each of several videos. Differentiable in `trainableVariables`; gradients stop at the given state.
   *
   * @param features - float32 `[batch, time, featureSize]`, the frames that follow the state.
   * @returns Logits, float32 `[batch, time, numLabels]`, and the state after the chunk. The caller disposes both.
   * @throws {ShapeError} If features and state do not fit each other or the network.
   */
  forward(
    features: Tensor3D,
    state: LabelerState,
    { training = false, seed = 0 }: ForwardOptions = {},
  ): { logits: Tensor3D; state: LabelerState } {
    const { featureSize, layers, dropout, units, numLabels } = this.config;
    expectShape('The features to label', features, ['batch', 'time', featureSize]);
    const [batchSize, numSteps] = features.shape;
    expectShape("The state's previous features", state.previousFeatures, [batchSize, featureSize]);
    if (state.recurrent.length !== layers) {
      throw new ShapeError("The state's recurrent layers", String(layers), String(state.recurrent.length));
    }

    return tf.tidy(() => {
      const inputs = tf.reshape<tf.Rank.R2>(this.#standardised(features, state), [batchSize * numSteps, -1]);
      const projected = product(inputs, this.#variable('projection.kernel'));
      const rectified = tf.relu(tf.add(projected, this.#variable('projection.bias')));
      let hidden = tf.reshape<tf.Rank.R3>(rectified, [batchSize, numSteps, -1]);
      const recurrent = state.recurrent.map((layerState, layer): RecurrentState => {
        if (training) hidden = tf.dropout(hidden, dropout, undefined, `${seed}.${layer}`) as Tensor3D;
        const unrolled = unroll(this.#cell, this.#layerWeights(layer), hidden, layerState);
        hidden = unrolled.outputs;
        return unrolled.finalState;
      });
      const outputs = tf.reshape<tf.Rank.R2>(hidden, [batchSize * numSteps, units]);
      const scores = tf.add(product(outputs, this.#variable('output.kernel')), this.#variable('output.bias'));
      return {
        logits: tf.reshape<tf.Rank.R3>(scores, [batchSize, numSteps, numLabels]),
        state: {
          previousFeatures: frameAt(features, numSteps - 1),
          hasPrevious: tf.ones<tf.Rank.R2>([batchSize, 1], 'bool'),
          recurrent,
        },
      };
    });
  }

  /**
   * Labels frames of one video, however many.
   *
   * @param features - float32 `[numFrames, featureSize]`.
   * @param state - State after the frames before, stays the caller's; without it, these are the video's first.
   * @returns Probability of each label, float32 `[numFrames, numLabels]`, and the state after the last frame, which the
   *   caller disposes.
   * @throws {ShapeError} If the features are not whole frames, or the state is of another network.
   */
  async label(
    features: Float32Array,
    state?: LabelerState,
  ): Promise<{ probabilities: Float32Array; state: LabelerState }> {
    const { featureSize, numLabels } = this.config;
    const numFrames = features.length / featureSize;
    if (!Number.isInteger(numFrames)) {
      throw new ShapeError('The features to label', `a multiple of ${featureSize}`, String(features.length));
    }
    const probabilities = new Float32Array(numFrames * numLabels);
    let current = state ? cloneState(state) : this.initialState(1);
    try {
      for (let start = 0; start < numFrames; start += CHUNK_FRAMES) {
        const end = Math.min(start + CHUNK_FRAMES, numFrames);
        const next = this.#labelChunk(features.subarray(start * featureSize, end * featureSize), current);
        disposeState(current);
        current = next.state;
        probabilities.set(await next.probabilities.data<'float32'>(), start * numLabels);
        next.probabilities.dispose();
      }
    } catch (cause) {
      disposeState(current);
      throw cause;
    }
    return { probabilities, state: current };
  }

  /** Copies the values of all weights, by name, in the order of a model file. */
  async exportWeights(): Promise<Map<string, Float32Array>> {
    const entries = [...this.#variables].map(async ([name, variable]): Promise<[string, Float32Array]> => {
      return [name, (await variable.data<'float32'>()).slice()];
    });
    return new Map(await Promise.all(entries));
  }

  /**
   * Takes over weights, as those of the best epoch.
   *
   * @throws {ShapeError} If they are not those of the network; nothing has changed then.
   */
  importWeights(weights: ReadonlyMap<string, Float32Array>): void {
    expectWeights(this.#specs, weights);
    for (const [name, values] of weights) this.#assign(name, values);
  }

  /** Frees the weights. The labeler cannot be used afterwards. */
  dispose(): void {
    for (const variable of this.#variables.values()) variable.dispose();
  }

  #labelChunk(
    features: Float32Array,
    state: LabelerState,
  ): { probabilities: tf.Tensor; state: LabelerState } {
    const { featureSize } = this.config;
    return tf.tidy(() => {
      const chunk = copyToTensor(features, [1, features.length / featureSize, featureSize]);
      const { logits, state: next } = this.forward(chunk as Tensor3D, state);
      return { probabilities: tf.softmax(tf.div(logits, this.#temperature)), state: next };
    });
  }

  /** The network's inputs, standardised and limited. */
  #standardised(features: Tensor3D, state: LabelerState): Tensor3D {
    const inputs = networkInputs(this.config.inputs, features, state);
    const centred = tf.sub<Tensor3D>(inputs, this.#variable('normalization.mean'));
    const scaled = tf.mul<Tensor3D>(centred, this.#variable('normalization.scale'));
    return tf.clipByValue(scaled, -MAX_DEVIATION, MAX_DEVIATION);
  }

  #layerWeights(layer: number): RecurrentWeights {
    const variable = (name: keyof RecurrentWeights) => this.#variable(`recurrent.${layer}.${name}`);
    return {
      kernel: variable('kernel'),
      recurrentKernel: variable('recurrentKernel'),
      bias: variable('bias'),
    };
  }

  #variable(name: string): Tensor2D {
    return this.#variables.get(name) as tf.Tensor as Tensor2D;
  }

  #assign(name: string, values: Float32Array): void {
    const variable = this.#variables.get(name)!;
    const tensor = copyToTensor(values, variable.shape);
    variable.assign(tensor);
    tensor.dispose();
  }
}

/** Copies, for on the plain JavaScript backend a tensor keeps the array that it is given. */
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
