import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import {
  constraints,
  initializers,
  input,
  layers,
  loadLayersModel,
  model,
  regularizers,
  sequential,
  type LayersModel,
  type SymbolicTensor,
} from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import {
  bidirectional,
  gru,
  lstm,
  simpleRNN,
  TF_LAYERS_DEFAULTS,
  type GruArgs,
  type LstmArgs,
  type RecurrentLayerArgs,
} from '../../../src/recurrent/index.js';
import { expectClose, random, setRandomWeights } from './layer-helpers.js';

/** What `model.save` hands to a handler. */
async function save(network: LayersModel): Promise<tf.io.ModelArtifacts> {
  let saved: tf.io.ModelArtifacts | undefined;
  await network.save(
    tf.io.withSaveHandler((artifacts) => {
      saved = artifacts;
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } });
    }),
  );
  return saved!;
}

/** Loads a saved model, after changes to the text of its `model.json`. */
function load(saved: tf.io.ModelArtifacts, change = (json: string) => json): Promise<LayersModel> {
  const modelTopology = JSON.parse(change(JSON.stringify(saved.modelTopology))) as object;
  return loadLayersModel(tf.io.fromMemory({ ...saved, modelTopology }));
}

/** The one change that a model of tf.layers needs. */
const switched = (json: string) =>
  json.replace(/"class_name":"(SimpleRNN|GRU|LSTM)"/g, '"class_name":"Framewise$1"');

beforeAll(async () => {
  await tf.setBackend('wasm');
});

describe('a saved model of tf.layers', () => {
  // Its own orthogonal initializer does not run in Node.
  const recurrentInitializer = 'glorotNormal';
  const inputLayer = () => layers.inputLayer({ inputShape: [null, 3] });
  const masking = () => layers.masking({ maskValue: 0, inputShape: [null, 3] });
  const networks: Record<string, () => LayersModel> = {
    simpleRNN: () =>
      sequential({
        layers: [inputLayer(), layers.simpleRNN({ units: 4, recurrentInitializer, activation: 'relu' })],
      }),
    gru: () =>
      sequential({
        layers: [
          inputLayer(),
          layers.gru({ units: 4, recurrentInitializer, useBias: false, goBackwards: true }),
        ],
      }),
    lstm: () =>
      sequential({
        layers: [
          inputLayer(),
          layers.lstm({
            units: 4,
            recurrentInitializer,
            unitForgetBias: true,
            returnSequences: true,
            dropout: 0.3,
          }),
        ],
      }),
    'masked stack': () =>
      sequential({
        layers: [
          masking(),
          layers.gru({
            units: 4,
            recurrentInitializer,
            recurrentActivation: 'sigmoid',
            returnSequences: true,
          }),
          layers.lstm({ units: 5, recurrentInitializer, recurrentDropout: 0.2 }),
          layers.dense({ units: 2 }),
        ],
      }),
    'masked bidirectional': () =>
      sequential({
        layers: [
          masking(),
          layers.bidirectional({
            layer: layers.lstm({ units: 4, recurrentInitializer, returnSequences: true }),
            mergeMode: 'ave',
          }),
          layers.simpleRNN({ units: 2, recurrentInitializer, activation: 'linear' }),
        ],
      }),
    'states as inputs and outputs': () => {
      const [sequence, state] = [input({ shape: [null, 3] }), input({ shape: [3] })];
      const gruLayer = layers.gru({ units: 3, recurrentInitializer, returnState: true });
      const outputs = gruLayer.apply(sequence, { initialState: [state] }) as SymbolicTensor[];
      return model({ inputs: [sequence, state], outputs });
    },
    'embedding with mask': () =>
      sequential({
        layers: [
          layers.embedding({ inputDim: 9, outputDim: 3, maskZero: true, inputShape: [null] }),
          layers.lstm({ units: 4, recurrentInitializer }),
        ],
      }),
  };

  it.each(Object.keys(networks))('predicts the same once its layers have our name: %s', async (name) => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    const theirs = networks[name]!();
    setRandomWeights(theirs);
    const saved = await save(theirs);
    warn.mockRestore();
    const padded = tf.concat([random([2, 5, 3]), tf.zeros([2, 2, 3])], 1);
    const inputs =
      {
        'embedding with mask': tf.tensor2d([5, 3, 8, 0, 0, 1, 2, 3, 4, 0], [2, 5]),
        'states as inputs and outputs': [padded, random([2, 3])],
      }[name] ?? padded;
    for (const change of [
      switched,
      (json: string) => switched(json).replaceAll('"Bidirectional"', '"FramewiseBidirectional"'),
    ]) {
      const ours = await load(saved, change);
      const classes = JSON.stringify(ours.toJSON(null, false));
      expect(classes).toMatch(/"Framewise(SimpleRNN|GRU|LSTM)"/);
      const predictions = [theirs.predict(inputs), ours.predict(inputs)].flat();
      const half = predictions.length / 2;
      for (let index = 0; index < half; index++)
        expectClose(predictions[half + index]!, predictions[index]!, 1e-5);
    }
  });

  it('has defaults that a layer of ours can start from', () => {
    const pairs = [
      [layers.simpleRNN({ units: 4 }), simpleRNN({ units: 4, ...TF_LAYERS_DEFAULTS.simpleRNN })],
      [layers.gru({ units: 4 }), gru({ units: 4, ...TF_LAYERS_DEFAULTS.gru })],
      [layers.lstm({ units: 4 }), lstm({ units: 4, ...TF_LAYERS_DEFAULTS.lstm })],
    ] as const;
    for (const [theirs, ours] of pairs) {
      const notOurs = ['name', 'implementation', 'unitForgetBias'];
      const expected = Object.entries(theirs.getConfig()).filter(([key]) => !notOurs.includes(key));
      expect(ours.getConfig()).toMatchObject(Object.fromEntries(expected));
    }
    expect(pairs[1][1].getConfig().resetAfter).toBe(false);
    expect(pairs[2][1].getConfig().unitForgetBias).toBe(false);
  });

  it('saves no entry for a forget gate without a bias of ones', async () => {
    const theirs = sequential({
      layers: [layers.lstm({ units: 4, recurrentInitializer, inputShape: [null, 3] })],
    });
    const { modelTopology } = await save(theirs);
    const [layer] = (await load({ modelTopology: modelTopology! }, switched)).layers;
    expect(layer!.getConfig().unitForgetBias).toBe(false);
    expectClose(layer!.getWeights()[2]!, tf.zeros([16]), 0);
  });
});

describe('a saved model of ours', () => {
  /** Every key, none with its default. */
  const shared: RecurrentLayerArgs = {
    units: 3,
    activation: 'relu',
    useBias: false,
    kernelInitializer: initializers.randomUniform({ minval: -0.3, maxval: 0.1, seed: 5 }),
    recurrentInitializer: initializers.orthogonal({ gain: 0.7, seed: 6 }),
    biasInitializer: initializers.constant({ value: 0.25 }),
    kernelRegularizer: regularizers.l1({ l1: 0.01 }),
    recurrentRegularizer: regularizers.l2({ l2: 0.02 }),
    biasRegularizer: regularizers.l1l2({ l1: 0.03, l2: 0.04 }),
    kernelConstraint: constraints.unitNorm({ axis: 1 }),
    recurrentConstraint: constraints.maxNorm({ maxValue: 3, axis: 0 }),
    biasConstraint: constraints.nonNeg(),
    dropout: 0.1,
    recurrentDropout: 0.2,
    seed: 7,
    returnSequences: true,
    returnState: true,
    goBackwards: true,
    stateful: true,
    zeroOutputForMask: true,
    layerNormalization: true,
    trainable: false,
    name: 'the_layer',
    batchInputShape: [2, null, 3],
  };
  const gruArgs: GruArgs = { ...shared, recurrentActivation: 'hardSigmoid', resetAfter: false };
  const lstmArgs: LstmArgs = { ...shared, recurrentActivation: 'hardSigmoid', unitForgetBias: false };
  const all = [
    ['simpleRNN', () => simpleRNN({ ...shared }), shared],
    ['gru', () => gru({ ...gruArgs }), gruArgs],
    ['lstm', () => lstm({ ...lstmArgs }), lstmArgs],
  ] as const;

  const scalars = (args: object) =>
    Object.fromEntries(Object.entries(args).filter(([, value]) => typeof value !== 'object'));

  it.each(all)('keeps every key of its configuration: %s', async (_, create, args) => {
    const layer = create();
    const config = layer.getConfig();
    expect(config).toMatchObject(scalars(args));
    expect(config).toMatchObject({
      kernelInitializer: { className: 'RandomUniform', config: { minval: -0.3, maxval: 0.1, seed: 5 } },
      recurrentInitializer: { className: 'Orthogonal', config: { gain: 0.7, seed: 6 } },
      biasInitializer: { className: 'Constant', config: { value: 0.25 } },
      kernelRegularizer: { className: 'L1L2', config: { l1: 0.01, l2: 0 } },
      recurrentRegularizer: { className: 'L1L2', config: { l1: 0, l2: 0.02 } },
      biasRegularizer: { className: 'L1L2', config: { l1: 0.03, l2: 0.04 } },
      kernelConstraint: { className: 'UnitNorm', config: { axis: 1 } },
      recurrentConstraint: { className: 'MaxNorm', config: { maxValue: 3, axis: 0 } },
      biasConstraint: { className: 'NonNeg' },
    });
    const outputs = layer.apply(input({ batchShape: [2, null, 3] })) as SymbolicTensor[];
    const source = outputs[0]!.inputs[0]!;
    const loaded = await load(await save(model({ inputs: source, outputs })));
    expect(loaded.getLayer('the_layer').getConfig()).toEqual(config);
  });

  it.each([
    ['simpleRNN', () => simpleRNN({ units: 4 })],
    ['gru', () => gru({ units: 4 })],
    ['lstm', () => lstm({ units: 4 })],
    ['lstm, normalized', () => lstm({ units: 4, layerNormalization: true })],
    [
      'bidirectional',
      () => bidirectional({ layer: lstm({ units: 4, returnSequences: true }), mergeMode: 'mul' }),
    ],
  ])('predicts the same: %s', async (_, create) => {
    const network = sequential({
      layers: [
        layers.masking({ maskValue: 0, inputShape: [null, 3] }),
        bidirectional({ layer: gru({ units: 3, returnSequences: true }) }),
        create(),
      ],
    });
    const inputs = tf.concat([random([2, 4, 3]), tf.zeros([2, 1, 3])], 1);
    network.predict(inputs);
    setRandomWeights(network);
    const loaded = await load(await save(network));
    expectClose(loaded.predict(inputs) as Tensor, network.predict(inputs) as Tensor, 0);
  });

  it('has its initial states among its inputs, without a warning', async () => {
    const warn = vi.spyOn(console, 'warn');
    const symbols = [input({ shape: [null, 3] }), input({ shape: [4] }), input({ shape: [4] })];
    const [sequence, ...initialState] = symbols as [SymbolicTensor, ...SymbolicTensor[]];
    const outputs = lstm({ units: 4, returnState: true }).apply(sequence, {
      initialState,
    }) as SymbolicTensor[];
    const network = model({ inputs: symbols, outputs });
    const loaded = await load(await save(network));
    const values = [random([2, 5, 3]), random([2, 4], 8), random([2, 4], 9)];
    const predicted = network.predict(values) as Tensor[];
    (loaded.predict(values) as Tensor[]).forEach((tensor, index) =>
      expectClose(tensor, predicted[index]!, 0),
    );
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });
});

describe('a model of Keras', () => {
  it('loads its own form of keys, values and weights', async () => {
    const lstmConfig = {
      name: 'lstm',
      trainable: true,
      dtype: 'float32',
      batch_input_shape: [null, null, 2],
      return_sequences: false,
      return_state: false,
      go_backwards: true,
      stateful: false,
      unroll: false,
      time_major: false,
      units: 2,
      activation: 'relu',
      recurrent_activation: 'hard_sigmoid',
      use_bias: true,
      kernel_initializer: { class_name: 'GlorotUniform', config: { seed: null } },
      recurrent_initializer: { class_name: 'Orthogonal', config: { gain: 1.0, seed: null } },
      bias_initializer: { class_name: 'Zeros', config: {} },
      unit_forget_bias: false,
      kernel_regularizer: { class_name: 'L1L2', config: { l1: 0.0, l2: 0.5 } },
      recurrent_regularizer: null,
      bias_regularizer: null,
      activity_regularizer: null,
      kernel_constraint: null,
      recurrent_constraint: { class_name: 'MaxNorm', config: { max_value: 2, axis: 0 } },
      bias_constraint: null,
      dropout: 0.25,
      recurrent_dropout: 0.0,
      implementation: 2,
    };
    const modelTopology = {
      keras_version: '2.15.0',
      backend: 'tensorflow',
      model_config: {
        class_name: 'Sequential',
        config: { name: 'sequential', layers: [{ class_name: 'FramewiseLSTM', config: lstmConfig }] },
      },
    };
    const weights = {
      kernel: random([2, 8], 1),
      recurrent_kernel: tf.mul(random([2, 8], 2), 0.1),
      bias: random([8], 3),
    };
    const weightSpecs = Object.entries(weights).map(([name, { shape }]) => ({
      name: `lstm/lstm_cell/${name}`,
      shape,
      dtype: 'float32' as const,
    }));
    const values = Object.values(weights).flatMap((weight) => [...weight.dataSync()]);
    const loaded = await load({ modelTopology, weightSpecs, weightData: new Float32Array(values).buffer });
    const layer = loaded.layers[0]!;
    expect(layer.getConfig()).toMatchObject({
      name: 'lstm',
      goBackwards: true,
      activation: 'relu',
      recurrentActivation: 'hardSigmoid',
      unitForgetBias: false,
      dropout: 0.25,
      seed: null,
      kernelRegularizer: { className: 'L1L2', config: { l2: 0.5 } },
      recurrentConstraint: { className: 'MaxNorm', config: { maxValue: 2 } },
    });
    Object.values(weights).forEach((weight, index) => expectClose(layer.getWeights()[index]!, weight, 1e-6));
  });
});
