import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { EncoderError } from '../errors.js';
import type { BuiltinEncoder, ModelOnDiskSpec } from './encoder-spec.js';

const PACKAGE = '@vladmandic/human';

const OUTPUTS: Record<BuiltinEncoder, Pick<ModelOnDiskSpec, 'outputNode' | 'pooling'>> = {
  'movenet-lightning': {
    outputNode:
      'StatefulPartitionedCall/center_net_mobile_net_v2fpn_feature_extractor/model_1/model/out_relu/Relu6',
  },
  'movenet-middle': {
    outputNode:
      'StatefulPartitionedCall/center_net_mobile_net_v2fpn_feature_extractor/model_1/model/block_13_expand_relu/Relu6',
  },
  'movenet-pose': { outputNode: 'StatefulPartitionedCall/Sigmoid', pooling: 'peaks' },
};

/**
 * MoveNet Lightning, read at one of three places. The graph resizes its own input and subtracts 1 from it; entering at
 * that subtraction's result skips both, so that pictures come in as `[-1, 1]`.
 *
 * - `movenet-lightning`: the MobileNetV2 backbone, 6·6 places of 1280 channels after the last ReLU6, averaged. What is
 *   in the picture, wherever it is; for any number of people and for things.
 * - `movenet-middle`: the same backbone at block 13 of 16, 12·12 places of 576 channels after a ReLU6, averaged. Nearer
 *   to the pixels than `movenet-lightning`, for activities that motion tells apart better than things do.
 * - `movenet-pose`: heatmaps of 17 body joints, 48·48 places each, pooled to position and height of their peaks. How
 *   one person stands and where; small, and the same whatever the person and the room look like.
 *
 * @returns The network inside the npm package `@vladmandic/human`, which ships it for offline use.
 * @throws {EncoderError} If that package lacks it.
 * @see https://tfhub.dev/google/movenet/singlepose/lightning/4, Apache-2.0.
 */
export function locateMoveNet(name: BuiltinEncoder): ModelOnDiskSpec & { kind: 'graph' } {
  return {
    kind: 'graph',
    path: path.join(packageFolder(), 'models', 'movenet-lightning.json'),
    inputWidth: 192,
    inputHeight: 192,
    pixelRange: [-1, 1],
    inputNode: 'StatefulPartitionedCall/sub_1',
    ...OUTPUTS[name],
  };
}

/** The package's `exports` hide its models and its package.json, so its root is sought upwards from its entry. */
function packageFolder(): string {
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(PACKAGE);
  } catch (cause) {
    throw new EncoderError(`The built-in encoder needs the npm package ${PACKAGE}; run "npm install".`, {
      cause,
    });
  }
  let folder = path.dirname(entry);
  while (!existsSync(path.join(folder, 'package.json'))) folder = path.dirname(folder);
  return folder;
}
