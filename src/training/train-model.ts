import { access } from 'node:fs/promises';
import path from 'node:path';
import type { Skipped } from '../annotations/annotation-format.js';
import { readDataset, type AnnotatedVideo } from '../annotations/datasets/dataset.js';
import { createFrameEncoder } from '../encoder/create-frame-encoder.js';
import { DatasetError, UsageError } from '../errors.js';
import { labelerConfigOf } from '../labeler/labeler-config.js';
import { MODEL_FILE } from '../labeler/model/model-folder.js';
import { startBackend } from '../runtime/backend.js';
import { prepareOutputFolder } from '../runtime/output-file.js';
import { describeDataset, type DatasetReport } from './data/dataset-report.js';
import { encodeDataset } from './data/load-sequences.js';
import { labelsOf, type LabeledSequence } from './data/sequences.js';
import { splitVideos, type VideoSplit } from './data/split-videos.js';
import type { DatasetScores } from './evaluation/score-sequences.js';
import { CHECKPOINT_DIR, CheckpointFolder } from './loop/checkpoint-folder.js';
import { trainLabeler, type TrainedLabeler } from './loop/train-labeler.js';
import { settingsOf, type LabelerTrainingOptions, type TrainingCallbacks } from './loop/training-settings.js';
import { resolveOptions } from './options/resolve-options.js';
import type { RunOptions, TrainingConfiguration, TrainingOptions } from './options/training-options.js';
import { recordTraining } from './record-training.js';
import { saveTrained } from './save-trained.js';
import type { EncodingProgress } from '../progress.js';

/** How a dataset becomes a model: settings by concern, and callbacks. */
export interface TrainModelOptions extends TrainingOptions, TrainingCallbacks {
  /** `outputDir` is the folder for the model, its checkpoints and its log. It is created if missing. */
  run: RunOptions & { outputDir: string };
  /** The words of the command line, for the record of the run. */
  command?: readonly string[];
  /** Called when the dataset is read and split. */
  onDataset?: (summary: DatasetSummary) => void;
  /** Called before training with the contents and problems of the dataset. */
  onReport?: (report: DatasetReport) => void;
  /** Called after each encoded video. */
  onProgress?: (progress: EncodingProgress) => void;
}

/** The contents of a dataset. */
export interface DatasetSummary {
  labels: string[];
  numTraining: number;
  numValidation: number;
  /** Number of labeled segments, or clips, by label. */
  segmentsByLabel: Record<string, number>;
}

/** The result of a training, beside the saved model. */
export interface TrainModelResult extends Pick<TrainedLabeler, 'history' | 'bestEpoch'> {
  summary: DatasetSummary;
  /** Scores of the validation videos by the saved model; null without validation videos. */
  validation: DatasetScores | null;
  /** Names of the videos that could not be used. */
  leftOut: string[];
}

/**
 * Trains a model on a folder or file of labeled videos and saves it, with a report of the training beside it.
 *
 * @param dataset - Folder or file, as for `readDataset`.
 * @throws {DatasetError} If the dataset has fewer than two labels, or no training video can be used.
 * @throws {OutputError} If the output folder cannot be written. This is tried before anything is encoded.
 * @throws {UsageError} If an option is out of range, the folder holds a model that must not be replaced, or a training
 *   cannot be resumed.
 * @throws {TrainingError} If the loss or the gradient is not finite.
 * @throws The reason of `signal`, when it is aborted.
 *
 * @example
 * await trainModel('clips', { data: { folds: 5 }, optimizer: { epochs: 20 }, run: { outputDir: 'models/mine' } });
 */
export async function trainModel(dataset: string, options: TrainModelOptions): Promise<TrainModelResult> {
  const { signal, onEpoch, onStep, onProgress, onWarning } = options;
  const { outputDir } = options.run;
  const configuration = resolveOptions(options);
  const { data, network, optimizer, augmentation, run } = configuration;
  const { background, frameRate, isStrict, limits } = data;
  const { seed, workers, cacheDir, temperature, name = path.basename(path.resolve(outputDir)) } = run;
  await prepareOutputFolder(outputDir);
  if (!run.overwrite && !run.resume) await expectFreeFolder(outputDir);

  const skipped: Skipped[] = [];
  const videos = await readDataset(dataset, {
    ...{ isStrict, signal, onWarning },
    onSkip: (item) => skipped.push(item),
  });
  const labels = labelsOf(videos, background);
  expectTwoLabels(labels, dataset, skipped);
  const split = splitVideos(videos, { ...data, seed, onWarning });
  const training: LabelerTrainingOptions = {
    ...{ network, optimizer, augmentation, run, signal, onEpoch, onStep, onWarning },
    data: { labels, background },
  };
  expectPossible(training, configuration, split);
  const summary = summarize(videos, labels, split);
  options.onDataset?.(summary);

  const backend = await startBackend(run.backend);
  const encoder = await createFrameEncoder(data.encoder, { backend, workers });
  const sequences = await encodeDataset([...split.training, ...split.validation], encoder, {
    ...{ frameRate, labels, background, cacheDir, isStrict, limits, signal, onProgress, onWarning },
    mirroredToo: new Set(augmentation.mirror ? split.training : []),
  });
  const parts = divide(sequences, split);
  const durationsSec = new Map(sequences.map((sequence) => [sequence.name, sequence.numFrames / frameRate]));
  const report = describeDataset(videos, { ...data, durationsSec, labels, skipped });
  options.onReport?.(report);
  if (parts.training.length === 0) {
    throw new DatasetError(`None of the training videos of "${dataset}" can be used.`, dataset);
  }
  warnOfUnseen(labels, parts.training, onWarning);

  const trained = await trainLabeler(parts.training, parts.validation, training);
  try {
    const shared = { name, labels, encoderId: encoder.id, frameRate };
    const calibration = await saveTrained(outputDir, trained, parts, {
      ...shared,
      background: background ?? null,
      encoder: data.encoder,
      facts: { ...summary, seed },
      temperature,
    });
    const isUsed = new Set(sequences.map((sequence) => sequence.name));
    const leftOut = videos.map((video) => video.name).filter((video) => !isUsed.has(video));
    await recordTraining(
      outputDir,
      {
        ...shared,
        ...{ dataset, report, background, videos, ...parts, leftOut },
        ...{ command: options.command ?? [], backend, trained, calibration, configuration },
      },
      { signal },
    );
    const { history, bestEpoch } = trained;
    return { history, bestEpoch, summary, validation: calibration.scores, leftOut };
  } finally {
    trained.labeler.dispose();
  }
}

/** @throws {UsageError} If the folder holds a model or an unfinished training, which must not be lost. */
async function expectFreeFolder(folder: string): Promise<void> {
  const hasModel = await access(path.join(folder, MODEL_FILE)).then(
    () => true,
    () => false,
  );
  if (hasModel) {
    throw new UsageError(`"${folder}" already holds a model. Choose another folder, or pass --overwrite.`);
  }
  if (!(await new CheckpointFolder(path.join(folder, CHECKPOINT_DIR)).isEmpty())) {
    throw new UsageError(
      `"${folder}" holds a training that was not finished. Pass --resume to continue it, or --overwrite to start again.`,
    );
  }
}

/** @throws {DatasetError} If there are fewer than two labels. */
function expectTwoLabels(labels: readonly string[], dataset: string, skipped: readonly Skipped[]): void {
  if (labels.length >= 2) return;
  const [first] = skipped;
  const without = first
    ? ` Left out: ${first.what}: ${first.why}${skipped.length > 1 ? `, and ${skipped.length - 1} more` : ''}.`
    : '';
  throw new DatasetError(
    `"${dataset}" has one label, "${labels[0]}"; a model needs at least two to choose from. ` +
      `Add videos of another activity, or name a background.${without}`,
    dataset,
  );
}

/**
 * Finds wrong options before hours of encoding.
 *
 * @throws {UsageError} If the network cannot be built, or training options do not fit the dataset.
 */
function expectPossible(
  training: LabelerTrainingOptions,
  { network, run }: TrainingConfiguration,
  { validation }: VideoSplit,
): void {
  if (run.temperature !== undefined && validation.length > 0) {
    throw new UsageError(
      'A temperature can be given only for a training without validation videos, because they determine it. ' +
        'Leave it out, or set folds to 0.',
    );
  }
  settingsOf(training);
  labelerConfigOf({ ...network, featureSize: 1, numLabels: training.data.labels.length });
}

/** Sequences of both sides of the split, without the videos that could not be used. */
function divide(sequences: readonly LabeledSequence[], { training }: VideoSplit) {
  const trains = new Set(training.map(({ name }) => name));
  return {
    training: sequences.filter(({ name }) => trains.has(name)),
    validation: sequences.filter(({ name }) => !trains.has(name)),
  };
}

/** Warns of labels that no training frame shows. */
function warnOfUnseen(
  labels: readonly string[],
  training: readonly LabeledSequence[],
  onWarning: ((message: string) => void) | undefined,
): void {
  const seen = new Set(training.flatMap(({ targets }) => [...new Set(targets)]));
  const unseen = labels.filter((_, index) => !seen.has(index));
  if (unseen.length > 0) onWarning?.(`no training frame shows ${unseen.join(', ')}`);
}

function summarize(
  videos: readonly AnnotatedVideo[],
  labels: string[],
  { training, validation }: VideoSplit,
): DatasetSummary {
  const segments = videos.flatMap((video) => video.segments);
  const count = (label: string): number => segments.filter((segment) => segment.label === label).length;
  const segmentsByLabel = Object.fromEntries(labels.map((label) => [label, count(label)]));
  return { labels, numTraining: training.length, numValidation: validation.length, segmentsByLabel };
}
