import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { input, layers, model, type LayerVariable, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  bidirectional,
  gru,
  lstm,
  simpleRNN,
  type BidirectionalArgs,
  type LstmArgs,
} from '../../../src/recurrent/index.js';
import { BACKENDS } from '../backends.js';
import { distance, readGolden, tensor, type GoldenArray } from '../golden.js';

type Layer = layers.Layer;

/** What Keras has a layer saved as. */
type KerasConfig = Record<string, unknown>;

/** A stack of Keras layers; scripts/golden/recurrent.py says how it was run. */
interface GoldenStack {
  name: string;
  layers: { className: string; config: KerasConfig }[];
  /** In the order of Keras's `get_weights()`. */
  weights: GoldenArray[];
  inputs: GoldenArray;
  initialState: GoldenArray[];
  /** The output, and the states that follow it if the layer returns them. */
  outputs: GoldenArray[];
  coefficients: GoldenArray[];
  gradients: { weights: GoldenArray[]; inputs: GoldenArray; initialState: GoldenArray[] };
}

/** A stateful layer on two batches and, after a reset, on the second one again: three outputs. */
interface GoldenStateful extends Pick<GoldenStack, 'name' | 'layers' | 'weights'> {
  batches: GoldenArray[];
  outputs: GoldenArray[];
}

const golden = readGolden<{
  stacks: GoldenStack[];
  stateful: GoldenStateful[];
  defaults: GoldenStack['layers'];
}>('recurrent-layers');

/** All of a configuration but the values that the weights start with, which the tests replace. */
const KEYS = [
  'units',
  'activation',
  'recurrent_activation',
  'use_bias',
  'reset_after',
  'unit_forget_bias',
  'return_sequences',
  'return_state',
  'go_backwards',
  'stateful',
  'dropout',
  'recurrent_dropout',
];

const camelCase = (key: string) => key.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

const optionsOf = (config: KerasConfig) =>
  Object.fromEntries(KEYS.filter((key) => key in config).map((key) => [camelCase(key), config[key]]));

function recurrentLayer(className: string, options: unknown) {
  const create = { SimpleRNN: simpleRNN, GRU: gru, LSTM: lstm }[className]!;
  return create(options as LstmArgs);
}

/** Our layer for one of Keras. */
function layerOf({ className, config }: GoldenStack['layers'][number]): Layer {
  if (className === 'Masking') return layers.masking({ maskValue: config.mask_value as number });
  if (className !== 'Bidirectional') return recurrentLayer(className, optionsOf(config));
  const inner = config.layer as { class_name: string; config: KerasConfig };
  return bidirectional({
    layer: recurrentLayer(inner.class_name, optionsOf(inner.config)),
    mergeMode: config.merge_mode as NonNullable<BidirectionalArgs['mergeMode']>,
  });
}

/** Our layers for a stack of Keras, with its weights. A single layer stays one, so that it can be given a state. */
function build(stack: Pick<GoldenStack, 'layers' | 'weights'>, [batchSize, , numFeatures]: number[]): Layer {
  const ours = stack.layers.map(layerOf);
  const inputs = input({ batchShape: [batchSize!, null, numFeatures!] });
  let outputs = inputs;
  for (const layer of ours) outputs = layer.apply(outputs) as SymbolicTensor;
  const whole = ours.length === 1 ? ours[0]! : model({ inputs, outputs });
  tf.tidy(() => whole.setWeights(stack.weights.map((array) => tensor(array))));
  return whole;
}

function expectAgreement(actual: readonly Tensor[], expected: readonly GoldenArray[], what: string): void {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((array, index) => {
    expect(distance(actual[index]!, array), `${what} ${index}`).toBeLessThan(1e-5);
  });
}

describe.each(BACKENDS)('layers with the weights of Keras on %s', (backend) => {
  beforeAll(async () => {
    expect(await tf.setBackend(backend)).toBe(true);
  });

  it.each(golden.stacks)('give its outputs, states and gradients: $name', (stack) => {
    const layer = build(stack, stack.inputs.shape);
    // TensorFlow.js cannot differentiate its Masking layer in the inputs.
    const isMasked = stack.layers[0]!.className === 'Masking';
    const inputs = tf.variable(tensor(stack.inputs), !isMasked);
    const states = stack.initialState.map((array) => tf.variable(tensor<Tensor2D>(array)));
    tf.tidy(() => {
      let outputs: Tensor[] = [];
      const { grads } = tf.variableGrads(() => {
        outputs = [layer.apply(inputs, states.length ? { initialState: states } : {})].flat() as Tensor[];
        outputs.forEach(tf.keep);
        const terms = outputs.map((output, index) => tf.mul(output, tensor(stack.coefficients[index]!)));
        return tf.addN(terms.map((term) => tf.sum(term)));
      });
      const gradientsOf = (variables: (tf.Variable | LayerVariable)[]) =>
        variables.map(({ name }) => grads[name]!);
      expectAgreement(outputs, stack.outputs, 'output');
      expectAgreement(gradientsOf(layer.trainableWeights), stack.gradients.weights, 'gradient of weight');
      if (!isMasked) expectAgreement(gradientsOf([inputs]), [stack.gradients.inputs], 'gradient of inputs');
      expectAgreement(gradientsOf(states), stack.gradients.initialState, 'gradient of state');
      tf.dispose(outputs);
    });
    tf.dispose([inputs, ...states]);
    layer.dispose();
  });

  it.each(golden.stateful)('carry state from batch to batch until they are reset: $name', (stateful) => {
    const [first, second] = stateful.batches as [GoldenArray, GoldenArray];
    const layer = build(stateful, first.shape) as ReturnType<typeof lstm>;
    tf.tidy(() => {
      const outputs = [first, second].map((batch) => tf.keep(layer.apply(tensor(batch)) as Tensor));
      layer.resetStates();
      outputs.push(layer.apply(tensor(second)) as Tensor);
      expectAgreement(outputs, stateful.outputs, 'output');
      tf.dispose(outputs);
    });
  });
});

describe('layers', () => {
  it.each(golden.defaults)('have the defaults of Keras: $className', ({ className, config }) => {
    const ours = recurrentLayer(className, { units: config.units }).getConfig();
    expect(ours).toMatchObject(optionsOf(config));
    const classOf = (initializer: unknown) => (initializer as { class_name: string }).class_name;
    expect(classOf(config.kernel_initializer)).toBe('GlorotUniform');
    // TensorFlow.js saves its Glorot initializers as what they are made of.
    expect(ours.kernelInitializer).toMatchObject({
      className: 'VarianceScaling',
      config: { scale: 1, mode: 'fanAvg', distribution: 'uniform' },
    });
    for (const name of ['recurrent_initializer', 'bias_initializer']) {
      expect(ours[camelCase(name)]).toMatchObject({ className: classOf(config[name]) });
    }
  });
});
