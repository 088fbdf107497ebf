import * as tf from '@tensorflow/tfjs-core';
import type { Tensor3D, Variable } from '@tensorflow/tfjs-core';
import { ShapeError, UsageError } from '../errors.js';
import { product } from '../tfjs/dense-product.js';
import { expectShape } from '../tfjs/expect-shape.js';
import { labelFeatures, type LabeledFeatures } from './stream/label-features.js';
import { labelerConfigOf } from './labeler-config.js';
import type { LabelerConfig, LabelerOptions } from './labeler-config.js';
import { cloneState } from './labeler-state.js';
import type { LabelerState } from './labeler-state.js';
import { initialWeights, LabelerWeights } from './model/labeler-weights.js';
import { networkInputs } from './network-inputs.js';
import { normalizationOf, normalize } from './normalization.js';
import type { Moments } from './normalization.js';
import { RecurrentStack, type ForwardOptions } from './recurrent-stack.js';

export type { Moments } from './normalization.js';
export type { ForwardOptions } from './recurrent-stack.js';

/**
 * The network over time: frame features in, a score for each label and frame out.
 *
 *   features, difference to the frame before, …          [batch, time, inputs·featureSize]
 *   → standardised by the training data's moments
 *   → projection, relu                                   [batch, time, projectionUnits]
 *   → recurrent layers, dropout before each              [batch, time, units]
 *   → logits                                             [batch, time, numLabels]
 *
 * It sees the past only, and carries its state from chunk to chunk: cutting a video into chunks changes nothing. Unless
 * it is bidirectional: then each layer gives `2·units`, and sees the future too, as far as the frames that it is given.
 * Without a cell the logits come straight from the projection.
 */
export class TemporalLabeler implements Disposable {
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
   * Makes an untrained labeler.
   *
   * @param options.seed - Non-negative integer; the same seed gives the same weights.
   * @throws {UsageError} If configuration or seed are impossible.
   */
  static create(config: LabelerOptions, { seed = 0 }: { seed?: number } = {}): TemporalLabeler {
    const complete = labelerConfigOf(config);
    if (!Number.isInteger(seed) || seed < 0) {
      throw new UsageError(`The labeler's seed must be a non-negative whole number, not ${seed}.`);
    }
    return new TemporalLabeler(complete, initialWeights(complete, seed));
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
    return this.#weights.trainable;
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
      motionSum: tf.zeros([batchSize, this.config.featureSize]),
      motionWeight: tf.zeros([batchSize, 1]),
      recurrent: this.#stack.initialState(batchSize),
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
    this.#weights.assign('normalization.mean', mean);
    this.#weights.assign('normalization.scale', scale);
  }

  /**
   * Scores a chunk of each of several videos. Differentiable in `trainableVariables`; gradients stop at the given state.
   * What walks backwards starts at the chunk's end, and knows nothing of frames behind it.
   *
   * @param features - float32 `[batch, time, featureSize]`, the frames that follow the state.
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
      const { projected, state: before } = this.project(features, state);
      return this.score(projected, before, options);
    });
  }

  /**
   * The first half of {@link forward}: inputs, standardised and projected, which cost little and look back only.
   *
   * @returns float32 `[batch, time, projectionUnits]`, and the state for {@link score}, whose recurrent part is still that
   *   before the chunk. The caller disposes both.
   */
  project(features: Tensor3D, state: LabelerState): { projected: Tensor3D; state: LabelerState } {
    return tf.tidy(() => {
      const { inputs, state: after } = networkInputs(this.config, features, state);
      const [mean, scale] = [
        this.#weights.get('normalization.mean'),
        this.#weights.get('normalization.scale'),
      ];
      return {
        projected: tf.relu(this.#dense(normalize(inputs, mean, scale), 'projection')),
        state: cloneState(after),
      };
    });
  }

  /**
   * The second half of {@link forward}: recurrence and logits.
   *
   * @param projected - float32 `[batch, time, projectionUnits]`.
   * @param state - As {@link project} gave it.
   * @returns As {@link forward} does.
   */
  score(
    projected: Tensor3D,
    state: LabelerState,
    options: ForwardOptions = {},
  ): { logits: Tensor3D; state: LabelerState } {
    return tf.tidy(() => {
      const { outputs, states } = this.#stack.run(this.#weights, projected, state.recurrent, options);
      return { logits: this.#dense(outputs, 'output'), state: cloneState({ ...state, recurrent: states }) };
    });
  }

  /**
   * Labels frames of one video, however many. A bidirectional labeler walks back from the last of them, so that they
   * should be the whole video.
   *
   * @param features - float32 `[numFrames, featureSize]`.
   * @param state - State after the frames before, stays the caller's; without it, these are the video's first.
   * @returns Probability of each label, float32 `[numFrames, numLabels]`, and the state after the last frame, which the
   *   caller disposes.
   * @throws {ShapeError} If the features are not whole frames, or the state is of another network.
   */
  async label(features: Float32Array, state?: LabelerState): Promise<LabeledFeatures> {
    return labelFeatures(this, features, state);
  }

  /** Copies the values of all weights, by name, in the order of a model file. */
  async exportWeights(): Promise<Map<string, Float32Array>> {
    return this.#weights.export();
  }

  /**
   * Takes over weights, as those of the best epoch.
   *
   * @throws {ShapeError} If they are not those of the network; nothing has changed then.
   */
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

  #dense(inputs: Tensor3D, name: 'projection' | 'output'): Tensor3D {
    const [batchSize, numSteps, size] = inputs.shape;
    const flat = tf.reshape<tf.Rank.R2>(inputs, [batchSize * numSteps, size]);
    const outputs = tf.add(
      product(flat, this.#weights.get(`${name}.kernel`)),
      this.#weights.get(`${name}.bias`),
    );
    return tf.reshape(outputs, [batchSize, numSteps, -1]);
  }
}
