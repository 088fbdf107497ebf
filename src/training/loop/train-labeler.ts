import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { ShapeError, TrainingError } from '../../errors.js';
import type { LabelerState } from '../../labeler/labeler-state.js';
import { TemporalLabeler } from '../../labeler/temporal-labeler.js';
import { changeDeviations, inputMoments } from '../data/input-moments.js';
import { hashSequences, loadFeatures, type LabeledSequence } from '../data/sequences.js';
import { goodnessOf, scoreSequences } from '../evaluation/score-sequences.js';
import { CHECKPOINT_DIR, CheckpointFolder } from './checkpoint-folder.js';
import { planEpoch } from './lanes.js';
import { LaneTrainer } from './lane-trainer.js';
import { frameWeights } from './sequence-loss.js';
import {
  captureTraining,
  expectSameTraining,
  isTrainingCheckpoint,
  restoreTraining,
} from './training-checkpoint.js';
import type {
  EpochTotals,
  TrainingCheckpoint,
  TrainingIdentity,
  TrainingProgress,
} from './training-checkpoint.js';
import { TRAINING_LOG_FILE, TrainingLog } from './training-log.js';
import type { EpochReport, StepReport } from './training-reports.js';
import {
  decisiveSettings,
  settingsOf,
  type LabelerTrainingOptions,
  type TrainingSettings,
} from './training-settings.js';

/** A trained labeler and how it was trained. */
export interface TrainedLabeler {
  /** Has the weights of the best epoch, or of the last one without validation data. The caller disposes it. */
  labeler: TemporalLabeler;
  /** The weights of the last epoch, by name. */
  lastWeights: ReadonlyMap<string, Float32Array>;
  /** One report per epoch. */
  history: readonly EpochReport[];
  bestEpoch: number;
  /** SHA-256 of the training and validation data, hexadecimal. */
  datasetHash: string;
  /** The settings that decide the result, by name. */
  settings: Record<string, unknown>;
}

/**
 * Trains a labeler by truncated backpropagation through time. Each lane of a batch walks whole videos chunk by chunk; the
 * state is carried from chunk to chunk, and gradients stop at the gradient length. With an output folder the training can
 * be stopped at any moment and resumed to the same weights, bit for bit on the same backend.
 *
 * @param validation - Videos that choose the best epoch. Without any, the last epoch is kept.
 * @throws {UsageError} If options are out of range, or differ from those of the checkpoint to resume.
 * @throws {TrainingError} If there is no frame to train on, or the loss or the gradient is not finite.
 * @throws {OutputError} If a checkpoint or the log cannot be written. Earlier checkpoints stay.
 * @throws The reason of `signal`, when it is aborted.
 * @see Williams and Peng 1990, "An efficient gradient-based algorithm for on-line training of recurrent network
 *   trajectories"; clipping: Pascanu et al. 2013, arXiv:1211.5063.
 *
 * @example
 * const { labeler } = await trainLabeler(training, validation, { data: { labels }, optimizer: { epochs: 10 } });
 */
export async function trainLabeler(
  training: readonly LabeledSequence[],
  validation: readonly LabeledSequence[],
  options: LabelerTrainingOptions,
): Promise<TrainedLabeler> {
  const settings = settingsOf(options);
  const { labels, seed, network, labelWeights, featureNoise } = settings;
  const featureSize = await featureSizeOf(training);
  const labeler = TemporalLabeler.create({ ...network, featureSize, numLabels: labels.length }, { seed });
  let trainer: LaneTrainer | undefined;
  try {
    const moments = await inputMoments(training, labeler.config);
    labeler.fitNormalization(moments);
    const targets = training.map((sequence) => sequence.targets);
    trainer = new LaneTrainer(labeler, training, settings, {
      frameWeights: frameWeights(labelWeights, labels, targets),
      noise: featureNoise > 0 ? await changeDeviations(training, labeler.config, featureNoise) : undefined,
    });
    const identity = {
      dataset: hashSequences([training, validation], moments),
      settings: decisiveSettings(settings, labeler.config),
    };
    const run = new TrainingRun({ labeler, trainer, training, validation, settings, identity });
    await run.start();
    while (!run.isOver) await run.runEpoch();
    const lastWeights = await labeler.exportWeights();
    labeler.importWeights(run.bestWeights);
    const { history, bestEpoch } = run;
    return {
      labeler,
      lastWeights,
      history,
      bestEpoch,
      datasetHash: identity.dataset,
      settings: identity.settings,
    };
  } catch (error) {
    labeler.dispose();
    throw error;
  } finally {
    trainer?.dispose();
  }
}

/** @throws {TrainingError} If no sequence has a frame. */
async function featureSizeOf(sequences: readonly LabeledSequence[]): Promise<number> {
  const first = sequences.find(({ numFrames }) => numFrames > 0);
  if (!first) throw new TrainingError('There is no frame to train on.');
  return (await loadFeatures(first.features)).length / first.numFrames;
}

const NOTHING_YET: EpochTotals = {
  loss: 0,
  numLabelled: 0,
  gradientNorm: 0,
  clippedGradientNorm: 0,
  learningRate: 0,
};

/** What a run works on. All of it belongs to the caller; the run changes the labeler. */
interface RunParts {
  labeler: TemporalLabeler;
  trainer: LaneTrainer;
  training: readonly LabeledSequence[];
  validation: readonly LabeledSequence[];
  settings: TrainingSettings;
  identity: TrainingIdentity;
}

/** The epochs of a training: steps, validation, early stopping, log and checkpoints. */
class TrainingRun {
  readonly #parts: RunParts;
  #progress: TrainingProgress = {
    epoch: 1,
    numDone: 0,
    numSteps: 0,
    totals: NOTHING_YET,
    history: [],
    best: { epoch: 0, goodness: null },
  };
  #bestWeights: ReadonlyMap<string, Float32Array> = new Map();
  /** States of the lanes, if the run resumes in the middle of an epoch. */
  #statesToResume: LabelerState[] = [];
  #checkpoints: CheckpointFolder | undefined;
  #log: TrainingLog | undefined;

  constructor(parts: RunParts) {
    this.#parts = parts;
  }

  get history(): readonly EpochReport[] {
    return this.#progress.history;
  }

  get bestEpoch(): number {
    return this.#progress.best.epoch;
  }

  get bestWeights(): ReadonlyMap<string, Float32Array> {
    return this.#bestWeights;
  }

  /** Whether all epochs are done, or the patience is used up. */
  get isOver(): boolean {
    const { epochs, patience } = this.#parts.settings;
    const { epoch, best } = this.#progress;
    return epoch > epochs || epoch - best.epoch > patience;
  }

  /**
   * Opens the output folder, if there is one, and restores the newest checkpoint if the training is to be resumed.
   *
   * @throws {UsageError} If the checkpoint belongs to another dataset or other settings.
   * @throws {TrainingError} If all checkpoints are damaged.
   * @throws {OutputError} If the folder cannot be written.
   */
  async start(): Promise<void> {
    const { labeler, settings } = this.#parts;
    const { outputDir, resume } = settings;
    this.#bestWeights = await labeler.exportWeights();
    if (outputDir === undefined) return;
    this.#checkpoints = new CheckpointFolder(path.join(outputDir, CHECKPOINT_DIR));
    if (resume) await this.#restore(this.#checkpoints);
    else await this.#checkpoints.clear();
    await this.#checkpoints.clearLeftovers();
    this.#log = await TrainingLog.open(path.join(outputDir, TRAINING_LOG_FILE), this.#progress.numSteps);
  }

  /** Takes the remaining steps of the epoch, then validates and reports it. */
  async runEpoch(): Promise<void> {
    const { labeler, trainer, training, settings } = this.#parts;
    const { epoch, numDone, numSteps } = this.#progress;
    const plan = planEpoch(epoch, training, { ...settings, lookahead: labeler.config.lookahead });
    const states = this.#statesToResume;
    this.#statesToResume = [];
    for await (const step of trainer.walk(plan, { numDone, numSteps, states })) {
      this.#count(step);
      await this.#log?.addStep(step);
      settings.onStep?.(epoch, step.share);
      if (step.step % settings.checkpointSteps === 0) await this.#save();
    }
    settings.signal?.throwIfAborted();
    await this.#endEpoch();
  }

  #count(step: StepReport): void {
    const { totals } = this.#progress;
    this.#progress.numDone++;
    this.#progress.numSteps = step.step;
    this.#progress.totals = {
      loss: totals.loss + step.loss * step.numLabelled,
      numLabelled: totals.numLabelled + step.numLabelled,
      gradientNorm: totals.gradientNorm + step.gradientNorm,
      clippedGradientNorm: totals.clippedGradientNorm + step.clippedGradientNorm,
      learningRate: step.learningRate,
    };
  }

  async #endEpoch(): Promise<void> {
    const { labeler, validation, settings } = this.#parts;
    const { epoch, numDone, numSteps, totals, history, best } = this.#progress;
    const { labels, background, monitor, epochs } = settings;
    const scores =
      validation.length > 0 ? await scoreSequences(labeler, validation, labels, background) : null;
    const goodness = scores && goodnessOf(scores, monitor);
    // Without validation data every epoch counts as the best so far, so that the last one is kept.
    const isBest = goodness === null || best.goodness === null || goodness > best.goodness;
    if (isBest) this.#bestWeights = await labeler.exportWeights();
    const report: EpochReport = {
      epoch,
      epochs,
      trainingLoss: totals.loss / totals.numLabelled,
      learningRate: totals.learningRate,
      gradientNorm: totals.gradientNorm / numDone,
      clippedGradientNorm: totals.clippedGradientNorm / numDone,
      validation: scores,
      isBest,
    };
    this.#progress = {
      epoch: epoch + 1,
      numDone: 0,
      numSteps,
      totals: NOTHING_YET,
      history: [...history, report],
      best: isBest ? { epoch, goodness } : best,
    };
    await this.#log?.addEpoch(numSteps, report);
    await this.#save();
    settings.onEpoch?.(report);
  }

  async #save(): Promise<void> {
    if (!this.#checkpoints) return;
    const { labeler, trainer, identity } = this.#parts;
    const facts = { progress: this.#progress, identity, backend: tf.getBackend() };
    const content = await captureTraining({ labeler, trainer, bestWeights: this.#bestWeights }, facts);
    await this.#checkpoints.write(this.#progress.numSteps, content);
  }

  #restoreParts(checkpoint: TrainingCheckpoint, folder: string): ReturnType<typeof restoreTraining> {
    try {
      return restoreTraining(this.#parts, checkpoint);
    } catch (cause) {
      if (!(cause instanceof ShapeError)) throw cause;
      const message = `The checkpoint in "${folder}" does not fit this network: ${cause.message} Remove it, and start again.`;
      throw new TrainingError(message, { cause });
    }
  }

  /** Restores the newest checkpoint that can be read. */
  async #restore(checkpoints: CheckpointFolder): Promise<void> {
    const { settings, identity } = this.#parts;
    const warn = settings.onWarning ?? (() => undefined);
    const checkpoint = await checkpoints.readNewest(isTrainingCheckpoint, (file) =>
      warn(`The checkpoint "${file}" is damaged; the previous one is used.`),
    );
    if (!checkpoint) {
      warn(`There is no checkpoint in "${checkpoints.folder}" yet; training starts from the beginning.`);
      return;
    }
    const { facts } = checkpoint;
    expectSameTraining(facts.identity, identity, checkpoints.folder);
    const backend = tf.getBackend();
    if (facts.backend !== backend) {
      warn(
        `The training began on ${facts.backend} and continues on ${backend}: results differ in the last digits.`,
      );
    }
    const { bestWeights, states } = this.#restoreParts(checkpoint, checkpoints.folder);
    this.#progress = facts.progress;
    this.#bestWeights = bestWeights;
    this.#statesToResume = states;
  }
}
