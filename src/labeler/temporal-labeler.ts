import * as tf from '@tensorflow/tfjs-core';
import type { Tensor3D, Variable } from '@tensorflow/tfjs-core';
import { ShapeError, UsageError } from '../errors.js';
import { product } from '../tfjs/dense-product.js';
import { expectShape } from '../tfjs/expect-shape.js';
import { labelerConfigOf, type LabelerConfig, type LabelerOptions } from './labeler-config.js';
import { cloneState, disposeState, initialState, type LabelerState } from './labeler-state.js';
import { initialWeights, LabelerWeights } from './model/labeler-weights.js';
import { networkInputs } from './network-inputs.js';
import { normalizationOf, normalize, type Moments } from './normalization.js';
import { RecurrentStack, type ForwardOptions } from './recurrent-stack.js';

export type { Moments } from './normalization.js';
export type { ForwardOptions } from './recurrent-stack.js';

/** Probabilities, float32 `[numFrames, numLabels]`, and the state after the last frame, which the caller disposes. */
type LabeledFeatures = { probabilities: Float32Array; state: LabelerState };

/** Frames that go through the network at once, which bounds the size of its tensors. */
const CHUNK_FRAMES = 256;

/**
 * The network over time: frame features in, a score for each label and frame out.
 *
 *   features, difference to the frame before, …          [batch, time, inputs·featureSize]
 *   → standardized by the training data's moments
 *   → projection, relu                                   [batch, time, projectionUnits]
 *   → recurrent layers, dropout before each              [batch, time, units]
 *   → logits                                             [batch, time, numLabels]
 *
 * It sees only the past and carries its state from chunk to chunk, so cutting a video into chunks does not change the
 * result. A bidirectional network is different: each layer returns `2·units` and also sees the future, as far as the given
 * frames reach. Without a cell, the logits are computed directly from the projection.
 *
 * @example
 * const { probabilities, state } = await labeler.label(features);
 * disposeState(state);
 */
export class TemporalLabeler {
  readonly config: LabelerConfig;
  readonly #stack: RecurrentStack;
  readonly #weights: LabelerWeights;
  #temperature = 1;

  private constructor(config: LabelerConfig, weights: ReadonlyMap<string, Float32Array>) {
    this.config = config;
    this.#stack = new RecurrentStack(config);
    this.#weights = new LabelerWeights(config, weights);
  }

  /**
   * Creates an untrained labeler. The caller disposes it.
   *
   * @param options - `seed` is a non-negative integer. The same seed gives the same weights. Default 0.
   * @throws {UsageError} If the configuration or the seed is impossible.
   */
  static create(config: LabelerOptions, { seed = 0 }: { seed?: number } = {}): TemporalLabeler {
    const complete = labelerConfigOf(config);
    if (!Number.isInteger(seed) || seed < 0) {
      throw new UsageError(`The labeler's seed is ${seed}; expected a non-negative integer.`);
    }
    return new TemporalLabeler(complete, initialWeights(complete, seed));
  }

  /**
   * Creates a labeler with given weights, by name. The caller disposes it.
   *
   * @throws {ShapeError} If the weights do not fit the network.
   */
  static fromWeights(config: LabelerConfig, weights: ReadonlyMap<string, Float32Array>): TemporalLabeler {
    return new TemporalLabeler(config, weights);
  }

  /** The variables that an optimizer may change. They belong to the labeler. */
  get trainableVariables(): Variable[] {
    return this.#weights.trainable;
  }

  /**
   * The logits are divided by this number before {@link label} turns them into probabilities. Above 1, the labeler is less
   * confident; the label it chooses stays the same. Training and {@link forward} do not use it. 1 until calibration.
   *
   * @see Guo et al. 2017, arXiv:1706.04599.
   */
  get temperature(): number {
    return this.#temperature;
  }

  /** @throws {UsageError} If it is not a finite number above 0. */
  set temperature(temperature: number) {
    if (!(temperature > 0 && temperature < Infinity)) {
      throw new UsageError(`The labeler's temperature is ${temperature}; expected a finite number above 0.`);
    }
    this.#temperature = temperature;
  }

  /** The state before the first frame, for `batchSize` videos side by side. The caller disposes it. */
  initialState(batchSize: number): LabelerState {
    return initialState(batchSize, this.config.featureSize, this.#stack.initialState(batchSize));
  }

  /**
   * From now on, standardizes the inputs by the moments of the training data. Inputs that hardly vary there are silenced.
   *
   * @param moments - One per input of the network, in the order of `config.inputs`.
   * @throws {ShapeError} If there is not one per input, or their length is not `featureSize`.
   */
  fitNormalization(moments: readonly Moments[]): void {
    const { featureSize, inputs } = this.config;
    if (moments.length !== inputs.length) {
      const expected = `${inputs.length}, one an input`;
      throw new ShapeError('Moments to normalize by', expected, String(moments.length));
    }
    const { mean, scale } = normalizationOf(moments, featureSize);
    this.#weights.assign('normalization.mean', mean);
    this.#weights.assign('normalization.scale', scale);
  }

  /**
   * Scores one chunk of each of several videos. Differentiable with respect to `trainableVariables`; gradients stop at the
   * given state. The backward direction of a bidirectional network starts at the end of the chunk.
   *
   * @param features - float32 `[batch, time, featureSize]`, the frames that follow the state.
   * @param state - Remains the caller's.
   * @returns Logits, float32 `[batch, time, numLabels]`, and the state after the chunk. The caller disposes both.
   * @throws {ShapeError} If features, state and mask do not fit each other or the network.
   */
  forward(
    features: Tensor3D,
    state: LabelerState,
    options: ForwardOptions = {},
  ): { logits: Tensor3D; state: LabelerState } {
    const { featureSize } = this.config;
    expectShape('The features to label', features, ['batch', 'time', featureSize]);
    const [batchSize] = features.shape;
    expectShape("The state's previous features", state.previousFeatures, [batchSize, featureSize]);
    return tf.tidy(() => {
      const { values: projected, state: before } = this.#project(features, state);
      return this.#score(projected, before, options);
    });
  }

  /**
   * Labels any number of consecutive frames of one video. A bidirectional network starts its backward direction at the last
   * of them, so give it the whole video.
   *
   * @param features - float32 `[numFrames, featureSize]`.
   * @param state - The state after the frames before; remains the caller's. Without it, the video starts here.
   * @returns Probability of each label, float32 `[numFrames, numLabels]`, and the state after the last frame, which the
   *   caller disposes.
   * @throws {ShapeError} If the features are not whole frames, or the state belongs to another network.
   */
  async label(features: Float32Array, state?: LabelerState): Promise<LabeledFeatures> {
    if (this.config.bidirectional) {
      const { projected, state: before } = await this.projectFeatures(features, state);
      try {
        return await this.labelProjected(projected, before);
      } finally {
        disposeState(before);
      }
    }
    const labeled = await this.#inChunks(features, state, this.config.numLabels, (chunk, current) => {
      const { logits, state: next } = this.forward(chunk, current);
      return { values: this.#probabilitiesOf(logits), state: next };
    });
    return { probabilities: labeled.values, state: labeled.state };
  }

  /**
   * Computes the first half of {@link label}: inputs and projection, which need only earlier frames. For a bidirectional
   * network, this is all that must be kept of each frame until the video ends.
   *
   * @param features - float32 `[numFrames, featureSize]`.
   * @param state - The state after the frames before; remains the caller's. Without it, the video starts here.
   * @returns float32 `[numFrames, projectionUnits]`, and the state after the last frame, which the caller disposes. Its
   *   recurrent part has not advanced.
   * @throws {ShapeError} If the features are not whole frames.
   */
  async projectFeatures(
    features: Float32Array,
    state?: LabelerState,
  ): Promise<{ projected: Float32Array; state: LabelerState }> {
    const { projectionUnits } = this.config;
    const projected = await this.#inChunks(features, state, projectionUnits, (chunk, current) =>
      this.#project(chunk, current),
    );
    return { projected: projected.values, state: projected.state };
  }

  /**
   * Computes the second half of {@link label}, all frames at once: recurrence, logits and probabilities.
   *
   * @param projected - float32 `[numFrames, projectionUnits]`, as {@link projectFeatures} returns it.
   * @param state - Its recurrent part is that before the first frame. Remains the caller's.
   */
  async labelProjected(projected: Float32Array, state: LabelerState): Promise<LabeledFeatures> {
    const { projectionUnits } = this.config;
    const numFrames = projected.length / projectionUnits;
    if (numFrames === 0) return { probabilities: new Float32Array(0), state: cloneState(state) };
    const labeled = tf.tidy(() => {
      const frames = tf.tensor3d(projected, [1, numFrames, projectionUnits]);
      const { logits, state: next } = this.#score(frames, state);
      return { probabilities: this.#probabilitiesOf(logits), state: next };
    });
    const probabilities = await labeled.probabilities.data<'float32'>();
    labeled.probabilities.dispose();
    return { probabilities, state: labeled.state };
  }

  /** Copies the values of all weights, by name, in the order of a model file. */
  async exportWeights(): Promise<Map<string, Float32Array>> {
    return this.#weights.export();
  }

  /** Replaces all weights. @throws {ShapeError} If they do not fit the network; no weight has changed then. */
  importWeights(weights: ReadonlyMap<string, Float32Array>): void {
    this.#weights.import(weights);
  }

  /** Frees the weights. The labeler cannot be used afterwards. */
  dispose(): void {
    this.#weights.dispose();
  }

  /** Same as {@link dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** @returns float32 `[batch, time, projectionUnits]`, and the state, whose recurrent part has not advanced. */
  #project(features: Tensor3D, state: LabelerState): { values: Tensor3D; state: LabelerState } {
    return tf.tidy(() => {
      const { inputs, state: after } = networkInputs(this.config, features, state);
      const mean = this.#weights.get('normalization.mean');
      const scale = this.#weights.get('normalization.scale');
      const values = tf.relu(this.#dense(normalize(inputs, mean, scale), 'projection'));
      return { values, state: cloneState(after) };
    });
  }

  #score(projected: Tensor3D, state: LabelerState, options: ForwardOptions = {}) {
    return tf.tidy(() => {
      const { outputs, states } = this.#stack.run(this.#weights, projected, state.recurrent, options);
      return { logits: this.#dense(outputs, 'output'), state: cloneState({ ...state, recurrent: states }) };
    });
  }

  #dense(inputs: Tensor3D, name: 'projection' | 'output'): Tensor3D {
    const [batchSize, numSteps, size] = inputs.shape;
    const flat = tf.reshape<tf.Rank.R2>(inputs, [batchSize * numSteps, size]);
    const multiplied = product(flat, this.#weights.get(`${name}.kernel`));
    const outputs = tf.add(multiplied, this.#weights.get(`${name}.bias`));
    return tf.reshape(outputs, [batchSize, numSteps, -1]);
  }

  #probabilitiesOf(logits: Tensor3D): Tensor3D {
    return tf.softmax(tf.div(logits, this.temperature));
  }

  /**
   * Runs a function on frames of one video, chunk by chunk.
   *
   * @param width - Values that `run` returns per frame.
   * @param run - Takes a chunk, float32 `[1, time, featureSize]`, inside `tf.tidy`.
   */
  async #inChunks(
    features: Float32Array,
    before: LabelerState | undefined,
    width: number,
    run: (chunk: Tensor3D, state: LabelerState) => { values: Tensor3D; state: LabelerState },
  ): Promise<{ values: Float32Array; state: LabelerState }> {
    const { featureSize } = this.config;
    const numFrames = features.length / featureSize;
    if (!Number.isInteger(numFrames)) {
      throw new ShapeError('The features to label', `a multiple of ${featureSize}`, String(features.length));
    }
    const values = new Float32Array(numFrames * width);
    let state = before ? cloneState(before) : this.initialState(1);
    try {
      for (let start = 0; start < numFrames; start += CHUNK_FRAMES) {
        const end = Math.min(start + CHUNK_FRAMES, numFrames);
        const next = tf.tidy(() => {
          // A copy, because on the backend `cpu` a tensor keeps the array that it is created from.
          const frames = features.slice(start * featureSize, end * featureSize);
          return run(tf.tensor3d(frames, [1, end - start, featureSize]), state);
        });
        disposeState(state);
        state = next.state;
        values.set(await next.values.data<'float32'>(), start * width);
        next.values.dispose();
      }
    } catch (cause) {
      disposeState(state);
      throw cause;
    }
    return { values, state };
  }
}
