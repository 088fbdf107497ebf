import { createFrameEncoder, type FrameEncoderOptions } from '../../encoder/create-frame-encoder.js';
import type { FrameEncoder } from '../../encoder/frame-encoder.js';
import { ModelError } from '../../errors.js';
import type { ModelDescription } from './model-description.js';

/**
 * Creates the encoder of a model and makes sure that it is the one that the model was trained on. Dispose it when done.
 *
 * @param modelDir - The model's folder, for the message.
 * @throws {ModelError} If the encoder found here is another one.
 * @throws As `createFrameEncoder` does.
 */
export async function createModelEncoder(
  modelDir: string,
  { encoder: spec, encoderId, network }: ModelDescription,
  options: FrameEncoderOptions,
): Promise<FrameEncoder> {
  const encoder = await createFrameEncoder(spec, options);
  if (encoder.id === encoderId && encoder.featureSize === network.featureSize) return encoder;
  encoder.dispose();
  throw new ModelError(
    `The model "${modelDir}" was trained on the encoder ${encoderId} with ${network.featureSize} features; ` +
      `this one is ${encoder.id} with ${encoder.featureSize}. ` +
      'Train the model again, or bring back the encoder it was trained on.',
    modelDir,
  );
}
