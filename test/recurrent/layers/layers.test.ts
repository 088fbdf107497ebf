import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { initializers, input, layers, model, sequential, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  bidirectional,
  gru,
  lstm,
  simpleRNN,
  type RecurrentLayer,
  type RecurrentLayerArgs,
} from '../../../src/recurrent/index.js';
import { expectClose, random, setRandomWeights } from './layer-helpers.js';

type Options = Omit<RecurrentLayerArgs, 'units'>;

const UNITS = 4;

const kinds = [
  { name: 'simpleRNN', numStates: 1, create: (args?: Options) => simpleRNN({ units: UNITS, ...args }) },
  { name: 'gru', numStates: 1, create: (args?: Options) => gru({ units: UNITS, ...args }) },
  {
    name: 'gru, reset before',
    numStates: 1,
    create: (args?: Options) => gru({ units: UNITS, resetAfter: false, ...args }),
  },
  { name: 'lstm', numStates: 2, create: (args?: Options) => lstm({ units: UNITS, ...args }) },
];

const apply = (layer: layers.Layer, inputs: Tensor, callArguments = {}) =>
  layer.apply(inputs, callArguments) as Tensor;
const applyAll = (layer: layers.Layer, inputs: Tensor | Tensor[], callArguments = {}) =>
  layer.apply(inputs, callArguments) as Tensor[];

/** A layer like another, with the same weights. */
function variant(layer: RecurrentLayer, create: (args: Options) => RecurrentLayer, args: Options) {
  const other = create(args);
  other.apply(tf.zeros([2, 1, layer.getWeights()[0]!.shape[0]]));
  other.setWeights(layer.getWeights());
  if (args.stateful) other.resetStates();
  return other;
}

/** A layer that returns all its outputs, on inputs of three features. */
function sequenceLayer(create: (args: Options) => RecurrentLayer): RecurrentLayer {
  const layer = create({ returnSequences: true });
  layer.apply(tf.zeros([1, 1, 3]));
  setRandomWeights(layer);
  return layer;
}

const step = (sequence: Tensor, time: number) => tf.squeeze(tf.slice(sequence, [0, time], [-1, 1]), [1]);

beforeAll(async () => {
  await tf.setBackend('wasm');
});

describe.each(kinds)('$name', ({ create, numStates }) => {
  it('returns all outputs or the last, and after it the final state', () => {
    const layer = sequenceLayer(create);
    const inputs = random([2, 5, 3]);
    const sequence = apply(layer, inputs);
    expect(sequence.shape).toEqual([2, 5, UNITS]);
    expectClose(apply(variant(layer, create, {}), inputs), step(sequence, 4), 0);
    const [output, ...states] = applyAll(variant(layer, create, { returnState: true }), inputs);
    expectClose(output!, step(sequence, 4), 0);
    expect(states.map(({ shape }) => shape)).toEqual(Array(numStates).fill([2, UNITS]));
    expectClose(states[0]!, output!, 0);
  });

  it('starts from a given state, passed beside the inputs or among them', () => {
    const layer = sequenceLayer(create);
    const returning = variant(layer, create, { returnSequences: true, returnState: true });
    const inputs = random([2, 6, 3]);
    const [whole, ...final] = applyAll(returning, inputs);
    const [, ...states] = applyAll(returning, tf.slice(inputs, [0, 0], [2, 4]));
    const rest = tf.slice(inputs, [0, 4], [2, 2]);
    for (const [outputs, ...last] of [
      applyAll(returning, rest, { initialState: states }),
      applyAll(returning, [rest, ...states]),
    ]) {
      expectClose(outputs!, tf.slice(whole!, [0, 4], [2, 2]), 1e-6);
      last.forEach((state, index) => expectClose(state, final[index]!, 1e-6));
    }
  });

  it('starts from a state that is an input of the model', () => {
    const layer = create({ returnState: true });
    const symbols = [
      input({ shape: [null, 3] }),
      ...Array.from({ length: numStates }, () => input({ shape: [UNITS] })),
    ];
    const [sequence, ...states] = symbols as [SymbolicTensor, ...SymbolicTensor[]];
    const outputs = layer.apply(sequence, { initialState: states }) as SymbolicTensor[];
    const whole = model({ inputs: symbols, outputs });
    setRandomWeights(layer);
    const values = [random([2, 5, 3]), ...states.map((_, index) => random([2, UNITS], 8 + index))];
    const predicted = whole.predict(values) as Tensor[];
    const eager = applyAll(layer, values[0]!, { initialState: values.slice(1) });
    predicted.forEach((tensor, index) => expectClose(tensor, eager[index]!, 0));
    expect(predicted).toHaveLength(1 + numStates);
  });

  it('walks backwards and returns outputs in the order of its walk', () => {
    const layer = sequenceLayer(create);
    const inputs = random([2, 5, 3]);
    const backwards = variant(layer, create, { returnSequences: true, goBackwards: true });
    const forwards = apply(layer, tf.reverse(inputs, 1));
    expectClose(apply(backwards, inputs), forwards, 1e-6);
    expectClose(apply(variant(layer, create, { goBackwards: true }), inputs), step(forwards, 4), 1e-6);
  });

  it('skips the steps that a masking layer masks, in all layers of a stack', () => {
    const [first, last] = [create({ returnSequences: true }), create()];
    const stack = sequential({
      layers: [layers.masking({ maskValue: 0, inputShape: [null, 3] }), first, last],
    });
    stack.predict(tf.zeros([1, 1, 3]));
    setRandomWeights(stack);
    const inputs = random([1, 4, 3]);
    const zeros = tf.zeros([1, 1, 3]);
    const padded = tf.concat(
      [zeros, tf.slice(inputs, [0, 0], [1, 2]), zeros, tf.slice(inputs, [0, 2]), zeros],
      1,
    );
    expectClose(stack.predict(padded) as Tensor, apply(last, apply(first, inputs)), 1e-6);
  });

  it('skips the steps that an embedding masks', () => {
    const layer = create();
    const embedding = layers.embedding({ inputDim: 6, outputDim: 3, maskZero: true, inputShape: [null] });
    const whole = sequential({ layers: [embedding, layer] });
    whole.predict(tf.tensor2d([[1]]));
    setRandomWeights(whole);
    const inputs = embedding.apply(tf.tensor2d([[3, 5, 1]])) as Tensor;
    expectClose(whole.predict(tf.tensor2d([[0, 3, 0, 5, 1, 0]])) as Tensor, apply(layer, inputs), 1e-6);
  });

  it('returns, at a masked step, the output of the step before, or zeros if told to', () => {
    const layer = sequenceLayer(create);
    const inputs = random([1, 4, 3]);
    const mask = tf.tensor2d([[1, 1, 0, 1]], [1, 4], 'bool');
    const repeated = apply(layer, inputs, { mask });
    expectClose(step(repeated, 2), step(repeated, 1), 0);
    const zeroed = variant(layer, create, { returnSequences: true, zeroOutputForMask: true });
    const outputs = apply(zeroed, inputs, { mask });
    expectClose(step(outputs, 2), tf.zeros([1, UNITS]), 0);
    expectClose(step(outputs, 3), step(repeated, 3), 0);
  });

  it('carries its state from batch to batch if it is stateful, until that is reset or set', () => {
    const layer = sequenceLayer(create);
    const returning = variant(layer, create, { returnState: true });
    const stateful = variant(layer, create, { stateful: true });
    const inputs = random([2, 6, 3]);
    const [begin, end] = tf.split(inputs, 2, 1) as [Tensor, Tensor];
    const whole = step(apply(layer, inputs), 5);
    apply(stateful, begin);
    expectClose(apply(stateful, end), whole, 1e-6);
    stateful.resetStates();
    expect(stateful.getStates()).toHaveLength(numStates);
    for (const state of stateful.getStates()) expectClose(state, tf.zeros([2, UNITS]), 0);
    const [fromZero, ...states] = applyAll(returning, begin);
    expectClose(apply(stateful, begin), fromZero!, 0);
    stateful.resetStates(states);
    tf.dispose(states);
    stateful.resetStates(stateful.getStates());
    expectClose(apply(stateful, end), whole, 1e-6);
  });

  it('gives the same output step by step as for the whole sequence', () => {
    const layer = sequenceLayer(create);
    const inputs = random([2, 5, 3]);
    const sequence = apply(layer, inputs);
    let states: Tensor[] | undefined;
    for (let time = 0; time < 5; time++) {
      states = layer.step(step(inputs, time) as Tensor2D, states);
      expect(states).toHaveLength(numStates);
      expectClose(states[0]!, step(sequence, time), 1e-6);
    }
  });

  it('is built by its first step or call, and keeps no state of it', () => {
    const layer = create({ stateful: true, name: `stepped_${numStates}` });
    layer.step(random([2, 3]) as Tensor2D);
    layer.step(random([2, 3]) as Tensor2D);
    expect(layer.weights.map(({ shape }) => shape[0])).toEqual([3, UNITS, expect.anything()]);
    expect(layer.weights[0]!.originalName).toBe(`stepped_${numStates}/kernel`);
    for (const state of layer.getStates()) expectClose(state, tf.zeros([2, UNITS]), 0);
    layer.dispose();
  });

  it('accepts integer inputs, such as those of tf.oneHot', () => {
    const layer = sequenceLayer(create);
    const inputs = tf.tensor3d([1, 0, 0, 0, 2, 0], [1, 2, 3], 'int32');
    expectClose(apply(layer, inputs), apply(layer, tf.cast(inputs, 'float32')), 0);
  });

  it('has no bias on request', () => {
    const layer = create({ useBias: false, returnSequences: true });
    apply(layer, tf.zeros([1, 1, 3]));
    expect(layer.weights.map(({ originalName }) => originalName.split('/').at(-1))).toEqual([
      'kernel',
      'recurrent_kernel',
    ]);
    const withBias = create({ returnSequences: true });
    apply(withBias, tf.zeros([1, 1, 3]));
    const bias = tf.zerosLike(withBias.getWeights()[2]!);
    withBias.setWeights([...layer.getWeights(), bias]);
    const inputs = random([2, 5, 3]);
    expectClose(apply(layer, inputs), apply(withBias, inputs), 0);
  });
});

describe('an orthogonal initializer', () => {
  it.each([3, 40])(
    'makes what is fewer orthonormal, rows or columns, times its gain: %s features',
    (numFeatures) => {
      const initializer = initializers.orthogonal({ gain: 2, seed: 5 });
      const [layer, same] = [0, 1].map(() => {
        const layer = lstm({
          units: UNITS,
          kernelInitializer: initializer,
          recurrentInitializer: initializer,
        });
        apply(layer, tf.zeros([1, 1, numFeatures]));
        return layer;
      });
      layer!
        .getWeights()
        .slice(0, 2)
        .forEach((kernel, index) => {
          const [rows, columns] = kernel.shape as [number, number];
          const gram = tf.matMul(kernel, kernel, rows > columns, rows <= columns);
          expectClose(gram, tf.mul(tf.eye(Math.min(rows, columns)), 4), 1e-5);
          expectClose(kernel, same!.getWeights()[index]!, 0);
        });
    },
  );
});

describe('a bidirectional layer', () => {
  const twoMasks = () => tf.tensor2d([1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 0, 0], [2, 6], 'bool');
  const merged: Record<string, (a: Tensor, b: Tensor) => Tensor[]> = {
    sum: (a, b) => [tf.add(a, b)],
    ave: (a, b) => [tf.div(tf.add(a, b), 2)],
    concat: (a, b) => [tf.concat([a, b], -1)],
    mul: (a, b) => [tf.mul(a, b)],
    null: (a, b) => [a, b],
  };

  it.each(
    Object.keys(merged).flatMap((mergeMode) => [
      { mergeMode, returnSequences: true },
      { mergeMode, returnSequences: false },
    ]),
  )('merges two walks by $mergeMode; sequences: $returnSequences', ({ mergeMode, returnSequences }) => {
    const args = { units: UNITS, returnState: true, returnSequences };
    const both = bidirectional({
      layer: lstm(args),
      mergeMode: mergeMode === 'null' ? null : (mergeMode as 'sum'),
    });
    const inputs = random([2, 6, 3]);
    applyAll(both, inputs);
    setRandomWeights(both);
    const [forwards, backwards] = [false, true].map((goBackwards) => {
      const layer = lstm({ ...args, goBackwards, zeroOutputForMask: true });
      applyAll(layer, inputs);
      layer.setWeights(both.getWeights().slice(goBackwards ? 3 : 0, goBackwards ? undefined : 3));
      return applyAll(layer, inputs, { mask: twoMasks() });
    }) as [Tensor[], Tensor[]];
    const mirrored = returnSequences ? tf.reverse(backwards[0]!, 1) : backwards[0]!;
    const expected = [
      ...merged[mergeMode]!(forwards[0]!, mirrored),
      ...forwards.slice(1),
      ...backwards.slice(1),
    ];
    const outputs = applyAll(both, inputs, { mask: twoMasks() });
    expect(outputs).toHaveLength(expected.length);
    outputs.forEach((tensor, index) => expectClose(tensor, expected[index]!, 1e-6));
  });

  it('returns zeros at masked steps, as Keras does, and the last unmasked output', () => {
    const inputs = random([2, 6, 3]);
    const sequences = bidirectional({ layer: gru({ units: UNITS, returnSequences: true }) });
    apply(sequences, inputs);
    const outputs = apply(sequences, inputs, { mask: twoMasks() });
    expectClose(tf.slice(outputs, [1, 4], [1, 2]), tf.zeros([1, 2, 2 * UNITS]), 0);
    const last = bidirectional({ layer: gru({ units: UNITS }) });
    apply(last, inputs);
    last.setWeights(sequences.getWeights());
    expectClose(
      tf.slice(apply(last, inputs, { mask: twoMasks() }), [1, 0], [1, UNITS]),
      tf.reshape(tf.slice(outputs, [1, 3, 0], [1, 1, UNITS]), [1, UNITS]),
      0,
    );
  });

  it('carries and resets the states of both directions', () => {
    const both = bidirectional({ layer: lstm({ units: UNITS, stateful: true }) });
    const inputs = random([2, 3, 3]);
    const first = apply(both, inputs);
    expect(tf.max(tf.abs(tf.sub(apply(both, inputs), first))).dataSync()[0]).toBeGreaterThan(1e-3);
    both.resetStates();
    expectClose(apply(both, inputs), first, 0);
    const states = [0, 1, 2, 3].map((index) => random([2, UNITS], 20 + index));
    both.resetStates(states);
    const set = apply(both, inputs);
    both.resetStates();
    expectClose(set, apply(both, inputs, { initialState: states }), 0);
  });

  it('stays frozen when it is created so', () => {
    const both = bidirectional({ layer: lstm({ units: UNITS }), trainable: false });
    apply(both, random([2, 3, 3]));
    expect(both.trainableWeights).toHaveLength(0);
    both.trainable = true;
    expect(both.trainableWeights).toHaveLength(6);
  });
});

describe('in a model', () => {
  it('a layer passes neither mask nor state to the next', () => {
    const [encoder, decoder] = [lstm({ units: 3 }), lstm({ units: 2, returnSequences: true })];
    const symbol = input({ shape: [4, 3] });
    const masked = layers.masking({ maskValue: 0 }).apply(symbol) as SymbolicTensor;
    const repeated = layers.repeatVector({ n: 4 }).apply(encoder.apply(masked));
    const outputs = decoder.apply(repeated) as SymbolicTensor;
    const autoencoder = model({ inputs: symbol, outputs });
    const inputs = tf.concat([random([2, 2, 3]), tf.zeros([2, 2, 3])], 1);
    const code = apply(encoder, inputs, { mask: tf.tensor2d([1, 1, 0, 0, 1, 1, 0, 0], [2, 4]) });
    const expected = apply(decoder, tf.tile(tf.expandDims(code, 1), [1, 4, 1]));
    expectClose(autoencoder.predict(inputs) as Tensor, expected, 1e-6);
  });

  it('a decoder of two layers starts its first one from the encoder, and trains', async () => {
    const [source, target] = [input({ shape: [null, 3] }), input({ shape: [null, 3] })];
    const [, ...states] = bidirectional({
      layer: gru({ units: 3, returnState: true }),
    }).apply(source) as SymbolicTensor[];
    const first = bidirectional({ layer: gru({ units: 3, returnSequences: true }) });
    const hidden = first.apply(target, { initialState: states }) as SymbolicTensor;
    const outputs = gru({ units: 4, returnSequences: true }).apply(hidden) as SymbolicTensor;
    const translator = model({ inputs: [source, target], outputs });
    translator.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
    const { history } = await translator.fit(
      [random([4, 5, 3]), random([4, 6, 3])],
      tf.mul(random([4, 6, 4]), 0.1),
      { epochs: 10, verbose: 0 },
    );
    expect(history.loss!.at(-1)).toBeLessThan(history.loss![0] as number);
  });
});
