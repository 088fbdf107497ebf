import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { LabelerState } from '../../labeler/labeler-state.js';
import type { TemporalLabeler } from '../../labeler/temporal-labeler.js';
import { CHECKPOINT_DIR, CheckpointFolder } from './checkpoint-folder.js';
import { goodnessOf } from './early-stopping.js';
import { planEpoch } from './lanes.js';
import type { LaneTrainer } from './lane-trainer.js';
import { scoreSequences } from '../evaluation/score-sequences.js';
import type { LabeledSequence } from '../data/sequences.js';
import { captureTraining, expectSameTraining, restoreTraining } from './training-checkpoint.js';
import type {
  CheckpointFacts,
  EpochTotals,
  TrainingIdentity,
  TrainingProgress,
} from './training-checkpoint.js';
import { TRAINING_LOG_FILE, TrainingLog } from './training-log.js';
import type { EpochReport, StepReport } from './training-reports.js';
import { decisiveSettings, type TrainingSettings } from './training-settings.js';

/** What there is to learn, and to be tried on. */
export interface TrainingData {
  training: readonly LabeledSequence[];
  validation: readonly LabeledSequence[];
  /** Hash of all of it. */
  hash: string;
}

const NOTHING_YET: EpochTotals = {
  loss: 0,
  numLabelled: 0,
  gradientNorm: 0,
  clippedGradientNorm: 0,
  learningRate: 0,
};

/**
 * A training from its first step to its last, which can be broken off at any moment and go on from its newest checkpoint
 * to the very same weights.
 */
export class TrainingRun {
  #progress: TrainingProgress = {
    epoch: 1,
    numDone: 0,
    numSteps: 0,
    totals: NOTHING_YET,
    history: [],
    best: { epoch: 0, goodness: null },
  };
  #bestWeights: Map<string, Float32Array>;
  /** Of the lanes, where the run goes on in the middle of an epoch. */
  #statesToResume: LabelerState[] = [];
  #checkpoints: CheckpointFolder | undefined;
  #log: TrainingLog | undefined;

  private constructor(
    readonly labeler: TemporalLabeler,
    readonly trainer: LaneTrainer,
    private readonly data: TrainingData,
    private readonly settings: TrainingSettings,
    weights: Map<string, Float32Array>,
  ) {
    this.#bestWeights = weights;
  }

  /**
   * Prepares a training, or goes back to where an earlier one was broken off.
   *
   * @param labeler - Changed by the training. Stays the caller's, as does the trainer.
   * @throws {UsageError} If the checkpoint is of another dataset or of other settings.
   * @throws {TrainingError} If all checkpoints are damaged.
   * @throws {OutputError} If the folder of the training cannot be written.
   */
  static async start(
    labeler: TemporalLabeler,
    trainer: LaneTrainer,
    data: TrainingData,
    settings: TrainingSettings,
  ): Promise<TrainingRun> {
    const run = new TrainingRun(labeler, trainer, data, settings, await labeler.exportWeights());
    if (settings.runDir !== undefined) await run.#open(settings.runDir);
    return run;
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

  /** Whether all epochs are done, or no more are worth it. */
  get isOver(): boolean {
    const { epoch, best } = this.#progress;
    return epoch > this.settings.epochs || epoch - best.epoch > this.settings.patience;
  }

  /** Takes the epoch's steps, or those that are left of it, validates, and notes what came out. */
  async runEpoch(): Promise<void> {
    const { settings, trainer } = this;
    const { epoch, numDone, numSteps } = this.#progress;
    const { lookahead } = this.labeler.config;
    const plan = planEpoch(epoch, this.data.training, { ...settings, lookahead });
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
    const { labeler, settings } = this;
    const { validation } = this.data;
    const { epoch, numDone, numSteps, totals, history, best } = this.#progress;
    const { labels, background, monitor, epochs } = settings;
    const scores =
      validation.length > 0 ? await scoreSequences(labeler, validation, labels, background) : null;
    // Without validation data every epoch is the best so far, so the last one stays.
    const goodness = scores && goodnessOf(scores, monitor);
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

  async #open(folder: string): Promise<void> {
    this.#checkpoints = new CheckpointFolder(path.join(folder, CHECKPOINT_DIR));
    if (this.settings.resume) await this.#goBack(this.#checkpoints);
    else await this.#checkpoints.clear();
    await this.#checkpoints.clearLeftovers();
    this.#log = await TrainingLog.open(path.join(folder, TRAINING_LOG_FILE), this.#progress.numSteps);
  }

  async #save(): Promise<void> {
    if (!this.#checkpoints) return;
    const { labeler, trainer } = this;
    const facts = { progress: this.#progress, identity: this.#identity, backend: tf.getBackend() };
    const content = await captureTraining({ labeler, trainer, bestWeights: this.#bestWeights }, facts);
    await this.#checkpoints.write(this.#progress.numSteps, content);
  }

  /** Takes over the newest checkpoint. */
  async #goBack(checkpoints: CheckpointFolder): Promise<void> {
    const warn = this.settings.onWarning ?? (() => undefined);
    const checkpoint = await checkpoints.readNewest<CheckpointFacts>((file) =>
      warn(`The checkpoint "${file}" is damaged; the one before takes its place.`),
    );
    if (!checkpoint) {
      warn(`There is no checkpoint in "${checkpoints.folder}" yet; the training starts at its beginning.`);
      return;
    }
    const { progress, identity, backend } = checkpoint.facts;
    expectSameTraining(identity, this.#identity, checkpoints.folder);
    if (backend !== tf.getBackend()) {
      warn(`The training began on ${backend} and goes on on ${tf.getBackend()}: last digits will differ.`);
    }
    const { bestWeights, states } = restoreTraining(this, checkpoint);
    this.#progress = progress;
    this.#bestWeights = bestWeights;
    this.#statesToResume = states;
  }

  get #identity(): TrainingIdentity {
    return { dataset: this.data.hash, settings: decisiveSettings(this.settings, this.labeler.config) };
  }
}
