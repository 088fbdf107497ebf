import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { backendDevice, runningBackend, type TensorflowBackend } from '../../tfjs/backend-internals.js';
import type { Network } from './encoder-model.js';
import { SAVED_MODEL_TAG, formatSavedModel, type GraphNode } from './saved-model.js';

/** The part of a graph that a session computes. */
export interface GraphPart {
  /** Node that takes pictures. */
  input: string;
  output: string;
  /** Shape of the pictures, float32 `[batch, height, width, 3]`, with −1 for any size. */
  inputShape: readonly number[];
}

/** On two cores, two parts are a fifth faster than one for a batch of 8, and a tenth faster for 32. Four parts are no faster. */
const PARTS_OF_BATCH = 2;

/** Whether the running backend has sessions. Only that of tfjs-node has. */
export function hasSessions(): boolean {
  return runningBackend('tensorflow') !== undefined;
}

/**
 * Creates a TensorFlow session for a part of a graph. It computes in one call what TensorFlow.js computes node by node: a product,
 * its bias and its activation take one pass over memory, and weights are laid out for the processor. This is more than twice
 * as fast.
 *
 * @param weights - By the name of their node. They remain the caller's and are not needed afterwards.
 * @returns Undefined if TensorFlow cannot run this graph. TensorFlow.js may still run it.
 */
export function createSessionNetwork(
  nodes: readonly GraphNode[],
  weights: Readonly<Record<string, tf.Tensor[]>>,
  part: GraphPart,
): Pick<Network, 'execute' | 'dispose'> | undefined {
  const backend = runningBackend('tensorflow');
  if (!backend) return undefined;
  const isOnProcessor = backendDevice() === 'cpu';
  const savedModel = attempt(() => {
    const graph = cutSessionGraph(nodes, weights, part);
    return formatSavedModel(isOnProcessor ? runSideBySide(graph, part, PARTS_OF_BATCH) : graph);
  });
  const session = savedModel && loadSession(backend, savedModel);
  if (session === undefined) return undefined;
  const network = {
    execute(pictures: tf.Tensor4D) {
      const isInParts = isOnProcessor && pictures.shape[0] % PARTS_OF_BATCH === 0;
      const output = isInParts ? joinedOutput(part) : part.output;
      return backend.runSavedModel(session, [pictures], [{ name: `${part.input}:0` }], [`${output}:0`])[0]!;
    },
    dispose: () => backend.deleteSavedModel(session),
  };
  const [, height, width, channels] = part.inputShape;
  const tryOn = (numPictures: number) =>
    tf.tidy(() => network.execute(tf.zeros([numPictures, height!, width!, channels!])).size);
  const isRun = attempt(() => [1, PARTS_OF_BATCH].map(tryOn));
  if (isRun !== undefined) return network;
  network.dispose();
  return undefined;
}

/** Loads a graph through a temporary folder, because TensorFlow reads graphs only from files. */
function loadSession(backend: TensorflowBackend, savedModel: Buffer): number | undefined {
  const folder = mkdtempSync(path.join(tmpdir(), 'framewise-session-'));
  try {
    writeFileSync(path.join(folder, 'saved_model.pb'), savedModel);
    return attempt(() => backend.loadSavedModelMetaGraph(folder, SAVED_MODEL_TAG));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A graph that a session refuses may still run in TensorFlow.js, which also reports what is wrong. */
function attempt<Value>(work: () => Value): Value | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** Fused nodes of TensorFlow.js, by the operation that they begin with. TensorFlow does not offer them. */
const FUSED: Record<string, string> = {
  _FusedConv2D: 'Conv2D',
  FusedDepthwiseConv2dNative: 'DepthwiseConv2dNative',
  _FusedMatMul: 'MatMul',
};

/** Attributes that only fused nodes have. */
const FUSED_ATTRIBUTES = new Set(['fused_ops', 'num_args', 'epsilon', 'leakyrelu_alpha', 'TArgs']);

const ACTIVATIONS = new Set(['Relu', 'Relu6', 'Elu', 'Sigmoid', 'Tanh']);

const FLOAT = { type: 'DT_FLOAT' };
const DATA_TYPES: Partial<Record<tf.DataType, string>> = {
  float32: 'DT_FLOAT',
  int32: 'DT_INT32',
  bool: 'DT_BOOL',
};

/**
 * Cuts the nodes between input and output out of a graph of TensorFlow.js and converts them to nodes of TensorFlow. Weights
 * become constants, so that TensorFlow can lay them out for the processor. Fused nodes are taken apart, and TensorFlow
 * fuses again what the processor has code for.
 *
 * @param weights - By the name of their node.
 * @throws {Error} If a step of a fused node, or the data type of a weight, is unknown.
 */
export function cutSessionGraph(
  nodes: readonly GraphNode[],
  weights: Readonly<Record<string, tf.Tensor[]>>,
  { input, output, inputShape }: GraphPart,
): GraphNode[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const dim = inputShape.map((size) => ({ size }));
  const cut: GraphNode[] = [
    { name: input, op: 'Placeholder', attr: { dtype: FLOAT, shape: { shape: { dim } } } },
  ];
  const isTaken = new Set([input]);
  const take = (name: string): void => {
    if (isTaken.has(name)) return;
    isTaken.add(name);
    const node = byName.get(name);
    if (!node) throw new Error(`no node "${name}"`);
    cut.push(...express(node, weights[name]?.[0]));
    for (const source of node.input ?? []) take(source.replace(/^\^|:\d+$/g, ''));
  };
  take(output);
  return cut;
}

/** The node that concatenates the parts of {@link runSideBySide}. */
function joinedOutput({ output }: GraphPart): string {
  return `${output}/joined`;
}

/**
 * Adds nodes that compute equal parts of a batch in parallel with the same weights. Within one operation, cores wait for each
 * other at its end. With several parts, a core that is done with one part continues with another.
 *
 * @param graph - Result of {@link cutSessionGraph}.
 */
export function runSideBySide(graph: readonly GraphNode[], part: GraphPart, numParts: number): GraphNode[] {
  const shared = new Set(graph.filter(({ op }) => op === 'Const').map(({ name }) => name));
  const [axis, split] = ['framewise/axis', 'framewise/split'];
  const ofPart = (source: string, index: number): string => {
    const [, control, name, output = ''] = /^(\^?)(.*?)(:\d+)?$/.exec(source)!;
    if (name === part.input) return `${control}${split}${control ? '' : `:${index}`}`;
    return shared.has(name!) ? source : `${control}${name}/part_${index}${output}`;
  };
  const indices = Array.from({ length: numParts }, (_, index) => index);
  const computed = graph.filter(({ name }) => !shared.has(name) && name !== part.input);
  const parts = indices.flatMap((index) =>
    computed.map((node) => ({
      ...node,
      name: ofPart(node.name, index),
      input: (node.input ?? []).map((name) => ofPart(name, index)),
    })),
  );
  const content = new Uint8Array(4);
  const int32 = { type: 'DT_INT32' };
  return [
    ...graph,
    {
      name: axis,
      op: 'Const',
      attr: { dtype: int32, value: { tensor: { dtype: 'DT_INT32', shape: [], content } } },
    },
    { name: split, op: 'Split', input: [axis, part.input], attr: { T: FLOAT, num_split: { i: numParts } } },
    ...parts,
    {
      name: joinedOutput(part),
      op: 'ConcatV2',
      input: [...indices.map((index) => ofPart(part.output, index)), axis],
      attr: { T: FLOAT, N: { i: numParts }, Tidx: int32 },
    },
  ];
}

function express(node: GraphNode, weight: tf.Tensor | undefined): GraphNode[] {
  if (node.op === 'Const') return [constant(node, weight)];
  // Nobody would give it a value.
  if (node.op === 'Placeholder') throw new Error(`a second input, "${node.name}"`);
  return node.op in FUSED ? takeApart(node, FUSED[node.op]!) : [node];
}

function constant({ name }: GraphNode, weight: tf.Tensor | undefined): GraphNode {
  const dtype = weight && DATA_TYPES[weight.dtype];
  if (!dtype) throw new Error(`the constant "${name}" is ${weight?.dtype ?? 'absent'}`);
  const { buffer, byteOffset, byteLength } = weight.dataSync();
  const content = new Uint8Array(buffer, byteOffset, byteLength);
  return {
    name,
    op: 'Const',
    attr: { dtype: { type: dtype }, value: { tensor: { dtype, shape: weight.shape, content } } },
  };
}

/** @returns The product and the steps that follow it. The last one has the fused node's name. */
function takeApart({ name, op, input = [], attr = {} }: GraphNode, product: string): GraphNode[] {
  const steps = (attr['fused_ops']?.list?.s ?? []).map((step) =>
    Buffer.from(step as string, 'base64').toString(),
  );
  const unknown = steps.find(
    (step, position) => !(step === 'BiasAdd' && position === 0) && !ACTIVATIONS.has(step),
  );
  if (steps.length === 0 || unknown !== undefined)
    throw new Error(`${op} with ${unknown ?? 'nothing'} in it`);
  const own = Object.entries(attr).filter(([key]) => !FUSED_ATTRIBUTES.has(key));
  const nodeAfter = (position: number): string =>
    position === steps.length ? name : `${name}/unfused_${position}`;
  return [
    { name: nodeAfter(0), op: product, input: input.slice(0, 2), attr: Object.fromEntries(own) },
    ...steps.map((step, position) => ({
      name: nodeAfter(position + 1),
      op: step,
      input: [nodeAfter(position), ...(step === 'BiasAdd' ? input.slice(2, 3) : [])],
      attr: { T: FLOAT },
    })),
  ];
}
