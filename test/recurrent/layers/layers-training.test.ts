import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { constraints, layers, regularizers, sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import type { GRU } from '../../../src/recurrent/index.js';
import {
  bidirectional,
  gru,
  LSTM,
  lstm,
  simpleRNN,
  type RecurrentLayer,
} from '../../../src/recurrent/index.js';
import { expectClose, random, setRandomWeights } from './layer-helpers.js';

const train = (layer: layers.Layer, inputs: Tensor) => layer.apply(inputs, { training: true }) as Tensor;
const infer = (layer: layers.Layer, inputs: Tensor) => layer.apply(inputs) as Tensor;

beforeAll(async () => {
  await tf.setBackend('wasm');
});

describe('dropout', () => {
  const SIZE = 40;
  const eye = tf.eye;

  /** Outputs show the inputs that were kept: h' = x. */
  function inputShowing(options: { dropout: number; seed?: number }): RecurrentLayer {
    const layer = simpleRNN({ units: SIZE, activation: 'linear', returnSequences: true, ...options });
    infer(layer, tf.zeros([1, 1, SIZE]));
    layer.setWeights([eye(SIZE), tf.zeros([SIZE, SIZE]), tf.zeros([SIZE])]);
    return layer;
  }

  /** Outputs show what was kept of the hidden state: h' = x + h, with x = 1 in the first step and 0 later. */
  function stateShowing(recurrentDropout: number): RecurrentLayer {
    const layer = simpleRNN({ units: SIZE, activation: 'linear', returnSequences: true, recurrentDropout });
    infer(layer, tf.zeros([1, 1, 1]));
    layer.setWeights([tf.ones([1, SIZE]), eye(SIZE), tf.zeros([SIZE])]);
    return layer;
  }

  it('hides the same features in all steps of a sequence and makes up for them by 1/(1−rate)', () => {
    const outputs = train(inputShowing({ dropout: 0.2 }), tf.ones([50, 3, SIZE]));
    const [first, ...others] = tf.unstack(outputs, 1);
    for (const other of others) expectClose(other, first!, 0);
    const values = first!.dataSync<'float32'>();
    const kept = values.filter((value) => value !== 0);
    expect(new Set(kept.map((value) => Math.round(value * 1e5) / 1e5))).toEqual(new Set([1.25]));
    // Of 2,000 features; the standard deviation of the share is 0.009.
    expect(Math.abs(kept.length / values.length - 0.8)).toBeLessThan(0.045);
    const [one, two] = tf.unstack(first!);
    expect(one!.dataSync()).not.toEqual(two!.dataSync());
  });

  it('hides the same part of the hidden state in all steps', () => {
    const inputs = tf.tile(tf.tensor3d([1, 0, 0, 0], [1, 4, 1]), [50, 1, 1]);
    const outputs = train(stateShowing(0.5), inputs);
    const steps = tf.unstack(outputs, 1);
    expectClose(steps[0]!, tf.onesLike(steps[0]!), 0);
    const kept = steps[1]!.dataSync();
    expect(new Set(kept)).toEqual(new Set([0, 2]));
    expectClose(steps[2]!, tf.square(steps[1]!), 0);
    expectClose(steps[3]!, tf.pow(steps[1]!, 3), 1e-5);
  });

  it('is off in inference', () => {
    const inputs = tf.ones([2, 3, SIZE]);
    expectClose(infer(inputShowing({ dropout: 0.5 }), inputs), inputs, 0);
    expectClose(
      infer(stateShowing(0.5), tf.ones([1, 2, 1])),
      tf.tile(tf.tensor3d([1, 2], [1, 2, 1]), [1, 1, SIZE]),
      0,
    );
  });

  it('repeats itself for one seed, and differs from call to call, for another seed, and without', () => {
    const inputs = tf.ones([1, 1, SIZE]);
    const draw = (layer: layers.Layer, given: tf.Tensor = inputs) =>
      [...train(layer, given).dataSync()].join();
    const [one, same, other] = [7, 7, 8].map((seed) => inputShowing({ dropout: 0.5, seed }));
    const drawn = [draw(one!), draw(one!)];
    expect(drawn[0]).not.toBe(drawn[1]);
    expect([draw(same!), draw(same!)]).toEqual(drawn);
    expect(draw(other!)).not.toBe(drawn[0]);
    // Restored from a configuration, which says null for "no seed".
    const [a, b] = [0, 1].map(() => {
      const layer = LSTM.fromConfig(LSTM, lstm({ units: SIZE, dropout: 0.5 }).getConfig()) as LSTM;
      infer(layer, inputs);
      layer.setWeights([tf.fill([SIZE, 4 * SIZE], 0.01), tf.zeros([SIZE, 4 * SIZE]), tf.zeros([4 * SIZE])]);
      return layer;
    });
    const mixed = tf.tensor3d(
      Array.from({ length: SIZE }, (_, index) => index),
      [1, 1, SIZE],
    );
    // Several draws, because two masks may keep the same sum.
    const sums = [a!, b!].map((layer) => [1, 2, 3, 4, 5].map(() => draw(layer, mixed)).join());
    expect(sums[0]).not.toBe(sums[1]);
  });

  it('affects the gradient: dropped values learn nothing', () => {
    const layer = inputShowing({ dropout: 0.5, seed: 3 });
    const { value, grads } = tf.variableGrads(
      () => tf.sum(train(layer, tf.ones([1, 1, SIZE]))),
      [layer.weights[0]!.read() as tf.Variable],
    );
    const rows = tf.max(Object.values(grads)[0]!, 1).dataSync<'float32'>();
    expect(new Set(rows)).toEqual(new Set([0, 2]));
    expect(rows.reduce((sum, row) => sum + row, 0)).toBeCloseTo(value.dataSync()[0]!, 4);
  });
});

describe('training', () => {
  const layerKinds = {
    simpleRNN: () => simpleRNN({ units: 5, returnSequences: true }),
    gru: () => gru({ units: 5, returnSequences: true }),
    lstm: () => lstm({ units: 5, returnSequences: true }),
    bidirectional: () => bidirectional({ layer: lstm({ units: 5, returnSequences: true }) }),
    'layer normalization': () => gru({ units: 5, returnSequences: true, layerNormalization: true }),
  };

  it.each(Object.entries(layerKinds))('lowers the loss: %s', async (_, create) => {
    const network = sequential({
      layers: [layers.masking({ maskValue: 0, inputShape: [null, 3] }), create(), layers.dense({ units: 1 })],
    });
    network.compile({ optimizer: tf.train.adam(0.03), loss: 'meanSquaredError' });
    const inputs = random([8, 6, 3]);
    const targets = tf.cumsum(tf.sum(inputs, 2, true), 1);
    const { history } = await network.fit(inputs, targets, { epochs: 30, verbose: 0 });
    expect(history.loss!.at(-1)).toBeLessThan(0.5 * (history.loss![0] as number));
  });

  it('leaves frozen weights unchanged and trains the others', async () => {
    const frozen = lstm({ units: 5, returnSequences: true, trainable: false, name: 'frozen' });
    const network = sequential({
      layers: [layers.dense({ units: 4, inputShape: [null, 3] }), frozen, lstm({ units: 2 })],
    });
    network.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
    const weightsOf = (layer: layers.Layer) => layer.getWeights().map((weight) => [...weight.dataSync()]);
    const before = network.layers.map(weightsOf);
    await network.fit(random([4, 6, 3]), random([4, 2]), { epochs: 2, verbose: 0 });
    const after = network.layers.map(weightsOf);
    expect(after[1]).toEqual(before[1]);
    expect(after[0]![0]).not.toEqual(before[0]![0]);
    expect(after[2]).not.toEqual(before[2]);
  });

  it('computes no weight gradient of a frozen layer', async () => {
    const layer = lstm({ units: 5, returnSequences: true });
    const dense = layers.dense({ units: 3 });
    const inputs = random([2, 6, 2]);
    const loss = () => tf.sum<tf.Scalar>(layer.apply(dense.apply(inputs)) as Tensor);
    loss();
    /** Shapes of the products that a gradient of all trainable variables takes. */
    const products = async () => {
      const { kernels } = await tf.profile(() => {
        const { value, grads } = tf.variableGrads(loss);
        tf.dispose([value, grads]);
      });
      return kernels
        .filter(({ name }) => name === 'BatchMatMul')
        .map(({ outputShapes }) => outputShapes[0]!.slice(-2));
    };
    const isWeightGradient = (shape: number[]) =>
      shape.includes(20) && (shape.includes(5) || shape.includes(3));
    expect((await products()).filter(isWeightGradient)).toHaveLength(2);
    layer.trainable = false;
    const needed = await products();
    expect(needed.filter(isWeightGradient)).toHaveLength(0);
    expect(needed.length).toBeGreaterThan(0);
  });

  it('adds the losses of the regularisers, in both directions too', async () => {
    const l2 = (rate: number) => regularizers.l2({ l2: rate });
    const args = {
      units: 2,
      kernelRegularizer: l2(0.1),
      recurrentRegularizer: l2(0.2),
      biasRegularizer: l2(0.3),
    };
    for (const layer of [gru(args), bidirectional({ layer: gru(args), mergeMode: 'ave' })]) {
      const network = sequential({ layers: [layers.inputLayer({ inputShape: [4, 3] }), layer] });
      network.compile({ optimizer: tf.train.sgd(0), loss: 'meanSquaredError' });
      const [inputs, targets] = [random([2, 4, 3]), random([2, 2])];
      infer(layer, inputs);
      setRandomWeights(network);
      const { history } = await network.fit(inputs, targets, { epochs: 1, verbose: 0 });
      const error = network.evaluate(inputs, targets) as tf.Scalar;
      const penalty = layer
        .getWeights()
        .map((weight, index) => [0.1, 0.2, 0.3][index % 3]! * tf.sum(tf.square(weight)).dataSync()[0]!)
        .reduce((sum, each) => sum + each);
      expect(penalty).toBeGreaterThan(1);
      expect(history.loss![0]).toBeCloseTo(error.dataSync()[0]! + penalty, 4);
    }
  });

  it('applies constraints to weights when they are set, as tf.layers does', () => {
    const layer = lstm({
      units: 3,
      kernelConstraint: constraints.unitNorm({ axis: 0 }),
      recurrentConstraint: 'nonNeg',
      biasConstraint: constraints.maxNorm({ maxValue: 0.5, axis: 0 }),
    });
    infer(layer, random([1, 2, 4]));
    setRandomWeights(layer);
    const [kernel, recurrentKernel, bias] = layer.getWeights() as [Tensor, Tensor, Tensor];
    expectClose(tf.norm(kernel, 2, 0), tf.ones([12]), 1e-5);
    expect(tf.min(recurrentKernel).dataSync()[0]).toBe(0);
    expect(tf.norm(bias).dataSync()[0]).toBeCloseTo(0.5, 5);
  });

  it('carries the state of a stateful layer over the batches of training', async () => {
    const network = sequential({
      layers: [gru({ units: 4, stateful: true, returnSequences: true, batchInputShape: [2, 3, 3] })],
    });
    network.compile({ optimizer: tf.train.sgd(0), loss: 'meanSquaredError' });
    const inputs = random([6, 3, 3]);
    await network.fit(inputs, tf.zeros([6, 3, 4]), { epochs: 1, batchSize: 2, shuffle: false, verbose: 0 });
    const [trained] = (network.layers[0] as GRU).getStates();
    const kept = tf.clone(trained!);
    network.resetStates();
    const outputs = network.predict(inputs, { batchSize: 2 }) as Tensor;
    expectClose(kept, tf.squeeze(tf.slice(outputs, [4, 2, 0], [2, 1, 4]), [1]), 1e-6);
  });
});

describe('memory', () => {
  it.each([
    ['lstm', () => lstm({ units: 4, dropout: 0.3, recurrentDropout: 0.3 })],
    ['stateful gru', () => gru({ units: 4, stateful: true, dropout: 0.3 })],
    ['bidirectional, stateful', () => bidirectional({ layer: lstm({ units: 4, stateful: true }) })],
    [
      'regularised, constrained, normalized',
      () =>
        gru({
          units: 4,
          kernelRegularizer: 'l1l2',
          kernelConstraint: 'maxNorm',
          layerNormalization: true,
          useBias: false,
        }),
    ],
  ])(
    'holds no more tensors after many batches than after one, and none once disposed: %s',
    async (_, create) => {
      const inputs = random([6, 3, 2]);
      const targets = random([6, 1]);
      const before = tf.memory().numTensors;
      const network = sequential({
        layers: [
          layers.masking({ maskValue: 0, batchInputShape: [2, 3, 2] }),
          create(),
          layers.dense({ units: 1 }),
        ],
      });
      network.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
      const counts: number[] = [];
      for (let round = 0; round < 3; round++) {
        await network.fit(inputs, targets, { epochs: 2, batchSize: 2, verbose: 0 });
        tf.dispose(network.predict(inputs, { batchSize: 2 }));
        tf.dispose(network.evaluate(inputs, targets, { batchSize: 2 }));
        if (network.stateful) network.resetStates();
        counts.push(tf.memory().numTensors);
      }
      expect(counts).toEqual(Array(3).fill(counts[0]));
      network.dispose();
      expect(tf.memory().numTensors).toBe(before);
    },
  );

  it('is not lost by calls outside a model', () => {
    const layer = lstm({ units: 4, returnState: true, stateful: true });
    const [inputs, input] = [random([2, 3, 2]), tf.zeros<tf.Rank.R2>([2, 2])];
    const before = tf.memory().numTensors;
    tf.dispose(layer.apply(inputs) as Tensor[]);
    const built = tf.memory().numTensors;
    for (let call = 0; call < 2; call++) {
      const states = layer.apply(inputs) as Tensor[];
      tf.dispose(layer.step(input, states.slice(1)));
      layer.resetStates(states.slice(1));
      expect(() => layer.resetStates([states[1]!])).toThrow(/cellState/);
      tf.dispose(states);
      expect(tf.memory().numTensors).toBe(built);
    }
    layer.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
