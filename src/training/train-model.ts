import { access } from 'node:fs/promises';
import path from 'node:path';
import type { Skipped } from '../annotations/annotation-reader.js';
import { readDataset, type AnnotatedVideo } from '../annotations/dataset.js';
import { createFrameEncoder } from '../encoder/create-frame-encoder.js';
import { DEFAULT_ENCODER, type EncoderSpec } from '../encoder/encoder-spec.js';
import { DatasetError, UsageError } from '../errors.js';
import { labelerConfigOf } from '../labeler/labeler-config.js';
import { MODEL_FILE } from '../labeler/model-folder.js';
import { startBackend, type BackendName } from '../runtime/backend.js';
import { FRAMEWISE_VERSION } from '../runtime/doctor.js';
import { prepareOutputFolder } from '../runtime/output-file.js';
import { CHECKPOINT_DIR, CheckpointFolder } from './checkpoint-folder.js';
import { describeDataset, type DatasetReport } from './dataset-report.js';
import { encodeDataset } from './load-sequences.js';
import { reportData } from './report/report-data.js';
import { spellCommand } from './report/spell-command.js';
import { writeTrainingReport } from './report/write-training-report.js';
import { saveTrained } from './save-trained.js';
import { predictSequences, type DatasetScores } from './score-sequences.js';
import { labelsOf, type LabelledSequence } from './sequences.js';
import { splitVideos, type SplitOptions, type VideoSplit } from './split-videos.js';
import { trainLabeler, type LabelerTrainingOptions, type TrainedLabeler } from './train-labeler.js';
import { settingsOf } from './training-settings.js';
import { readTrainingLog, TRAINING_LOG_FILE, writeRunRecord } from './training-log.js';

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
  /** Stop at a video that cannot be used, instead of leaving it out. Default false. */
  isStrict?: boolean;
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
  /** Labelled segments, or clips, by label. */
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
 * Trains a model on a folder or file of labelled videos and saves it.
 *
 * @throws {DatasetError} If the dataset has fewer than two labels, or no video to train on can be used.
 * @throws {OutputError} If the folder cannot be written, which is tried before anything is encoded.
 * @throws {UsageError} If a model is already there and must not be replaced, or a training cannot go on.
 */
export async function trainModel(dataset: string, options: TrainModelOptions): Promise<TrainModelResult> {
  const { outputDir, background, frameRate = 10, signal, seed = 1, onWarning } = options;
  const { encoder: encoderSpec = DEFAULT_ENCODER, name = path.basename(path.resolve(outputDir)) } = options;
  await prepareOutputFolder(outputDir);
  await expectFree(outputDir, options);
  const skipped: Skipped[] = [];
  const videos = await readDataset(dataset, { onWarning, onSkip: (item) => skipped.push(item) });
  const labels = labelsOf(videos, background);
  if (labels.length < 2) {
    throw new DatasetError(
      `"${dataset}" has one label, "${labels[0]}"; a model needs at least two to choose from. ` +
        'Add videos of another activity, or name a background.',
      dataset,
    );
  }
  const split = splitVideos(videos, options);
  if (options.temperature !== undefined && split.validation.length > 0) {
    throw new UsageError(
      'A temperature is given for a training without validation videos; with them it is found. Leave it out, or give 0 folds.',
    );
  }
  // What is impossible is told before hours of encoding.
  settingsOf({ ...options, labels });
  labelerConfigOf({ ...options.network, featureSize: 1, numLabels: labels.length });
  const summary = summarize(videos, labels, split);
  options.onDataset?.(summary);

  const backend = await startBackend(options.backend);
  const { workers, cacheDir, onVideo, isStrict = false } = options;
  const encoder = await createFrameEncoder(encoderSpec, { backend, workers });
  const sequences = await encodeDataset([...split.training, ...split.validation], encoder, {
    frameRate,
    labels,
    background,
    cacheDir,
    isStrict,
    mirroredToo: new Set(options.mirror ? split.training : []),
    signal,
    onVideo,
    onWarning,
  });
  const { training, validation } = divide(sequences, split);
  const durationsSec = new Map(sequences.map(({ name, numFrames }) => [name, numFrames / frameRate]));
  const { groupBy, groupPattern } = options;
  const report = describeDataset(videos, {
    durationsSec,
    frameRate,
    labels,
    skipped,
    groupBy,
    groupPattern,
  });
  options.onReport?.(report);
  if (training.length === 0) {
    throw new DatasetError(`No video of "${dataset}" that is to train can be used.`, dataset);
  }
  warnOfUnseen(labels, training, onWarning);
  const trained = await trainLabeler(training, validation, { ...options, labels, runDir: outputDir });
  const { labeler, history, bestEpoch } = trained;
  try {
    const about = {
      name,
      labels,
      background: background ?? null,
      encoder: encoderSpec,
      encoderId: encoder.id,
    };
    const facts = { ...summary, seed };
    const { scores, segmentPrior } = await saveTrained(
      outputDir,
      trained,
      { training, validation },
      { ...about, frameRate, facts, temperature: options.temperature },
    );
    const names = (list: readonly { name: string }[]) => list.map((item) => item.name);
    const isUsed = new Set(names(sequences));
    const leftOut = names(videos).filter((video) => !isUsed.has(video));
    await writeRunRecord(outputDir, {
      command: [...(options.command ?? [])],
      framewise: FRAMEWISE_VERSION,
      node: process.version,
      backend,
      dataset: path.resolve(dataset),
      datasetHash: trained.datasetHash,
      encoderId: encoder.id,
      frameRate,
      settings: trained.settings,
      labels,
      background: background ?? null,
      training: names(training),
      validation: names(validation),
      leftOut,
      numEpochs: history.length,
      bestEpoch,
      scores,
    });
    const results =
      validation.length > 0
        ? reportData(await predictSequences(labeler, validation), {
            labels,
            background,
            frameRate,
            smoothing: { prior: segmentPrior },
            paths: new Map(videos.map((video) => [video.name, video.path])),
          })
        : null;
    await writeTrainingReport(
      outputDir,
      {
        name,
        command: spellCommand(options.command ?? []),
        records: await readTrainingLog(path.join(outputDir, TRAINING_LOG_FILE)),
        results,
        dataset: {
          source: dataset,
          hash: trained.datasetHash,
          numTraining: training.length,
          numValidation: validation.length,
          labels: report.labels,
          notes: leftOut.map((video) => `Left out: ${video}`),
        },
        settings: { ...trained.settings },
      },
      { signal },
    );
    return { history, bestEpoch, summary, validation: scores, leftOut };
  } finally {
    labeler.dispose();
  }
}

/** Sequences of either side, without the videos that could not be used. */
function divide(sequences: readonly LabelledSequence[], { training }: VideoSplit) {
  const trains = new Set(training.map(({ name }) => name));
  return {
    training: sequences.filter(({ name }) => trains.has(name)),
    validation: sequences.filter(({ name }) => !trains.has(name)),
  };
}

/** Says which labels no frame teaches. */
function warnOfUnseen(
  labels: readonly string[],
  training: readonly LabelledSequence[],
  onWarning: ((message: string) => void) | undefined,
): void {
  const seen = new Set(training.flatMap(({ targets }) => [...new Set(targets)]));
  const unseen = labels.filter((_, index) => !seen.has(index));
  if (unseen.length > 0) onWarning?.(`no frame to train on shows ${unseen.join(', ')}`);
}

/** @throws {UsageError} If the folder holds what must not be lost. */
async function expectFree(folder: string, { overwrite, resume }: TrainModelOptions): Promise<void> {
  if (overwrite || resume) return;
  const hasModel = await access(path.join(folder, MODEL_FILE)).then(
    () => true,
    () => false,
  );
  if (hasModel) {
    throw new UsageError(`"${folder}" holds a model already. Choose another folder, or pass --overwrite.`);
  }
  if (!(await new CheckpointFolder(path.join(folder, CHECKPOINT_DIR)).isEmpty())) {
    throw new UsageError(
      `"${folder}" holds a training that was not finished. Pass --resume to go on with it, or --overwrite to start afresh.`,
    );
  }
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
