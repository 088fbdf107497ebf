import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { input, layers, loadLayersModel, sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { ShapeError, UsageError, WeightsError } from '../../../src/errors.js';
import { bidirectional, gru, lstm, simpleRNN, type LstmArgs } from '../../../src/recurrent/index.js';

const shape = (...sizes: number[]) => tf.ones(sizes);

/** A layer of three units that has seen `[2, 5, 4]`. */
function builtLayer(args: Partial<LstmArgs> = {}) {
  const layer = lstm({ units: 3, name: 'memory', ...args });
  layer.apply(shape(2, 5, 4));
  return layer;
}

beforeAll(async () => {
  await tf.setBackend('wasm');
});

describe('a recurrent layer refuses', () => {
  it.each([
    ['a wrong rank', [2, 4], 'expected [batch, time, features], received [2, 4]'],
    ['no steps', [2, 0, 4], 'expected [batch, time, features], received [2, 0, 4]'],
  ])('inputs of %s before it is built', (_, sizes, message) => {
    for (const inputs of [shape(...sizes), input({ batchShape: sizes })]) {
      const call = () => lstm({ units: 3, name: 'fresh' }).apply(inputs);
      expect(call).toThrow(ShapeError);
      expect(call).toThrow(`The inputs of the layer fresh: ${message}.`);
    }
  });

  it.each([
    ['a wrong rank', [2, 4], '[batch, time, 4], received [2, 4]'],
    ['a wrong width', [2, 5, 3], '[batch, time, 4], received [2, 5, 3]'],
  ])('inputs of %s after it is built, symbolic ones too', (_, sizes, message) => {
    const expected = `The inputs of the layer memory: expected ${message}.`;
    expect(() => builtLayer().apply(shape(...sizes))).toThrow(expected);
    expect(() => builtLayer().apply(input({ batchShape: sizes }))).toThrow(expected);
    expect(() => builtLayer().apply(input({ shape: [null, 3] }))).toThrow(
      'expected [batch, time, 4], received [null, null, 3]',
    );
  });

  it('inputs without a declared width', () => {
    expect(() => gru({ units: 3 }).apply(input({ shape: [null, null] }))).toThrow(
      'The inputs of a recurrent layer: expected a known number of features, received null.',
    );
  });

  it('inputs that do not fit a bidirectional layer', () => {
    const both = bidirectional({ layer: gru({ units: 3 }) });
    expect(() => both.apply(shape(2, 4))).toThrow(/expected \[batch, time, features\], received \[2, 4\]/);
    both.apply(shape(2, 5, 4));
    expect(() => both.apply(shape(2, 5, 3))).toThrow(/expected \[batch, time, 4\], received \[2, 5, 3\]/);
  });

  it.each([0, 1.5, -1, NaN])('%s units', (units) => {
    for (const create of [simpleRNN, gru, lstm]) {
      expect(() => create({ units })).toThrow(ShapeError);
      expect(() => create({ units })).toThrow(`expected a whole number of at least one, received ${units}`);
    }
  });

  it('a mask of another length or batch', () => {
    const layer = builtLayer();
    for (const sizes of [
      [2, 6],
      [1, 5],
    ]) {
      expect(() => layer.apply(shape(2, 5, 4), { mask: shape(...sizes) })).toThrow(
        `The mask of a recurrence: expected [2, 5], received [${sizes.join(', ')}].`,
      );
    }
  });

  it.each([
    [
      'another batch size',
      [
        [3, 3],
        [2, 3],
      ],
      'hiddenState of the layer memory: expected [2, 3], received [3, 3]',
    ],
    [
      'another width',
      [
        [2, 3],
        [2, 4],
      ],
      'cellState of the layer memory: expected [2, 3], received [2, 4]',
    ],
    ['too few', [[2, 3]], 'cellState of the layer memory: expected [2, 3], received none'],
    [
      'too many',
      [
        [2, 3],
        [2, 3],
        [2, 3],
      ],
      'states of the layer memory: expected 2 (hiddenState, cellState), received 3',
    ],
  ])('initial states: %s', (_, sizes, message) => {
    const initialState = sizes.map((each) => shape(...each));
    const symbols = sizes.map((batchShape) => input({ batchShape }));
    for (const layer of [builtLayer(), lstm({ units: 3, name: 'memory' })]) {
      expect(() => layer.apply(shape(2, 5, 4), { initialState })).toThrow(`The ${message}.`);
      expect(() => layer.apply([shape(2, 5, 4), ...initialState])).toThrow(`The ${message}.`);
      expect(() => layer.apply(input({ batchShape: [2, 5, 4] }), { initialState: symbols })).toThrow(
        `The ${message}.`,
      );
    }
    expect(() => builtLayer().step(tf.ones([2, 4]), initialState)).toThrow(`The ${message}.`);
  });

  it('a step of wrong rank or width', () => {
    expect(() => builtLayer().step(shape(4) as tf.Tensor2D)).toThrow(
      'The input of a step of the layer memory: expected [batch, features], received [4].',
    );
    expect(() => builtLayer().step(tf.ones([2, 5]))).toThrow(
      /expected \[batch, time, 4\], received \[2, 1, 5\]/,
    );
  });

  it('weights of other shapes, too few or too many', () => {
    const layer = builtLayer();
    const before = layer.getWeights().map((weight) => [...weight.dataSync()]);
    const [kernel, recurrentKernel, bias] = [shape(4, 12), shape(3, 12), shape(12)];
    expect(() => layer.setWeights([kernel, shape(4, 12), bias])).toThrow(
      'The weight memory/recurrent_kernel: expected [3, 12], received [4, 12].',
    );
    expect(() => layer.setWeights([kernel, recurrentKernel])).toThrow(
      'The weights of the layer memory: expected 3 tensors, received 2.',
    );
    expect(() => layer.setWeights([kernel, recurrentKernel, bias, bias])).toThrow(
      /expected 3 tensors, received 4/,
    );
    expect(layer.getWeights().map((weight) => [...weight.dataSync()])).toEqual(before);
    expect(() => lstm({ units: 3 }).setWeights([kernel, recurrentKernel, bias])).toThrow(
      /expected none before it is built, received 3/,
    );
  });

  it.each([NaN, Infinity])('weights of %s', (value) => {
    const set = () => builtLayer().setWeights([shape(4, 12), tf.fill([3, 12], value), shape(12)]);
    expect(set).toThrow(WeightsError);
    expect(set).toThrow(
      `The weight memory/recurrent_kernel [3, 12]: expected finite numbers, received ${value}.`,
    );
  });

  it('to load weights that are damaged or of another shape', async () => {
    const network = sequential({
      layers: [layers.inputLayer({ inputShape: [5, 4] }), lstm({ units: 3, name: 'memory' })],
    });
    let saved: tf.io.ModelArtifacts | undefined;
    await network.save(
      tf.io.withSaveHandler((artifacts) => {
        saved = artifacts;
        return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } });
      }),
    );
    const weightData = new Float32Array((saved!.weightData as ArrayBuffer).slice(0));
    weightData[50] = NaN; // the third number of the recurrent kernel
    await expect(
      loadLayersModel(tf.io.fromMemory({ ...saved!, weightData: weightData.buffer })),
    ).rejects.toThrow('The weight memory/recurrent_kernel [3, 12]: expected finite numbers, received NaN.');
    const json = JSON.stringify(saved!.modelTopology).replace('[null,5,4]', '[null,5,2]');
    const modelTopology = JSON.parse(json) as object;
    await expect(loadLayersModel(tf.io.fromMemory({ ...saved!, modelTopology }))).rejects.toThrow(
      'The weight memory/kernel: expected [2, 12], received [4, 12].',
    );
  });

  it('unknown activations', () => {
    for (const key of ['activation', 'recurrentActivation']) {
      expect(() => lstm({ units: 3, [key]: 'swish' })).toThrow(
        'Unknown recurrent activation "swish". Use one of: tanh, sigmoid, hardSigmoid, relu, linear.',
      );
    }
  });

  it.each([1, -0.1, NaN])('to drop a share of %s', (rate) => {
    for (const key of ['dropout', 'recurrentDropout']) {
      const create = () => gru({ units: 3, [key]: rate });
      expect(create).toThrow(UsageError);
      expect(create).toThrow(`The ${key} of a layer must be in [0, 1), not ${rate}.`);
    }
  });

  it('an activityRegularizer, which is not supported', () => {
    expect(() => lstm({ units: 3, ...{ activityRegularizer: 'l1l2' } })).toThrow(
      /has no activityRegularizer/,
    );
  });

  it('to keep a state without a batch size, and to reset a state that is not kept', () => {
    expect(() => sequential({ layers: [lstm({ units: 3, stateful: true, inputShape: [5, 4] })] })).toThrow(
      /does not know its batch size yet.*batchInputShape/,
    );
    expect(() => lstm({ units: 3, stateful: true }).resetStates()).toThrow(
      /does not know its batch size yet/,
    );
    expect(() => builtLayer().resetStates()).toThrow(
      'The layer memory is not stateful: it has no state to reset.',
    );
  });

  it('a state that does not fit, and keeps the previous one', () => {
    const layer = builtLayer({ stateful: true });
    const before = layer.getStates().map((state) => [...state.dataSync()]);
    expect(() => layer.resetStates([shape(2, 3), shape(2, 4)])).toThrow(
      'The cellState of the layer memory: expected [2, 3], received [2, 4].',
    );
    expect(() => layer.resetStates(shape(2, 3))).toThrow(/cellState.*received none/);
    expect(() => layer.resetStates([shape(2, 3), shape(2, 3), shape(2, 3)])).toThrow(/received 3/);
    expect(layer.getStates().map((state) => [...state.dataSync()])).toEqual(before);
    expect(() => layer.apply(shape(3, 5, 4))).toThrow(/expected \[2, time, 4\], received \[3, 5, 4\]/);
  });
});
