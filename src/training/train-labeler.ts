import * as tf from '@tensorflow/tfjs-core';
import { GradientError, TrainingError } from '../errors.js';
import type { LabelerOptions } from '../labeler/labeler-config.js';
import { disposeState, keepState, resetLanes, type LabelerState } from '../labeler/labeler-state.js';
import { TemporalLabeler } from '../labeler/temporal-labeler.js';
import { clipByGlobalNorm } from '../recurrent/clip-gradients.js';
import { inputMoments } from './input-moments.js';
import { walkInLanes, type LaneChunk } from './lanes.js';
import { balancedWeights, sequenceLoss } from './sequence-loss.js';
import { createRandom, shuffle } from './random.js';
import { scoreSequences, type DatasetScores } from './score-sequences.js';
import { delayTargets, UNLABELLED, type LabelledSequence } from './sequences.js';

/** How a labeler is trained. */
export interface LabelerTrainingOptions {
  /** Names of the labels, in the order of the targets. */
  labels: readonly string[];
  /** Label that means "no activity", left out of edit and F1. */
  background?: string;
  /** The network; what is left out takes its default. */
  network?: Omit<LabelerOptions, 'featureSize' | 'numLabels'>;
  /** Passes over the data. Default 30. */
  epochs?: number;
  /** Epochs without a better validation loss after which training ends. Default 8. */
  patience?: number;
  /** Step size of Adam in the first epoch; it falls to a tenth along half a cosine. Default 0.001. */
  learningRate?: number;
  /** Videos that walk side by side. Default 8. */
  numLanes?: number;
  /** Frames through which gradients flow back; state flows on for ever. Default 32. */
  chunkLength?: number;
  /** Length of the gradient over all weights above which it is scaled down. Default 1. */
  maxGradientNorm?: number;
  /** Weigh labels by the inverse of their frames, so that rare ones count. Default true. */
  balanceLabels?: boolean;
  /** Fixes initial weights, order and dropout: same seed, data and backend, same model. Default 1. */
  seed?: number;
  signal?: AbortSignal;
  onEpoch?: (epoch: EpochReport) => void;
  /** Called after each step with the share of the epoch's frames seen, 0 to 1. */
  onStep?: (epoch: number, share: number) => void;
}

/** What one pass over the data brought. */
export interface EpochReport {
  /** One-based. */
  epoch: number;
  epochs: number;
  /** Mean loss a labelled frame, dropout on, in nats. */
  trainingLoss: number;
  /** Mean length of the gradient before it was clipped. */
  gradientNorm: number;
  /** Null without validation data. */
  validation: DatasetScores | null;
  isBest: boolean;
}

/** A trained labeler and how it came about. */
export interface TrainedLabeler {
  /** The weights of the best epoch, or of the last without validation data. The caller disposes it. */
  labeler: TemporalLabeler;
  history: EpochReport[];
  bestEpoch: number;
}

function withDefaults(options: LabelerTrainingOptions) {
  return {
    ...options,
    epochs: options.epochs ?? 30,
    patience: options.patience ?? 8,
    learningRate: options.learningRate ?? 1e-3,
    numLanes: options.numLanes ?? 8,
    chunkLength: options.chunkLength ?? 32,
    maxGradientNorm: options.maxGradientNorm ?? 1,
    balanceLabels: options.balanceLabels ?? true,
    seed: options.seed ?? 1,
  };
}

/**
 * Trains a labeler by truncated backpropagation through time: lanes of a batch walk whole videos chunk by chunk, state
 * goes forward from chunk to chunk, gradients stop at the chunk's start.
 *
 * @throws {TrainingError} If the loss or the gradient is no longer a number.
 * @see Williams and Peng 1990, "An efficient gradient-based algorithm for on-line training of recurrent network
 *   trajectories"; Adam: Kingma and Ba 2015, arXiv:1412.6980; clipping: Pascanu et al. 2013, arXiv:1211.5063.
 */
export async function trainLabeler(
  training: readonly LabelledSequence[],
  validation: readonly LabelledSequence[],
  options: LabelerTrainingOptions,
): Promise<TrainedLabeler> {
  const settings = withDefaults(options);
  const { labels, background, epochs, patience, seed, signal } = settings;
  const first = training.find(({ numFrames }) => numFrames > 0);
  if (!first) throw new TrainingError('There is no frame to train on.');
  const featureSize = first.features.length / first.numFrames;
  const labeler = TemporalLabeler.create(
    { ...settings.network, featureSize, numLabels: labels.length },
    { seed },
  );
  labeler.fitNormalization(inputMoments(training, labeler.config));

  const delayed = training.map((sequence) => delayTargets(sequence, labeler.config.lookahead));
  const trainer = new LaneTrainer(labeler, delayed, settings);
  const random = createRandom(seed);
  const history: EpochReport[] = [];
  let best = { epoch: 0, loss: Infinity, weights: await labeler.exportWeights() };
  try {
    for (let epoch = 1; epoch <= epochs && epoch - best.epoch <= patience; epoch++) {
      const order = shuffle([...training.keys()], random);
      const { trainingLoss, gradientNorm } = await trainer.walk(order, epoch);
      signal?.throwIfAborted();
      const scores =
        validation.length > 0 ? await scoreSequences(labeler, validation, labels, background) : null;
      // Without validation data every epoch is the best so far, so the last one stays.
      const isBest = scores === null || (scores.loss ?? Infinity) < best.loss;
      if (isBest) best = { epoch, loss: scores?.loss ?? Infinity, weights: await labeler.exportWeights() };
      const report = { epoch, epochs, trainingLoss, gradientNorm, validation: scores, isBest };
      history.push(report);
      settings.onEpoch?.(report);
    }
    labeler.importWeights(best.weights);
    return { labeler, history, bestEpoch: best.epoch };
  } catch (error) {
    labeler.dispose();
    throw error;
  } finally {
    trainer.dispose();
  }
}

/** TensorFlow.js has no schedules; its optimizer reads this field anew at each step, and only its type is protected. */
function setLearningRate(optimizer: tf.AdamOptimizer, learningRate: number): void {
  (optimizer as unknown as { learningRate: number }).learningRate = learningRate;
}

/** Walks the training videos and takes one step of the optimizer for each chunk of all lanes. */
class LaneTrainer {
  readonly #optimizer: tf.AdamOptimizer;
  readonly #labelWeights: Float32Array;
  #numSteps = 0;

  constructor(
    private readonly labeler: TemporalLabeler,
    private readonly sequences: readonly LabelledSequence[],
    private readonly settings: ReturnType<typeof withDefaults>,
  ) {
    this.#optimizer = tf.train.adam(settings.learningRate);
    const numLabels = settings.labels.length;
    this.#labelWeights = settings.balanceLabels
      ? balancedWeights(
          sequences.map(({ targets }) => targets),
          numLabels,
        )
      : new Float32Array(numLabels).fill(1);
  }

  /** One pass over the videos in the given order. */
  async walk(
    order: readonly number[],
    epoch: number,
  ): Promise<{ trainingLoss: number; gradientNorm: number }> {
    const { numLanes, chunkLength, epochs, learningRate, signal, onStep } = this.settings;
    setLearningRate(
      this.#optimizer,
      learningRate * (0.1 + 0.45 * (1 + Math.cos((Math.PI * (epoch - 1)) / epochs))),
    );
    const sequences = order.map((position) => this.sequences[position] as LabelledSequence);
    const lengths = sequences.map(({ numFrames }) => numFrames);
    const numFrames = lengths.reduce((sum, length) => sum + length, 0);
    const totals = { loss: 0, norm: 0, weight: 0, steps: 0, frames: 0 };
    let state: LabelerState | undefined;
    try {
      for (const chunks of walkInLanes(lengths, { numLanes, chunkLength })) {
        signal?.throwIfAborted();
        const step = await this.#step(sequences, chunks, state);
        if (state) disposeState(state);
        state = step.state;
        totals.loss += step.loss * step.numLabelled;
        totals.weight += step.numLabelled;
        totals.norm += step.gradientNorm;
        totals.steps++;
        totals.frames += chunks.reduce((sum, { length }) => sum + length, 0);
        onStep?.(epoch, totals.frames / numFrames);
      }
    } finally {
      if (state) disposeState(state);
    }
    return { trainingLoss: totals.loss / totals.weight, gradientNorm: totals.norm / totals.steps };
  }

  async #step(
    sequences: readonly LabelledSequence[],
    chunks: readonly LaneChunk[],
    previous: LabelerState | undefined,
  ): Promise<{ loss: number; numLabelled: number; gradientNorm: number; state: LabelerState }> {
    const { labeler, settings } = this;
    const batch = this.#gather(sequences, chunks);
    const started = previous
      ? resetLanes(
          previous,
          chunks.map(({ isFirst }) => !isFirst),
        )
      : labeler.initialState(chunks.length);
    let next: LabelerState | undefined;
    const seed = settings.seed * 1_000_003 + this.#numSteps++;
    const { value, grads } = tf.variableGrads(() => {
      const { logits, state } = labeler.forward(batch.features, started, { training: true, seed });
      next = keepState(state);
      return sequenceLoss(logits, batch.targets);
    }, labeler.trainableVariables);
    const loss = (await value.data<'float32'>())[0] as number;
    disposeState(started);
    tf.dispose([value, batch.features, batch.targets]);
    const clipped = clipByGlobalNorm(grads, settings.maxGradientNorm);
    const { gradients, norm } = await clipped.catch((error: unknown) => {
      if (next) disposeState(next);
      throw error instanceof GradientError ? this.#runaway(loss, { cause: error }) : error;
    });
    if (!Number.isFinite(loss)) {
      tf.dispose(gradients);
      if (next) disposeState(next);
      throw this.#runaway(loss);
    }
    if (batch.numLabelled > 0) this.#optimizer.applyGradients(gradients as Record<string, tf.Variable>);
    tf.dispose(gradients);
    return { loss, numLabelled: batch.numLabelled, gradientNorm: norm, state: next as LabelerState };
  }

  #runaway(loss: number, options?: ErrorOptions): TrainingError {
    const gradient = options ? ', the gradient is not finite' : '';
    return new TrainingError(
      `Training ran away at step ${this.#numSteps}: loss ${loss}${gradient}. ` +
        `Lower the learning rate (now ${this.settings.learningRate}).`,
      options,
    );
  }

  /** Lays the chunks of all lanes side by side; what a lane does not fill is zero and weighs nothing. */
  #gather(sequences: readonly LabelledSequence[], chunks: readonly LaneChunk[]) {
    const { labels } = this.settings;
    const numSteps = Math.max(...chunks.map(({ length }) => length));
    const featureSize = this.labeler.config.featureSize;
    const features = new Float32Array(chunks.length * numSteps * featureSize);
    const targets = new Float32Array(chunks.length * numSteps * labels.length);
    let numLabelled = 0;
    chunks.forEach(({ sequence, start, length }, lane) => {
      const video = sequences[sequence];
      if (!video) return;
      const from = video.features.subarray(start * featureSize, (start + length) * featureSize);
      features.set(from, lane * numSteps * featureSize);
      for (let frame = 0; frame < length; frame++) {
        const target = video.targets[start + frame] as number;
        if (target === UNLABELLED) continue;
        targets[(lane * numSteps + frame) * labels.length + target] = this.#labelWeights[target] as number;
        numLabelled++;
      }
    });
    return {
      features: tf.tensor3d(features, [chunks.length, numSteps, featureSize]),
      targets: tf.tensor3d(targets, [chunks.length, numSteps, labels.length]),
      numLabelled,
    };
  }

  dispose(): void {
    this.#optimizer.dispose();
  }
}
