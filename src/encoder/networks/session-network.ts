import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { backendDevice, runningBackend, type TensorflowBackend } from '../../tfjs/backend-internals.js';
import type { Network } from './encoder-model.js';
import { SAVED_MODEL_TAG, formatSavedModel, type GraphNode } from './saved-model.js';
import { cutSessionGraph, joinedOutput, runSideBySide, type GraphPart } from './session-graph.js';

/** On two cores a batch of 8 in two parts is a fifth quicker than in one, one of 32 a tenth; in four no quicker than that. */
const PARTS_OF_BATCH = 2;

/** @returns Whether the running backend has sessions: tfjs-node's has. */
export function hasSessions(): boolean {
  return runningBackend('tensorflow') !== undefined;
}

/**
 * Makes a TensorFlow session of a part of a graph. It computes in one call what TensorFlow.js computes node by node, with
 * a product, its bias and its activation in one pass over memory, and weights laid out for the processor: more than twice as
 * fast.
 *
 * @param weights - By the name of their node; the caller's, and no longer needed afterwards.
 * @returns Undefined where TensorFlow cannot run this graph as it is; TensorFlow.js then may.
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

/** Through a folder of its own, as TensorFlow takes a graph from files only; it is gone when this returns. */
function loadSession(backend: TensorflowBackend, savedModel: Buffer): number | undefined {
  const folder = mkdtempSync(path.join(tmpdir(), 'framewise-session-'));
  try {
    writeFileSync(path.join(folder, 'saved_model.pb'), savedModel);
    return attempt(() => backend.loadSavedModelMetaGraph(folder, SAVED_MODEL_TAG));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What a session refuses is no failure yet: TensorFlow.js runs it, or says what is wrong with it. */
function attempt<Value>(work: () => Value): Value | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
