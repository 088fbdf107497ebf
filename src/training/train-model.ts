import { access } from 'node:fs/promises';
import path from 'node:path';
import { readDataset, type AnnotatedVideo } from '../annotations/dataset.js';
import { createFrameEncoder } from '../encoder/create-frame-encoder.js';
import { DEFAULT_ENCODER, type EncoderSpec } from '../encoder/encoder-spec.js';
import { DatasetError, UsageError } from '../errors.js';
import { MODEL_FILE, saveModel } from '../labeler/model-folder.js';
import { startBackend, type BackendName } from '../runtime/backend.js';
import { prepareOutputFolder } from '../runtime/output-file.js';
import { encodeDataset } from './load-sequences.js';
import { labelsOf } from './sequences.js';
import { splitVideos, type SplitOptions } from './split-videos.js';
import { trainLabeler, type LabelerTrainingOptions, type TrainedLabeler } from './train-labeler.js';

/** How a dataset becomes a model. */
export interface TrainModelOptions
  extends Omit<LabelerTrainingOptions, 'labels'>, Omit<SplitOptions, 'seed'> {
  /** Folder for the model; made if missing. */
  outputDir: string;
  /** Take the place of a model that is already there. Default false. */
  overwrite?: boolean;
  /** The model's name. Default: the folder's. */
  name?: string;
  encoder?: EncoderSpec;
  /** Frames a second at which the model looks. Default 10. */
  frameRate?: number;
  backend?: BackendName;
  /** Threads that encode. */
  workers?: number;
  /** Folder for cached features; false keeps none. */
  cacheDir?: string | false;
  onDataset?: (summary: DatasetSummary) => void;
  onVideo?: (done: number, all: number, name: string, isCached: boolean) => void;
  /** Told of what is odd in the dataset but does not stop training. */
  onWarning?: (message: string) => void;
}

/** What a dataset holds. */
export interface DatasetSummary {
  labels: string[];
  numTraining: number;
  numValidation: number;
  /** Labelled segments, or clips, by label. */
  segmentsByLabel: Record<string, number>;
}

/**
 * Trains a model on a folder or file of labelled videos and saves it.
 *
 * @throws {DatasetError} If the dataset has fewer than two labels, or a video cannot be used.
 * @throws {OutputError} If the folder cannot be written, which is tried before anything is encoded.
 * @throws {UsageError} If a model is already there and must not be replaced.
 */
export async function trainModel(
  dataset: string,
  options: TrainModelOptions,
): Promise<Pick<TrainedLabeler, 'history' | 'bestEpoch'> & { summary: DatasetSummary }> {
  const { outputDir, background, frameRate = 10, signal, seed = 1 } = options;
  const { encoder: encoderSpec = DEFAULT_ENCODER, name = path.basename(path.resolve(outputDir)) } = options;
  await prepareOutputFolder(outputDir);
  if (!options.overwrite) await refuseToReplace(outputDir);
  const videos = await readDataset(dataset, { onWarning: options.onWarning });
  const labels = labelsOf(videos, background);
  if (labels.length < 2) {
    throw new DatasetError(
      `"${dataset}" has one label, "${labels[0]}"; a model needs at least two to choose from. ` +
        'Add videos of another activity, or name a background.',
      dataset,
    );
  }
  const { training, validation } = splitVideos(videos, options);
  const summary = summarize(videos, labels, training.length, validation.length);
  options.onDataset?.(summary);

  await startBackend(options.backend);
  const { backend, workers, cacheDir, onVideo } = options;
  const encoder = await createFrameEncoder(encoderSpec, { backend, workers });
  const data = { frameRate, labels, background, cacheDir, signal, onVideo };
  const sequences = await encodeDataset([...training, ...validation], encoder, data);
  const { labeler, history, bestEpoch } = await trainLabeler(
    sequences.slice(0, training.length),
    sequences.slice(training.length),
    { ...options, labels },
  );
  const best = history[bestEpoch - 1];
  try {
    await saveModel(outputDir, {
      name,
      labels,
      background: background ?? null,
      encoder: encoderSpec,
      encoderId: encoder.id,
      frameRate,
      labeler,
      training: { ...summary, seed, bestEpoch, ...(best?.validation && { validation: best.validation }) },
    });
    return { history, bestEpoch, summary };
  } finally {
    labeler.dispose();
  }
}

async function refuseToReplace(folder: string): Promise<void> {
  const isTaken = await access(path.join(folder, MODEL_FILE)).then(
    () => true,
    () => false,
  );
  if (isTaken)
    throw new UsageError(`"${folder}" holds a model already. Choose another folder, or pass --overwrite.`);
}

function summarize(
  videos: readonly AnnotatedVideo[],
  labels: string[],
  numTraining: number,
  numValidation: number,
): DatasetSummary {
  const segments = videos.flatMap((video) => video.segments);
  const count = (label: string): number => segments.filter((segment) => segment.label === label).length;
  const segmentsByLabel = Object.fromEntries(labels.map((label) => [label, count(label)]));
  return { labels, numTraining, numValidation, segmentsByLabel };
}
