import * as tf from '@tensorflow/tfjs-core';
import type { ModelOnDiskSpec } from '../../../src/encoder/encoder-spec.js';
import { readModelFiles } from '../../../src/encoder/networks/model-files.js';
import type { OnnxGraph, OnnxNode, OnnxWeight } from './onnx-model.js';

/** A node of a TensorFlow graph in the JSON form of its protobuf message. */
interface GraphNode {
  name: string;
  op: string;
  input?: string[];
  attr?: Record<string, { s?: string; list?: { s?: string[]; i?: string[] } }>;
}

const INPUT = 'pictures';
const OUTPUT = 'features';

/**
 * Converts the network of an encoder to ONNX, from its input node to its output node averaged over space. Its input is that of the
 * encoder, `[batch, height, width, 3]`. Inside, channels precede height and width, as the operators of ONNX require. Supports
 * the operations of MobileNets: convolutions with bias and ReLU6, and sums.
 *
 * @param spec - With `inputNode` and `outputNode`.
 * @throws {Error} If the network has an operation of another kind.
 */
export async function convertGraph(spec: ModelOnDiskSpec & { kind: 'graph' }): Promise<OnnxGraph> {
  const { artifacts } = await readModelFiles(spec.path);
  const graph = (artifacts.modelTopology as unknown as { node: GraphNode[] }).node;
  const converter = new Converter(
    new Map(graph.map((node) => [node.name, node])),
    tf.io.decodeWeights(artifacts.weightData as ArrayBuffer, artifacts.weightSpecs!),
  );
  converter.add('Transpose', [INPUT], spec.inputNode!, { perm: [0, 3, 1, 2] });
  converter.convert(spec.outputNode!);
  converter.add('GlobalAveragePool', [spec.outputNode!], 'averages');
  converter.add('Flatten', ['averages'], OUTPUT);
  return {
    nodes: converter.nodes,
    weights: converter.weights,
    input: { name: INPUT, shape: ['batch', spec.inputHeight, spec.inputWidth, 3] },
    output: { name: OUTPUT, shape: ['batch', 'channels'] },
  };
}

class Converter {
  readonly nodes: OnnxNode[] = [];
  readonly weights: OnnxWeight[] = [];
  readonly #graph: ReadonlyMap<string, GraphNode>;
  readonly #values: tf.NamedTensorMap;
  readonly #converted = new Set<string>();

  constructor(graph: ReadonlyMap<string, GraphNode>, values: tf.NamedTensorMap) {
    this.#graph = graph;
    this.#values = values;
    for (const [name, value] of [['zero', 0] as const, ['six', 6] as const]) {
      this.weights.push({ name, shape: [], values: Float32Array.of(value) });
    }
  }

  add(operator: string, inputs: string[], output: string, attributes?: OnnxNode['attributes']): void {
    this.nodes.push({ operator, inputs, output, attributes });
    this.#converted.add(output);
  }

  /** Converts a node after all its inputs. */
  convert(name: string): void {
    if (this.#converted.has(name)) return;
    const node = this.#graph.get(name);
    if (!node) throw new Error(`The graph has no node "${name}".`);
    const inputs = node.input ?? [];
    switch (node.op) {
      case 'AddV2':
        for (const input of inputs) this.convert(input);
        return this.add('Add', inputs, name);
      case '_FusedConv2D':
      case 'FusedDepthwiseConv2dNative':
        this.convert(inputs[0]!);
        return this.#convertConvolution(node, inputs as [string, string, string]);
      default:
        throw new Error(`The node "${name}" is a ${node.op}, which is not converted.`);
    }
  }

  #convertConvolution(node: GraphNode, [input, kernel, bias]: [string, string, string]): void {
    const isDepthwise = node.op === 'FusedDepthwiseConv2dNative';
    const weight = this.#values[kernel] as tf.Tensor4D;
    const [height, width, channels] = weight.shape;
    // Depthwise kernels are [height, width, channels, multiplier], the others [height, width, inputs, outputs].
    const arranged = tf.tidy(() =>
      isDepthwise
        ? tf.reshape(tf.transpose(weight, [2, 3, 0, 1]), [-1, 1, height, width])
        : tf.transpose(weight, [3, 2, 0, 1]),
    );
    this.#addWeight(kernel, arranged);
    this.#addWeight(bias, this.#values[bias]!);
    const attributes = {
      auto_pad: textOf(node, 'padding') === 'SAME' ? 'SAME_UPPER' : 'VALID',
      strides: spatial(node, 'strides'),
      dilations: spatial(node, 'dilations'),
      group: isDepthwise ? channels : 1,
    };
    const fused = node.attr!['fused_ops']!.list!.s!.map(decode).join();
    const convolved = fused === 'BiasAdd' ? node.name : `${node.name}/convolved`;
    if (!['BiasAdd', 'BiasAdd,Relu6'].includes(fused)) {
      throw new Error(`The node "${node.name}" is fused with ${fused}, which is not converted.`);
    }
    this.add('Conv', [input, kernel, bias], convolved, attributes);
    if (convolved !== node.name) this.add('Clip', [convolved, 'zero', 'six'], node.name);
  }

  #addWeight(name: string, tensor: tf.Tensor): void {
    if (!this.weights.some((weight) => weight.name === name)) {
      this.weights.push({ name, shape: tensor.shape, values: tensor.dataSync<'float32'>() });
    }
  }
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString();
}

function textOf(node: GraphNode, attribute: string): string {
  return decode(node.attr![attribute]!.s!);
}

/** Returns height and width of `[batch, height, width, channels]`. */
function spatial(node: GraphNode, attribute: string): number[] {
  return node.attr![attribute]!.list!.i!.slice(1, 3).map(Number);
}
