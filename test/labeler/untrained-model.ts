import { createFrameEncoder } from '../../src/encoder/create-frame-encoder.js';
import { DEFAULT_ENCODER } from '../../src/encoder/encoder-spec.js';
import { saveModel } from '../../src/labeler/model/model-folder.js';
import { TemporalLabeler } from '../../src/labeler/temporal-labeler.js';
import { startBackend } from '../../src/runtime/backend.js';

/** Labels that an untrained model gives; which one is up to its seed. */
export const UNTRAINED_LABELS = ['left', 'right', 'up'];

/** Saves a model with random weights: it labels at random but always the same, which is enough to test what is around it. */
export async function saveUntrainedModel(
  folder: string,
  frameRate = 5,
  network: { bidirectional?: boolean } = {},
): Promise<void> {
  await startBackend('wasm');
  const encoder = await createFrameEncoder(DEFAULT_ENCODER, { workers: 0 });
  const { featureSize } = encoder;
  const labeler = TemporalLabeler.create(
    { featureSize, numLabels: UNTRAINED_LABELS.length, units: 8, projectionUnits: 8, ...network },
    { seed: 3 },
  );
  labeler.temperature = 0.8; // as a calibrated model has one
  await saveModel(folder, {
    name: 'untrained',
    labels: UNTRAINED_LABELS,
    background: null,
    encoder: DEFAULT_ENCODER,
    encoderId: encoder.id,
    frameRate,
    labeler,
    training: {},
  });
  labeler.dispose();
  encoder.dispose();
}
