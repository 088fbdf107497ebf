import type { BuiltinEncoder, ModelOnDiskSpec } from '../encoder-spec.js';
import { locateHumanModel } from './human-models.js';

/** Built-in encoders that read MoveNet. */
export type MoveNetEncoder = Extract<BuiltinEncoder, `movenet-${string}`>;

const OUTPUTS: Record<MoveNetEncoder, Pick<ModelOnDiskSpec, 'outputNode' | 'pooling'>> = {
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
export function locateMoveNet(name: MoveNetEncoder): ModelOnDiskSpec & { kind: 'graph' } {
  return {
    kind: 'graph',
    path: locateHumanModel('movenet-lightning.json'),
    inputWidth: 192,
    inputHeight: 192,
    pixelRange: [-1, 1],
    inputNode: 'StatefulPartitionedCall/sub_1',
    ...OUTPUTS[name],
  };
}
