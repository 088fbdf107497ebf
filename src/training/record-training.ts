import path from 'node:path';
import type { AnnotatedVideo } from '../annotations/datasets/dataset.js';
import type { BackendName } from '../runtime/backend.js';
import { FRAMEWISE_VERSION } from '../version.js';
import type { Calibration } from './evaluation/calibrate-labeler.js';
import type { DatasetReport } from './data/dataset-report.js';
import { reportData, type ReportData } from './report/report-data.js';
import { formatCommand } from './report/format-command.js';
import { writeTrainingReport } from './report/write-training-report.js';
import { predictSequences } from './evaluation/score-sequences.js';
import type { LabeledSequence } from './data/sequences.js';
import type { TrainedLabeler } from './loop/train-labeler.js';
import { readTrainingLog, TRAINING_LOG_FILE, writeRunRecord } from './loop/training-log.js';

/** A training whose model is saved. */
export interface FinishedTraining {
  /** The model's name. */
  name: string;
  /** What a person typed. */
  command: readonly string[];
  backend: BackendName;
  /** The dataset as it was named. */
  dataset: string;
  report: DatasetReport;
  labels: string[];
  background: string | undefined;
  encoderId: string;
  /** Frames a second. */
  frameRate: number;
  /** All of the dataset, those included that could not be used. */
  videos: readonly AnnotatedVideo[];
  training: readonly LabeledSequence[];
  validation: readonly LabeledSequence[];
  /** Names of the videos that could not be used. */
  leftOut: string[];
  /** Its labeler is calibrated. */
  trained: TrainedLabeler;
  calibration: Calibration;
}

/**
 * Writes beside a model how it came about: `training-run.json` for programs, `report.html` for people.
 *
 * @throws {OutputError} If a file cannot be written.
 * @throws The reason of `signal`, when it is aborted.
 */
export async function recordTraining(
  outputDir: string,
  finished: FinishedTraining,
  { signal }: { signal?: AbortSignal | undefined } = {},
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
      command: formatCommand(command),
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
    signal && { signal },
  );
}

/** What the model makes of the validation videos; null without them. */
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
