import { EncoderError } from '../../errors.js';
import type { GraphNode } from './saved-model.js';

/**
 * Operations that an encoder's graph may contain: arithmetic on tensors without side effects, loops, randomness or strings.
 * A TensorFlow session runs whatever a graph names, also operations that write files, and a graph comes with a model that
 * somebody else may have made.
 */
const ALLOWED = new Set(
  [
    'AddN AddV2 Add BiasAdd Div DivNoNan FloorDiv FloorMod Maximum Minimum Mod Mul Pow RealDiv SquaredDifference Sub',
    'Abs Acos Acosh Asin Asinh Atan Atan2 Atanh Ceil ClipByValue Cos Cosh Elu Erf Exp Expm1 Floor IsFinite IsInf IsNan',
    'LeakyRelu Log Log1p Neg Prelu Reciprocal Relu Relu6 Round Rsqrt Selu Sigmoid Sign Sin Sinh Softplus Sqrt Square Tan Tanh',
    'AvgPool AvgPool3D Conv1D Conv2D Conv2DBackpropInput Conv3D DepthwiseConv2d DepthwiseConv2dNative Dilation2D',
    'FusedDepthwiseConv2dNative MaxPool MaxPool3D _FusedConv2D',
    'BitwiseAnd Equal Greater GreaterEqual Less LessEqual LogicalAnd LogicalNot LogicalOr NotEqual Select SelectV2',
    'BatchMatMul BatchMatMulV2 Einsum MatMul MatrixBandPart Transpose _FusedMatMul',
    'EuclideanNorm FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 LRN LogSoftmax Softmax',
    'All Any ArgMax ArgMin Cumprod Cumsum Max Mean Min Prod Sum TopKV2',
    'Concat ConcatV2 Gather GatherNd GatherV2 Pack Reverse ReverseV2 ScatterNd Slice Split SplitV StridedSlice',
    'TensorScatterUpdate Tile Unpack',
    'BatchToSpaceND BroadcastArgs BroadcastTo Cast DepthToSpace EnsureShape ExpandDims MirrorPad Pad PadV2 Reshape',
    'SpaceToBatchND Squeeze',
    'CropAndResize ImageProjectiveTransformV3 ResizeBilinear ResizeNearestNeighbor',
    'Fill LinSpace OneHot Ones OnesLike Range Zeros ZerosLike',
    'Const FakeQuantWithMinMaxVars Identity IdentityN NoOp Placeholder PlaceholderWithDefault Rank Shape ShapeN Size Snapshot',
    'StopGradient',
  ].flatMap((names) => names.split(' ')),
);

/**
 * Checks the nodes that run to compute a graph's output, with those that only have to run before others.
 *
 * @param file - The model's path, for the message.
 * @param input - Node that takes the pictures. What feeds it does not run.
 * @throws {EncoderError} If a node's operation is not allowed.
 */
export function expectAllowedOperations(
  file: string,
  nodes: readonly GraphNode[],
  { input, output }: { input: string; output: string },
): void {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const isSeen = new Set([input]);
  const waiting = [output];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (isSeen.has(name)) continue;
    isSeen.add(name);
    const node = byName.get(name); // The executor reports a missing node.
    if (node && !ALLOWED.has(node.op)) {
      throw new EncoderError(
        `The encoder model "${file}" uses the operation ${JSON.stringify(node.op)} in its node ${JSON.stringify(name)}. ` +
          'framewise runs only arithmetic on tensors. Do not use this model if you do not trust its source; ' +
          'otherwise choose an "outputNode" before that node.',
      );
    }
    for (const source of node?.input ?? []) waiting.push(source.replace(/^\^/, '').split(':')[0]!);
  }
}
