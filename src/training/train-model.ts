import path from 'node:path';
import type { Skipped } from '../annotations/annotation-format.js';
import { readDataset, type AnnotatedVideo } from '../annotations/datasets/dataset.js';
import { createFrameEncoder } from '../encoder/create-frame-encoder.js';
import { DEFAULT_ENCODER, type EncoderSpec } from '../encoder/encoder-spec.js';
import { DatasetError, UsageError } from '../errors.js';
import { labelerConfigOf } from '../labeler/labeler-config.js';
import { startBackend, type BackendName } from '../runtime/backend.js';
import { prepareOutputFolder } from '../runtime/output-file.js';
import type { VideoLimits } from '../video/video-limits.js';
import { describeDataset, type DatasetReport } from './data/dataset-report.js';
import { expectFreeFolder } from './expect-free-folder.js';
import { encodeDataset } from './data/load-sequences.js';
import { recordTraining } from './record-training.js';
import { saveTrained } from './save-trained.js';
import type { DatasetScores } from './evaluation/score-sequences.js';
import { labelsOf, type LabeledSequence } from './data/sequences.js';
import { splitVideos, type SplitOptions, type VideoSplit } from './data/split-videos.js';
import { trainLabeler, type LabelerTrainingOptions, type TrainedLabeler } from './loop/train-labeler.js';
import { settingsOf } from './loop/training-settings.js';

/** How a dataset becomes a model. */
export interface TrainModelOptions
  extends Omit<LabelerTrainingOptions, 'labels' | 'runDir'>, Omit<SplitOptions, 'seed' | 'onWarning'> {
  /** Folder for the model, its checkpoints and its log; made if missing. */
  outputDir: string;
  /** Take the place of a model, or of an unfinished training, that is already there. Default false. */
  overwrite?: boolean;
  /** The model's name. Default: the folder's. */
  name?: string;
  encoder?: EncoderSpec;
  /** Frames a second at which the model looks. Default 10. */
  frameRate?: number;
  /**
   * What the model's logits are divided by, as a cross-validation found it; for trainings without validation videos, which
   * find it themselves. Default 1.
   */
  temperature?: number;
  /** Show videos as in a mirror every other time; they are encoded so, once. Default false. */
  mirror?: boolean;
  /** Stop at a video that cannot be used, or a class folder without one, instead of leaving it out. Default false. */
  isStrict?: boolean;
  /** How large and long a video may be. */
  limits?: VideoLimits;
  backend?: BackendName;
  /** Threads that encode. */
  workers?: number;
  /** Folder for cached features; false keeps none. */
  cacheDir?: string | false;
  /** What a person typed, for the record of the run. */
  command?: readonly string[];
  onDataset?: (summary: DatasetSummary) => void;
  /** Told, before training begins, what the dataset holds and what is odd about it. */
  onReport?: (report: DatasetReport) => void;
  onVideo?: (done: number, all: number, name: string, isCached: boolean) => void;
}

/** What a dataset holds. */
export interface DatasetSummary {
  labels: string[];
  numTraining: number;
  numValidation: number;
  /** Labeled segments, or clips, by label. */
  segmentsByLabel: Record<string, number>;
}

/** What came of a training, beside the model. */
export interface TrainModelResult extends Pick<TrainedLabeler, 'history' | 'bestEpoch'> {
  summary: DatasetSummary;
  /** Of the validation videos, by the model as it was saved; null without them. */
  validation: DatasetScores | null;
  /** Names of the videos that could not be used. */
  leftOut: string[];
}

/**
 * Trains a model on a folder or file of labeled videos and saves it.
 *
 * @throws {DatasetError} If the dataset has fewer than two labels, or no video to train on can be used.
 * @throws {OutputError} If the folder cannot be written, which is tried before anything is encoded.
 * @throws {UsageError} If a model is already there and must not be replaced, or a training cannot go on.
 */
export async function trainModel(dataset: string, options: TrainModelOptions): Promise<TrainModelResult> {
  const { outputDir, background, frameRate = 10, isStrict = false, signal, seed = 1, onWarning } = options;
  const { encoder: encoderSpec = DEFAULT_ENCODER, name = path.basename(path.resolve(outputDir)) } = options;
  await prepareOutputFolder(outputDir);
  if (!options.overwrite && !options.resume) await expectFreeFolder(outputDir);
  const skipped: Skipped[] = [];
  const videos = await readDataset(dataset, { isStrict, onWarning, onSkip: (item) => skipped.push(item) });
  const labels = labelsOf(videos, background);
  expectChoice(labels, dataset, skipped);
  const split = splitVideos(videos, options);
  expectPossible(options, labels, split);
  const summary = summarize(videos, labels, split);
  options.onDataset?.(summary);

  const backend = await startBackend(options.backend);
  const { workers, cacheDir, onVideo } = options;
  const encoder = await createFrameEncoder(encoderSpec, { backend, workers });
  const sequences = await encodeDataset([...split.training, ...split.validation], encoder, {
    frameRate,
    labels,
    background,
    cacheDir,
    isStrict,
    limits: options.limits,
    mirroredToo: new Set(options.mirror ? split.training : []),
    signal,
    onVideo,
    onWarning,
  });
  const { training, validation } = divide(sequences, split);
  const durationsSec = new Map(sequences.map((sequence) => [sequence.name, sequence.numFrames / frameRate]));
  const report = describeDataset(videos, { ...options, durationsSec, frameRate, labels, skipped });
  options.onReport?.(report);
  if (training.length === 0) {
    throw new DatasetError(`No video of "${dataset}" that is to train can be used.`, dataset);
  }
  warnOfUnseen(labels, training, onWarning);

  const trained = await trainLabeler(training, validation, { ...options, labels, runDir: outputDir });
  try {
    const shared = { name, labels, encoderId: encoder.id, frameRate };
    const calibration = await saveTrained(
      outputDir,
      trained,
      { training, validation },
      {
        ...shared,
        background: background ?? null,
        encoder: encoderSpec,
        facts: { ...summary, seed },
        temperature: options.temperature,
      },
    );
    const isUsed = new Set(sequences.map((sequence) => sequence.name));
    const leftOut = videos.map((video) => video.name).filter((video) => !isUsed.has(video));
    const data = { dataset, report, background, videos, training, validation, leftOut };
    const run = { command: options.command ?? [], backend, trained, calibration };
    await recordTraining(outputDir, { ...shared, ...data, ...run }, { signal });
    const { history, bestEpoch } = trained;
    return { history, bestEpoch, summary, validation: calibration.scores, leftOut };
  } finally {
    trained.labeler.dispose();
  }
}

/** @throws {DatasetError} If there is but one label. */
function expectChoice(labels: readonly string[], dataset: string, skipped: readonly Skipped[]): void {
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
 * Tells what is impossible before hours of encoding.
 *
 * @throws {UsageError} If the training, its network or its temperature cannot be.
 */
function expectPossible(
  options: TrainModelOptions,
  labels: readonly string[],
  { validation }: VideoSplit,
): void {
  if (options.temperature !== undefined && validation.length > 0) {
    throw new UsageError(
      'A temperature is given for a training without validation videos; with them it is found. Leave it out, or give 0 folds.',
    );
  }
  settingsOf({ ...options, labels });
  labelerConfigOf({ ...options.network, featureSize: 1, numLabels: labels.length });
}

/** Sequences of either side, without the videos that could not be used. */
function divide(sequences: readonly LabeledSequence[], { training }: VideoSplit) {
  const trains = new Set(training.map(({ name }) => name));
  return {
    training: sequences.filter(({ name }) => trains.has(name)),
    validation: sequences.filter(({ name }) => !trains.has(name)),
  };
}

/** Says which labels no frame teaches. */
function warnOfUnseen(
  labels: readonly string[],
  training: readonly LabeledSequence[],
  onWarning: ((message: string) => void) | undefined,
): void {
  const seen = new Set(training.flatMap(({ targets }) => [...new Set(targets)]));
  const unseen = labels.filter((_, index) => !seen.has(index));
  if (unseen.length > 0) onWarning?.(`no frame to train on shows ${unseen.join(', ')}`);
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
