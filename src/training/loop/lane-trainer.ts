import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensorMap, Scalar, Tensor3D } from '@tensorflow/tfjs-core';
import { GradientError, TrainingError } from '../../errors.js';
import { disposeState, keepState, resetLanes, type LabelerState } from '../../labeler/labeler-state.js';
import type { TemporalLabeler } from '../../labeler/temporal-labeler.js';
import { clipByGlobalNorm } from '../../recurrent/clip-gradients.js';
import { Adam } from './adam.js';
import { addNoise, showSequence } from '../data/augmentation.js';
import type { EpochPlan } from './epoch-plan.js';
import { gatherLanes, type LaneBatch } from './lane-batch.js';
import type { LaneChunk } from './lanes.js';
import { learningRateAt } from './learning-rate.js';
import { createNormalRandom, createRandom } from '../data/random.js';
import { sequenceLoss, smoothnessLoss } from './sequence-loss.js';
import type { LabeledSequence, ShownFrames } from '../data/sequences.js';
import type { StepReport } from './training-reports.js';
import type { TrainingSettings } from './training-settings.js';

/** What training computes once from its data. */
export interface TrainingStatistics {
  /** Weight of a frame of each label, `[numLabels]`. */
  frameWeights: Float32Array;
  /** Standard deviation of the noise of each feature, `[featureSize]`; undefined for none. */
  noise: Float32Array | undefined;
}

/** Tells the numbers drawn for noise from those drawn for other ends. */
const STREAM = 2;

/**
 * Walks videos in lanes and takes one step of the optimizer for each chunk of all lanes. State goes forward from chunk to
 * chunk and starts anew with each video; gradients flow back through the last `gradientLength` frames, for which earlier
 * chunks run again from the state that was stored before them. Their loss has counted and is dropped.
 *
 * What is random in a step is fixed by the step's number.
 */
export class LaneTrainer {
  readonly adam: Adam;
  /** States before the chunks through which the next gradient flows, oldest first, the last one before the next step. */
  #states: LabelerState[] = [];
  /** Videos that lanes are in the middle of, by their position in the plan. */
  #shown = new Map<number, ShownFrames>();

  /** @param labeler - Stays the caller's, who must not dispose it before the trainer. */
  constructor(
    private readonly labeler: TemporalLabeler,
    private readonly sequences: readonly LabeledSequence[],
    private readonly settings: TrainingSettings,
    private readonly statistics: TrainingStatistics,
  ) {
    this.adam = new Adam(labeler.trainableVariables, { weightDecay: settings.weightDecay });
  }

  /** States that the next step starts from; they stay the trainer's. */
  get states(): readonly LabelerState[] {
    return this.#states;
  }

  /**
   * Takes an epoch's steps, each when the loop asks for it. Between two of them nothing is under way.
   *
   * @param from - Where to go on: steps taken of the plan and of the whole training, and {@link states} as they were
   *   there, which are taken over.
   * @throws {TrainingError} If loss or gradient is no longer a number.
   */
  async *walk(
    plan: EpochPlan,
    from: { numDone: number; numSteps: number; states?: LabelerState[] },
  ): AsyncGenerator<StepReport, void, void> {
    const { epochs, signal } = this.settings;
    const { numDone } = from;
    this.#forget(from.states);
    this.#shown.clear(); // Positions are those of another plan now.
    let numSeen = countFrames(plan.steps.slice(0, numDone));
    for (let index = numDone; index < plan.steps.length; index++) {
      signal?.throwIfAborted();
      await this.#show(plan, plan.steps[index]!);
      numSeen += countFrames([plan.steps[index]!]);
      const share = numSeen / plan.numFrames;
      const learningRate = learningRateAt((plan.epoch - 1 + share) / epochs, this.settings);
      const step = from.numSteps + index - numDone + 1;
      const taken = await this.#step(plan.steps, index, step, learningRate);
      yield { epoch: plan.epoch, step, share, learningRate, ...taken };
    }
    this.#forget();
  }

  async #step(
    steps: readonly LaneChunk[][],
    index: number,
    step: number,
    learningRate: number,
  ): Promise<Pick<StepReport, 'loss' | 'numLabelled' | 'gradientNorm' | 'clippedGradientNorm'>> {
    const { gradientLength, chunkLength, maxGradientNorm, isClipMode } = this.settings;
    const chunks = steps[index]!;
    if (chunks.every(({ isFirst }) => isFirst)) this.#forget([this.labeler.initialState(chunks.length)]);
    const window = steps.slice(index + 1 - this.#states.length, index + 1);
    const batches = window.map((earlier, position) =>
      this.#gather(earlier, chunks, step + 1 - window.length + position),
    );
    const last = batches.at(-1)!;
    let next: LabelerState | undefined;
    const { value, grads } = tf.variableGrads(() => {
      const { logits, state } = this.#forward(window, batches, step);
      next = keepState(state);
      return this.#loss(logits, last);
    }, this.labeler.trainableVariables);
    try {
      this.#states.push(next!);
      const [loss] = await value.data<'float32'>();
      const { gradients, norm } = await this.#clip(grads, loss!, step, learningRate);
      // A chunk without labels teaches nothing; Adam would make a full step of what little gradient it has.
      if (last.numLabelled > 0) await this.adam.step(gradients, learningRate);
      tf.dispose(gradients);
      const numKept = isClipMode ? 1 : gradientLength / chunkLength;
      if (this.#states.length > numKept) disposeState(this.#states.shift()!);
      const clippedGradientNorm = Math.min(norm, maxGradientNorm);
      return { loss: loss!, numLabelled: last.numLabelled, gradientNorm: norm, clippedGradientNorm };
    } finally {
      value.dispose();
      tf.dispose(batches);
    }
  }

  /** Runs a window's chunks one after another. */
  #forward(window: readonly LaneChunk[][], batches: readonly LaneBatch[], step: number) {
    let state = this.#states[0]!;
    let logits: Tensor3D | undefined;
    batches.forEach(({ features, mask }, position) => {
      const started = resetLanes(
        state,
        window[position]!.map(({ isFirst }) => !isFirst),
      );
      const seed = this.settings.seed * 1_000_003 + step + 1 - window.length + position;
      const options = { training: true, seed, ...(mask && { mask }) };
      ({ logits, state } = this.labeler.forward(features, started, options));
    });
    return { logits: logits!, state };
  }

  #loss(logits: Tensor3D, { targets, pairs }: LaneBatch): Scalar {
    const { smoothness } = this.settings;
    const crossEntropy = sequenceLoss(logits, targets);
    if (smoothness === 0 || !pairs) return crossEntropy;
    return tf.add(crossEntropy, tf.mul(smoothnessLoss(logits, pairs), smoothness));
  }

  /** Takes the gradients over, and gives them back clipped. */
  async #clip(gradients: NamedTensorMap, loss: number, step: number, learningRate: number) {
    const ranAway = (what: string, options?: ErrorOptions) =>
      new TrainingError(
        `Training ran away at step ${step}: loss ${loss}${what}. Lower the learning rate (now ${learningRate}).`,
        options,
      );
    const clipped = await clipByGlobalNorm(gradients, this.settings.maxGradientNorm).catch(
      (cause: unknown) => {
        throw cause instanceof GradientError ? ranAway(', the gradient is not finite', { cause }) : cause;
      },
    );
    if (Number.isFinite(loss)) return clipped;
    tf.dispose(clipped.gradients);
    throw ranAway('');
  }

  /**
   * @param chunks - The chunks to gather.
   * @param current - Those of the step. A lane that shows another video by then starts anew in between, so that what it
   *   showed before does not matter.
   */
  #gather(chunks: readonly LaneChunk[], current: readonly LaneChunk[], step: number): LaneBatch {
    const { noise, frameWeights } = this.statistics;
    const { seed, labelSmoothing } = this.settings;
    const shown = chunks.map(({ sequence }, lane) =>
      sequence === current[lane]!.sequence ? this.#shown.get(sequence) : undefined,
    );
    const alter = (features: Float32Array, lane: number): void => {
      if (noise) addNoise(features, noise, createNormalRandom(createRandom(seed, STREAM, step, lane)));
    };
    const { featureSize } = this.labeler.config;
    return gatherLanes(chunks, shown, { featureSize, frameWeights, labelSmoothing, alter });
  }

  /** Loads the videos of a step that are not there yet, and lets go of those that are over. */
  async #show({ views }: EpochPlan, chunks: readonly LaneChunk[]): Promise<void> {
    const before = this.#shown;
    this.#shown = new Map();
    for (const { sequence: position } of chunks) {
      const view = views[position];
      if (!view) continue; // an idle lane
      const frames =
        before.get(position) ??
        (await showSequence(this.sequences[view.sequence]!, view, this.labeler.config.lookahead));
      this.#shown.set(position, frames);
    }
  }

  #forget(states: LabelerState[] = []): void {
    this.#states.forEach(disposeState);
    this.#states = states;
  }

  /** Frees the states. */
  dispose(): void {
    this.#forget();
  }
}

function countFrames(steps: readonly LaneChunk[][]): number {
  return steps.flat().reduce((sum, { length }) => sum + length, 0);
}
