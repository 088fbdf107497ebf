import { readDataset } from '../annotations/dataset.js';
import { DatasetError } from '../errors.js';
import { createModelEncoder } from '../labeler/model-encoder.js';
import { loadModel } from '../labeler/model-folder.js';
import { startBackend, type BackendName } from '../runtime/backend.js';
import { encodeDataset } from './load-sequences.js';
import { scoreSequences, type DatasetScores } from './score-sequences.js';
import { labelsOf } from './sequences.js';

/** How a model is tried on a dataset. */
export interface EvaluateOptions {
  backend?: BackendName;
  /** Threads that encode. */
  workers?: number;
  /** Folder for cached features; false keeps none. */
  cacheDir?: string | false;
  signal?: AbortSignal;
  onVideo?: (done: number, all: number, name: string, isCached: boolean) => void;
  /** Told of what is odd in the dataset but does not stop the evaluation. */
  onWarning?: (message: string) => void;
}

/**
 * Labels the videos of a dataset and compares with their truth.
 *
 * @throws {ModelError} If the model cannot be loaded.
 * @throws {DatasetError} If the dataset has a label that the model does not know, or a video cannot be used.
 */
export async function evaluateModel(
  dataset: string,
  modelDir: string,
  { backend, workers, cacheDir, signal, onVideo, onWarning }: EvaluateOptions = {},
): Promise<DatasetScores> {
  await startBackend(backend);
  const { description, labeler } = await loadModel(modelDir);
  try {
    const { labels, frameRate } = description;
    const background = description.background ?? undefined;
    const videos = await readDataset(dataset, { onWarning });
    const unknown = labelsOf(videos).filter((label) => !labels.includes(label));
    if (unknown.length > 0) {
      throw new DatasetError(
        `"${dataset}" has labels that the model "${description.name}" does not know: ${unknown.join(', ')}. ` +
          `It knows ${labels.join(', ')}.`,
        dataset,
      );
    }
    const encoder = await createModelEncoder(modelDir, description, { backend, workers });
    const data = { frameRate, labels, background, cacheDir, signal, onVideo };
    const sequences = await encodeDataset(videos, encoder, data);
    return await scoreSequences(labeler, sequences, labels, background);
  } finally {
    labeler.dispose();
  }
}
