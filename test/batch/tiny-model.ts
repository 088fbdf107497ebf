import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { createFrameEncoder } from '../../src/encoder/create-frame-encoder.js';
import { saveModel } from '../../src/labeler/model/model-folder.js';
import { TemporalLabeler } from '../../src/labeler/temporal-labeler.js';
import { startBackend } from '../../src/runtime/backend.js';
import { writeGraphModel } from '../encoder/tiny-models.js';

/**
 * Saves a model with random weights and an encoder of two features. It starts and runs fast. Tests of batches need only
 * labels that are the same in every run.
 *
 * @param folder - Created if missing. The encoder's files are written there, too.
 */
export async function saveTinyModel(folder: string, seed = 3): Promise<void> {
  await startBackend('cpu');
  const encoderFolder = path.join(folder, 'encoder');
  await mkdir(encoderFolder, { recursive: true });
  const spec = await writeGraphModel(encoderFolder);
  const encoder = await createFrameEncoder(spec, { workers: 0, backend: 'cpu' });
  const labels = ['left', 'right', 'up'];
  const labeler = TemporalLabeler.create({ featureSize: 2, numLabels: 3, units: 4 }, { seed });
  const about = { name: 'tiny', labels, background: null, frameRate: 15, training: {} };
  await saveModel(folder, { ...about, encoder: spec, encoderId: encoder.id, labeler });
  labeler.dispose();
  encoder.dispose();
}
