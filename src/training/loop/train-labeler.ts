import { createHash } from 'node:crypto';
import { TrainingError } from '../../errors.js';
import type { LabelerConfig } from '../../labeler/labeler-config.js';
import type { Moments } from '../../labeler/normalization.js';
import { TemporalLabeler } from '../../labeler/temporal-labeler.js';
import { inputMoments } from '../data/input-moments.js';
import { LaneTrainer } from './lane-trainer.js';
import { frameWeights } from './sequence-loss.js';
import { loadFeatures, type LabeledSequence } from '../data/sequences.js';
import type { EpochReport } from './training-reports.js';
import { TrainingRun, type TrainingData } from './training-run.js';
import {
  decisiveSettings,
  settingsOf,
  type LabelerTrainingOptions,
  type TrainingSettings,
} from './training-settings.js';

export type { EpochReport } from './training-reports.js';
export type { LabelerTrainingOptions } from './training-settings.js';

/** A trained labeler and how it came about. */
export interface TrainedLabeler {
  /** The weights of the best epoch, or of the last without validation data. The caller disposes it. */
  labeler: TemporalLabeler;
  /** The weights of the last epoch, by name. */
  lastWeights: ReadonlyMap<string, Float32Array>;
  history: readonly EpochReport[];
  bestEpoch: number;
  /** Hash of what there was to learn, SHA-256, hexadecimal. */
  datasetHash: string;
  /** All that decides what a training comes to, by name. */
  settings: Record<string, unknown>;
}

/**
 * Trains a labeler by truncated backpropagation through time: lanes of a batch walk whole videos chunk by chunk, state
 * goes forward from chunk to chunk, gradients stop some frames back. With a `runDir` it can be broken off at any moment
 * and resumed to the same weights, bit for bit on the same backend.
 *
 * @throws {UsageError} If options are impossible, or those of a checkpoint are not these.
 * @throws {TrainingError} If the loss or the gradient is no longer a number.
 * @throws {OutputError} If checkpoints or log cannot be written; what was written before stays.
 * @see Williams and Peng 1990, "An efficient gradient-based algorithm for on-line training of recurrent network
 *   trajectories"; clipping: Pascanu et al. 2013, arXiv:1211.5063.
 */
export async function trainLabeler(
  training: readonly LabeledSequence[],
  validation: readonly LabeledSequence[],
  options: LabelerTrainingOptions,
): Promise<TrainedLabeler> {
  const settings = settingsOf(options);
  const { labels, seed, network } = settings;
  const featureSize = await featureSizeOf(training);
  const labeler = TemporalLabeler.create({ ...network, featureSize, numLabels: labels.length }, { seed });
  let trainer: LaneTrainer | undefined;
  try {
    const moments = await inputMoments(training, labeler.config);
    labeler.fitNormalization(moments);
    const statistics = {
      frameWeights: frameWeights(
        settings.labelWeights,
        labels,
        training.map(({ targets }) => targets),
      ),
      noise: await noiseOf(training, labeler.config, settings),
    };
    trainer = new LaneTrainer(labeler, training, settings, statistics);
    const hash = hashData({ training, validation }, moments);
    const run = await TrainingRun.start(labeler, trainer, { training, validation, hash }, settings);
    while (!run.isOver) await run.runEpoch();
    const lastWeights = await labeler.exportWeights();
    labeler.importWeights(run.bestWeights);
    const { history, bestEpoch } = run;
    const decisive = decisiveSettings(settings, labeler.config);
    return { labeler, lastWeights, history, bestEpoch, datasetHash: hash, settings: decisive };
  } catch (error) {
    labeler.dispose();
    throw error;
  } finally {
    trainer?.dispose();
  }
}

async function featureSizeOf(sequences: readonly LabeledSequence[]): Promise<number> {
  const first = sequences.find(({ numFrames }) => numFrames > 0);
  if (!first) throw new TrainingError('There is no frame to train on.');
  return (await loadFeatures(first.features)).length / first.numFrames;
}

/** Standard deviation of the noise of each feature, in units of how much it changes from frame to frame. */
async function noiseOf(
  training: readonly LabeledSequence[],
  network: LabelerConfig,
  { featureNoise }: TrainingSettings,
): Promise<Float32Array | undefined> {
  if (featureNoise === 0) return undefined;
  const [change] = await inputMoments(training, { ...network, inputs: ['difference'] });
  return Float32Array.from(change!.variance, (variance) => featureNoise * Math.sqrt(variance));
}

/** Hashes names and truth of all videos, and the moments of the features, on which every one of their numbers bears. */
function hashData({ training, validation }: Omit<TrainingData, 'hash'>, moments: readonly Moments[]): string {
  const hash = createHash('sha256');
  for (const sequences of [training, validation]) {
    for (const { name, targets, isClip, mirroredFeatures } of sequences) {
      hash.update(JSON.stringify([name, isClip, mirroredFeatures !== undefined, ...targets]));
    }
    hash.update('\n');
  }
  for (const { mean, variance } of moments)
    hash.update(Float64Array.from(mean)).update(Float64Array.from(variance));
  return hash.digest('hex');
}
