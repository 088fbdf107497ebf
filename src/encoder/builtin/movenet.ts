import type { BuiltinEncoder, ModelOnDiskSpec } from '../encoder-spec.js';
import { locateHumanModel } from '../networks/model-files.js';

/** The built-in encoders that use MoveNet. */
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
 * MoveNet Lightning, with the features taken from one of three nodes. The graph itself resizes its input and subtracts 1;
 * entering at the result of the subtraction skips both, so pictures are given scaled to `[-1, 1]`.
 *
 * - `movenet-lightning`: the MobileNetV2 backbone, the mean of 6·6 positions of 1280 channels after the last ReLU6.
 *   Describes what is in the picture, wherever it is, for any number of people and objects.
 * - `movenet-middle`: the same backbone at block 13 of 16, the mean of 12·12 positions of 576 channels after a
 *   ReLU6. Closer to the pixels than `movenet-lightning`, for activities that differ by motion more than by objects.
 * - `movenet-pose`: position and height of the peaks of 17 body joints' heatmaps of 48·48 positions. Describes the pose
 *   and place of one person in few numbers, independently of the look of the person and the room.
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
