import type { FrameEncoder } from '../../src/encoder/frame-encoder.js';
import type { ModelDescription } from '../../src/labeler/model/model-folder.js';
import { TemporalLabeler } from '../../src/labeler/temporal-labeler.js';
import type { StreamStages } from '../../src/live/stream-labels.js';
import { startBackend } from '../../src/runtime/backend.js';

/** Frames per second of the model of {@link createSmallStages}. */
export const FRAME_RATE = 5;

const LABELS = ['dark', 'bright', 'other'];

/**
 * Creates stages that are fast enough for tests: the encoder computes the mean of each color, and the labeler is an
 * untrained network.
 *
 * @param beforeEncoding - Awaited before each frame is encoded.
 */
export async function createSmallStages(
  beforeEncoding: () => Promise<void> = () => Promise.resolve(),
): Promise<StreamStages> {
  await startBackend('cpu');
  const encoder: FrameEncoder = {
    id: 'mean-color',
    inputWidth: 16,
    inputHeight: 12,
    pictureFit: 'fill',
    featureSize: 3,
    async encode(pixels, numFrames) {
      await beforeEncoding();
      const frameBytes = pixels.length / numFrames;
      const features = new Float32Array(3 * numFrames);
      pixels.forEach((value, byte) => {
        features[3 * Math.floor(byte / frameBytes) + (byte % 3)]! += value / (85 * frameBytes);
      });
      return features;
    },
    dispose() {},
  };
  const labeler = TemporalLabeler.create(
    { featureSize: 3, numLabels: LABELS.length, units: 4, projectionUnits: 4 },
    { seed: 3 },
  );
  const model = { name: 'small', labels: LABELS, frameRate: FRAME_RATE, network: labeler.config };
  return { model: model as unknown as ModelDescription, labeler, encoder };
}
