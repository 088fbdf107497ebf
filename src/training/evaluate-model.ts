import { readDataset } from '../annotations/dataset.js';
import { createFrameEncoder } from '../encoder/create-frame-encoder.js';
import { FeatureStore } from '../encoder/feature-store.js';
import { DatasetError } from '../errors.js';
import { loadModel } from '../labeler/model-folder.js';
import { startBackend, type BackendName } from '../runtime/backend.js';
import { loadSequences } from './load-sequences.js';
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
    const { labels, frameRate, encoder: spec } = description;
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
    const encoder = await createFrameEncoder(spec, { backend, workers });
    try {
      const store = cacheDir === false ? undefined : new FeatureStore(cacheDir);
      const sequences = await loadSequences(videos, {
        encoder,
        frameRate,
        labels,
        background,
        store,
        signal,
        onVideo,
      });
      return await scoreSequences(labeler, sequences, labels, background);
    } finally {
      encoder.dispose();
    }
  } finally {
    labeler.dispose();
  }
}
