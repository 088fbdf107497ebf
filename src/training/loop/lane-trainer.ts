import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensorMap, Scalar, Tensor3D } from '@tensorflow/tfjs-core';
import { GradientError, TrainingError } from '../../errors.js';
import { resetLanes, type LabelerState } from '../../labeler/labeler-state.js';
import type { TemporalLabeler } from '../../labeler/temporal-labeler.js';
import { clipByGlobalNorm } from '../../recurrent/clip-gradients.js';
import { GradientWindow } from '../../recurrent/truncated-backpropagation.js';
import { addNoise, showSequence } from '../data/augmentation.js';
import { createNormalRandom, createRandom } from '../data/random.js';
import type { LabeledSequence, ShownFrames } from '../data/sequences.js';
import { Adam } from './adam.js';
import { gatherLanes, type EpochPlan, type LaneBatch, type LaneChunk } from './lanes.js';
import { learningRateAt } from './learning-rate.js';
import { sequenceLoss, smoothnessLoss } from './sequence-loss.js';
import type { StepReport } from './training-reports.js';
import type { TrainingSettings } from './training-settings.js';

/** Statistics of the training data, computed once. */
export interface TrainingStatistics {
  /** Weight of a frame of each label, `[numLabels]`. */
  frameWeights: Float32Array;
  /** Standard deviation of the noise added to each feature, `[featureSize]`. Undefined for no noise. */
  noise: Float32Array | undefined;
}

/** Separates the random numbers of noise from those drawn for other purposes. */
const STREAM = 2;

/**
 * Walks videos in lanes and takes one optimizer step per chunk of all lanes. A lane carries its state from chunk to chunk
 * and starts at zero with each video. Gradients flow back through the last `gradientLength` frames: earlier chunks of that
 * window run again from the state stored before them, and their loss is ignored.
 *
 * Everything random in a step depends only on the seed and the step's number.
 */
export class LaneTrainer {
  readonly adam: Adam;
  readonly #labeler: TemporalLabeler;
  readonly #sequences: readonly LabeledSequence[];
  readonly #settings: TrainingSettings;
  readonly #statistics: TrainingStatistics;
  readonly #window = new GradientWindow<LabelerState>();
  /** Frames of the videos that lanes are in the middle of, by position in the plan. */
  #shown = new Map<number, ShownFrames>();

  /** @param labeler - The caller still disposes it, after the trainer. */
  constructor(
    labeler: TemporalLabeler,
    sequences: readonly LabeledSequence[],
    settings: TrainingSettings,
    statistics: TrainingStatistics,
  ) {
    this.#labeler = labeler;
    this.#sequences = sequences;
    this.#settings = settings;
    this.#statistics = statistics;
    this.adam = new Adam(labeler.trainableVariables, { weightDecay: settings.weightDecay });
  }

  /** States that the next step starts from. The trainer disposes them. */
  get states(): readonly LabelerState[] {
    return this.#window.states;
  }

  /**
   * Takes the steps of an epoch, each when the loop asks for it.
   *
   * @param from - Where to start: steps already taken of the plan and of the whole training, and the {@link states} at that
   *   point, which the trainer then disposes.
   * @throws {TrainingError} If the loss or the gradient is not finite.
   */
  async *walk(
    plan: EpochPlan,
    from: { numDone: number; numSteps: number; states?: LabelerState[] },
  ): AsyncGenerator<StepReport, void, void> {
    const { epochs, signal } = this.#settings;
    const { numDone } = from;
    this.#window.reset(from.states);
    this.#shown.clear(); // Its positions belong to the previous plan.
    let numSeen = countFrames(plan.steps.slice(0, numDone));
    for (let index = numDone; index < plan.steps.length; index++) {
      signal?.throwIfAborted();
      await this.#show(plan, plan.steps[index]!);
      numSeen += countFrames([plan.steps[index]!]);
      const share = numSeen / plan.numFrames;
      const learningRate = learningRateAt((plan.epoch - 1 + share) / epochs, this.#settings);
      const step = from.numSteps + index - numDone + 1;
      const taken = await this.#step(plan.steps, index, step, learningRate);
      yield { epoch: plan.epoch, step, share, learningRate, ...taken };
    }
    this.#window.reset();
  }

  /** Disposes the states. */
  dispose(): void {
    this.#window.reset();
  }

  async #step(
    steps: readonly LaneChunk[][],
    index: number,
    step: number,
    learningRate: number,
  ): Promise<Pick<StepReport, 'loss' | 'numLabelled' | 'gradientNorm' | 'clippedGradientNorm'>> {
    const { gradientLength, chunkLength, maxGradientNorm, isClipMode } = this.#settings;
    const chunks = steps[index]!;
    if (chunks.every(({ isFirst }) => isFirst)) {
      this.#window.reset([this.#labeler.initialState(chunks.length)]);
    }
    const earlier = steps.slice(index + 1 - this.#window.states.length, index + 1);
    const batches = earlier.map((each, position) =>
      this.#gather(each, chunks, step + 1 - earlier.length + position),
    );
    const last = batches.at(-1)!;
    try {
      const { loss, gradients: unclipped } = await this.#window.differentiate(
        this.#labeler.trainableVariables,
        (oldest) => {
          const { logits, state } = this.#forward(oldest, earlier, batches, step);
          return { loss: this.#loss(logits, last), state };
        },
      );
      const { gradients, norm } = await this.#clip(unclipped, loss, step, learningRate);
      // A chunk without labels teaches nothing, but Adam would still take a full step.
      if (last.numLabelled > 0) await this.adam.step(gradients, learningRate);
      tf.dispose(gradients);
      this.#window.keepNewest(isClipMode ? 1 : gradientLength / chunkLength);
      const clippedGradientNorm = Math.min(norm, maxGradientNorm);
      return { loss, numLabelled: last.numLabelled, gradientNorm: norm, clippedGradientNorm };
    } finally {
      tf.dispose(batches);
    }
  }

  /** Runs the chunks of a window one after another and returns the logits of the last one. */
  #forward(
    oldest: LabelerState,
    window: readonly LaneChunk[][],
    batches: readonly LaneBatch[],
    step: number,
  ): { logits: Tensor3D; state: LabelerState } {
    let state = oldest;
    let logits: Tensor3D | undefined;
    batches.forEach(({ features, mask }, position) => {
      const started = resetLanes(
        state,
        window[position]!.map(({ isFirst }) => !isFirst),
      );
      const seed = this.#settings.seed * 1_000_003 + step + 1 - window.length + position;
      ({ logits, state } = this.#labeler.forward(features, started, { training: true, seed, mask }));
    });
    return { logits: logits!, state };
  }

  #loss(logits: Tensor3D, { targets, pairs }: LaneBatch): Scalar {
    const { smoothness } = this.#settings;
    const crossEntropy = sequenceLoss(logits, targets);
    if (smoothness === 0 || !pairs) return crossEntropy;
    return tf.add(crossEntropy, tf.mul(smoothnessLoss(logits, pairs), smoothness));
  }

  /** Clips the gradients and takes ownership of those given. The caller disposes the result. */
  async #clip(gradients: NamedTensorMap, loss: number, step: number, learningRate: number) {
    const diverged = (what: string, options?: ErrorOptions) =>
      new TrainingError(
        `Training diverged at step ${step}: loss ${loss}${what}. Lower the learning rate (now ${learningRate}).`,
        options,
      );
    const clipped = await clipByGlobalNorm(gradients, this.#settings.maxGradientNorm).catch(
      (cause: unknown) => {
        throw cause instanceof GradientError ? diverged(', the gradient is not finite', { cause }) : cause;
      },
    );
    if (Number.isFinite(loss)) return clipped;
    tf.dispose(clipped.gradients);
    throw diverged('');
  }

  /**
   * Gathers the chunks of a step of the window.
   *
   * @param current - Chunks of the window's last step. A lane that shows another video there starts at zero in between, so
   *   that its earlier frames do not matter.
   */
  #gather(chunks: readonly LaneChunk[], current: readonly LaneChunk[], step: number): LaneBatch {
    const { noise, frameWeights } = this.#statistics;
    const { seed, labelSmoothing } = this.#settings;
    const shown = chunks.map(({ sequence }, lane) =>
      sequence === current[lane]!.sequence ? this.#shown.get(sequence) : undefined,
    );
    const alter = (features: Float32Array, lane: number): void => {
      if (noise) addNoise(features, noise, createNormalRandom(createRandom(seed, STREAM, step, lane)));
    };
    const { featureSize } = this.#labeler.config;
    return gatherLanes(chunks, shown, { featureSize, frameWeights, labelSmoothing, alter });
  }

  /** Loads the videos that a step needs, and drops those that have ended. */
  async #show({ views }: EpochPlan, chunks: readonly LaneChunk[]): Promise<void> {
    const before = this.#shown;
    this.#shown = new Map();
    for (const { sequence: position } of chunks) {
      const view = views[position];
      if (!view) continue; // The lane has no sequence.
      const frames =
        before.get(position) ??
        (await showSequence(this.#sequences[view.sequence]!, view, this.#labeler.config.lookahead));
      this.#shown.set(position, frames);
    }
  }
}

function countFrames(steps: readonly LaneChunk[][]): number {
  return steps.flat().reduce((sum, { length }) => sum + length, 0);
}
