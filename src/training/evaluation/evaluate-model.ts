import { readDataset } from '../../annotations/datasets/dataset.js';
import { DatasetError } from '../../errors.js';
import { createModelEncoder, loadModel } from '../../labeler/model/model-folder.js';
import { smoothingOf, type SmoothingRequest } from '../../labeler/model/model-smoothing.js';
import { startBackend, type BackendName } from '../../runtime/backend.js';
import type { VideoLimits } from '../../video/video-limits.js';
import { encodeDataset } from '../data/load-sequences.js';
import { predictSequences, scorePredictions, type DatasetScores } from './score-sequences.js';
import { labelsOf } from '../data/sequences.js';
import type { EncodingProgress } from '../../progress.js';

/** How a model is evaluated. */
export interface EvaluateOptions {
  backend?: BackendName;
  /** Threads that encode frames. Default: one per core. */
  workers?: number;
  /** Folder of cached features; false keeps none. Default: the system's cache folder. */
  cacheDir?: string | false;
  /** Smoothing applied before scoring. Default: what validation chose for the model. */
  smoothing?: SmoothingRequest;
  /** Mean confidence below which a segment or clip is called "unknown", 0 to 1. Off by default. */
  unknownBelow?: number;
  /** How large and long a video may be. */
  limits?: VideoLimits;
  signal?: AbortSignal;
  /** Called after each encoded video. */
  onProgress?: (progress: EncodingProgress) => void;
  /** Told of problems in the dataset that do not stop the evaluation. */
  onWarning?: (message: string) => void;
}

/**
 * Labels the videos of a dataset with a model and scores the result.
 *
 * @param dataset - Folder or file, as for `readDataset`.
 * @param modelDir - Folder of the model.
 * @throws {ModelError} If the model cannot be loaded.
 * @throws {UsageError} If the smoothing options or the threshold are out of range, or the model has no prior for Viterbi
 *   smoothing.
 * @throws {DatasetError} If the dataset has a label that the model does not know, or a video cannot be used.
 *
 * @example
 * const { frameAccuracy, f1 } = await evaluateModel('clips', 'models/drawn-people');
 */
export async function evaluateModel(
  dataset: string,
  modelDir: string,
  options: EvaluateOptions = {},
): Promise<DatasetScores> {
  const { backend, workers, cacheDir, unknownBelow, limits, signal, onProgress, onWarning } = options;
  await startBackend(backend);
  const { description, labeler } = await loadModel(modelDir);
  try {
    const { labels, frameRate } = description;
    const background = description.background ?? undefined;
    const smoothing = smoothingOf(description, options.smoothing ?? {});
    const videos = await readDataset(dataset, { signal, onWarning });
    const unknown = labelsOf(videos).filter((label) => !labels.includes(label));
    if (unknown.length > 0) {
      throw new DatasetError(
        `"${dataset}" has labels that the model "${description.name}" does not know: ${unknown.join(', ')}. ` +
          `It knows ${labels.join(', ')}.`,
        dataset,
      );
    }
    const encoder = await createModelEncoder(modelDir, description, { backend, workers });
    const data = { frameRate, labels, background, cacheDir, limits, signal, onProgress };
    const sequences = await encodeDataset(videos, encoder, data);
    const predictions = await predictSequences(labeler, sequences);
    return scorePredictions(predictions, { labels, background, frameRate, smoothing, unknownBelow });
  } finally {
    labeler.dispose();
  }
}
