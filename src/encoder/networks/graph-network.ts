import { loadGraphModel, type GraphModel } from '@tensorflow/tfjs-converter';
import type * as tf from '@tensorflow/tfjs-core';
import { EncoderError } from '../../errors.js';
import type { ModelOnDiskSpec } from '../encoder-spec.js';
import type { Network } from './encoder-model.js';
import { expectAllowedOperations } from './graph-operations.js';
import type { GraphNode } from './saved-model.js';
import { createSessionNetwork, hasSessions } from './session-network.js';

/**
 * Loads a graph model. Only the part between its declared nodes runs.
 *
 * @throws {EncoderError} If it lacks a declared node, has several inputs and none is declared, or contains an operation that
 *   is not allowed.
 */
export async function loadGraphNetwork(
  spec: ModelOnDiskSpec & { kind: 'graph' },
  artifacts: tf.io.ModelArtifacts,
): Promise<Network> {
  const model = await loadGraph(spec.path, artifacts, [spec.inputNode, spec.outputNode]);
  try {
    const input = spec.inputNode ?? onlyInput(spec, model);
    const output = spec.outputNode ?? model.outputNodes[0]!;
    const inputShape = model.inputs.find(({ name }) => name === input)?.shape;
    const { node: nodes } = artifacts.modelTopology as { node: GraphNode[] };
    expectAllowedOperations(spec.path, nodes, { input, output });
    if (hasSessions()) {
      const part = { input, output, inputShape: [-1, spec.inputHeight, spec.inputWidth, 3] };
      const session = createSessionNetwork(nodes, model.weights, part);
      if (session) {
        model.dispose(); // The session has weights of its own.
        return { inputShape, ...session };
      }
    }
    return {
      inputShape,
      execute: (pictures) => model.execute({ [input]: pictures }, output) as tf.Tensor,
      dispose: () => model.dispose(),
    };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/**
 * Loads a graph and checks that it has the needed nodes.
 *
 * @param file - The model's path, for the message.
 * @throws {EncoderError} If a node is missing.
 */
export async function loadGraph(
  file: string,
  artifacts: tf.io.ModelArtifacts,
  needed: readonly (string | undefined)[],
): Promise<GraphModel> {
  const { node: nodes } = artifacts.modelTopology as { node: { name: string }[] };
  const names = new Set(nodes.map(({ name }) => name));
  for (const name of needed) {
    if (name === undefined || names.has(name)) continue;
    const sample = `first of ${names.size}: ${[...names].slice(0, 3).join(', ')}; last: ${[...names].at(-1)}`;
    throw new EncoderError(`The encoder model "${file}" has no node "${name}"; it has others (${sample}).`);
  }
  return loadGraphModel({ load: () => Promise.resolve(artifacts) });
}

function onlyInput(spec: ModelOnDiskSpec, model: GraphModel): string {
  const [input, ...others] = model.inputNodes;
  if (input !== undefined && others.length === 0) return input;
  throw new EncoderError(
    `The encoder model "${spec.path}" has ${model.inputNodes.length} inputs (${model.inputNodes.join(', ')}); ` +
      `expected one. Name the one that takes pictures as "inputNode".`,
  );
}
