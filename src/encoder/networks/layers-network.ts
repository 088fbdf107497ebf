import type * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel, model as createModel, type LayersModel } from '@tensorflow/tfjs-layers';
import { EncoderError } from '../../errors.js';
import type { ModelOnDiskSpec } from '../encoder-spec.js';
import type { Network } from './encoder-model.js';

/**
 * Loads a layers model up to the declared layer.
 *
 * @throws {EncoderError} If it lacks the declared layer, or does not have one input and one output.
 */
export async function loadLayersNetwork(
  spec: ModelOnDiskSpec,
  artifacts: tf.io.ModelArtifacts,
): Promise<Network> {
  const whole = await loadLayersModel({ load: () => Promise.resolve(artifacts) });
  try {
    const used = spec.outputNode === undefined ? whole : cutAfter(spec.outputNode, whole, spec.path);
    if (used.inputs.length !== 1 || used.outputs.length !== 1) {
      throw new EncoderError(
        `The encoder model "${spec.path}" has ${used.inputs.length} inputs and ${used.outputs.length} outputs; ` +
          `expected one of each. Name a layer as "outputNode" to choose an output.`,
      );
    }
    return {
      inputShape: used.inputs[0]!.shape,
      execute: (pictures) => used.apply(pictures, { training: false }) as tf.Tensor,
      dispose: () => whole.dispose(),
    };
  } catch (error) {
    whole.dispose();
    throw error;
  }
}

function cutAfter(layerName: string, whole: LayersModel, file: string): LayersModel {
  const layer = whole.layers.find(({ name }) => name === layerName);
  if (layer) return createModel({ inputs: whole.inputs, outputs: layer.output });
  const names = whole.layers.map(({ name }) => name).join(', ');
  throw new EncoderError(
    `The encoder model "${file}" has no layer "${layerName}"; expected one of ${names}.`,
  );
}
