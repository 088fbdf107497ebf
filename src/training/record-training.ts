import path from 'node:path';
import type { AnnotatedVideo } from '../annotations/datasets/dataset.js';
import type { BackendName } from '../runtime/backend.js';
import { FRAMEWISE_VERSION } from '../version.js';
import type { Calibration } from './evaluation/calibrate-labeler.js';
import type { DatasetReport } from './data/dataset-report.js';
import { reportData, type ReportData } from './report/report-data.js';
import { writeTrainingReport } from './report/training-report.js';
import { predictSequences } from './evaluation/score-sequences.js';
import type { LabeledSequence } from './data/sequences.js';
import type { TrainedLabeler } from './loop/train-labeler.js';
import { formatConfiguration } from './options/resolve-options.js';
import type { TrainingConfiguration } from './options/training-options.js';
import { readTrainingLog, TRAINING_LOG_FILE, writeRunRecord } from './loop/training-log.js';

/** A training whose model is saved, with everything that its record tells. */
export interface FinishedTraining {
  /** Name of the model. */
  name: string;
  /** The words of the command line; empty if a program started the training. */
  command: readonly string[];
  backend: BackendName;
  /** The dataset as the caller named it. */
  dataset: string;
  report: DatasetReport;
  labels: string[];
  background: string | undefined;
  encoderId: string;
  /** Frames per second. */
  frameRate: number;
  /** All videos of the dataset, including those that could not be used. */
  videos: readonly AnnotatedVideo[];
  training: readonly LabeledSequence[];
  validation: readonly LabeledSequence[];
  /** Names of the videos that could not be used. */
  leftOut: string[];
  /** The labeler is calibrated. */
  trained: TrainedLabeler;
  calibration: Calibration;
  configuration: TrainingConfiguration;
}

/**
 * Writes the record of a training beside the model: `training-run.json` for programs and `report.html` for people.
 *
 * @throws {OutputError} If a file cannot be written.
 * @throws The reason of `signal`, when it is aborted.
 */
export async function recordTraining(
  outputDir: string,
  finished: FinishedTraining,
  { signal }: { signal?: AbortSignal } = {},
): Promise<void> {
  const { name, command, backend, dataset, report, labels, background, encoderId, frameRate } = finished;
  const { training, validation, leftOut, trained, calibration } = finished;
  await writeRunRecord(outputDir, {
    command: [...command],
    framewise: FRAMEWISE_VERSION,
    node: process.version,
    backend,
    dataset: path.resolve(dataset),
    datasetHash: trained.datasetHash,
    encoderId,
    frameRate,
    settings: trained.settings,
    labels,
    background: background ?? null,
    training: training.map((sequence) => sequence.name),
    validation: validation.map((sequence) => sequence.name),
    leftOut,
    numEpochs: trained.history.length,
    bestEpoch: trained.bestEpoch,
    scores: calibration.scores,
  });
  await writeTrainingReport(
    outputDir,
    {
      name,
      command,
      configuration: formatConfiguration(finished.configuration),
      records: await readTrainingLog(path.join(outputDir, TRAINING_LOG_FILE)),
      results: await resultsOf(finished),
      dataset: {
        source: dataset,
        hash: trained.datasetHash,
        numTraining: training.length,
        numValidation: validation.length,
        labels: report.labels,
        notes: [
          ...report.skipped.map(({ what, why }) => `Left out: ${what}: ${why}`),
          ...leftOut.map((video) => `Left out: ${video}`),
        ],
      },
      settings: trained.settings,
    },
    { signal },
  );
}

/** The model's results on the validation videos; null without any. */
async function resultsOf(finished: FinishedTraining): Promise<ReportData | null> {
  const { labels, background, frameRate, videos, validation, trained, calibration } = finished;
  if (validation.length === 0) return null;
  return reportData(await predictSequences(trained.labeler, validation), {
    labels,
    background,
    frameRate,
    smoothing: { prior: calibration.segmentPrior },
    paths: new Map(videos.map((video) => [video.name, video.path])),
  });
}
