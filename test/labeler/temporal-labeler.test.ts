import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor3D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ShapeError, UsageError } from '../../src/errors.js';
import type { LabelerOptions } from '../../src/labeler/labeler-config.js';
import { disposeState, keepState, resetLanes } from '../../src/labeler/labeler-state.js';
import type { LabelerState } from '../../src/labeler/labeler-state.js';
import { TemporalLabeler } from '../../src/labeler/temporal-labeler.js';

const FEATURE_SIZE = 5;
const NUM_LABELS = 3;

function createLabeler(options: Partial<LabelerOptions> = {}, seed = 3): TemporalLabeler {
  return TemporalLabeler.create(
    { featureSize: FEATURE_SIZE, numLabels: NUM_LABELS, units: 6, projectionUnits: 7, layers: 2, ...options },
    { seed },
  );
}

const createFeatures = (batchSize: number, numSteps: number, seed = 11) =>
  tf.randomNormal<tf.Rank.R3>([batchSize, numSteps, FEATURE_SIZE], 0, 1, 'float32', seed);

const part = (features: Tensor3D, begin: number, length: number) =>
  tf.slice(features, [0, begin, 0], [features.shape[0], length, features.shape[2]]);

function expectClose(actual: tf.Tensor, expected: tf.Tensor, tolerance = 1e-5): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0]).toBeLessThanOrEqual(tolerance);
}

/** Weights with which the logits of a labeler of one feature, label 1, are its motion of the given kind. */
function motionProbe(kind: 'difference' | 'magnitude' = 'difference'): TemporalLabeler {
  const labeler = createLabeler({
    featureSize: 1,
    numLabels: 2,
    units: 1,
    projectionUnits: 1,
    cell: 'rnn',
    layers: 1,
    inputs: ['features', kind],
  });
  labeler.importWeights(
    new Map(
      Object.entries({
        'normalization.mean': [0, 0],
        'normalization.scale': [1, 1],
        'projection.kernel': [0, 1],
        'projection.bias': [0],
        'recurrent.0.kernel': [0.01],
        'recurrent.0.recurrentKernel': [0],
        'recurrent.0.bias': [0],
        'output.kernel': [0, 100],
        'output.bias': [0, 0],
      }).map(([name, values]) => [name, Float32Array.from(values)]),
    ),
  );
  return labeler;
}

/** The motion that {@link motionProbe} sees, `[batch][time]`. */
function seenMotion({ logits }: { logits: Tensor3D }): number[][] {
  return logits.arraySync().map((lane) => lane.map((frame) => Math.round(frame[1]! * 100) / 100));
}

describe.each(['wasm', 'cpu'])('TemporalLabeler on %s', (backend) => {
  beforeAll(async () => {
    expect(await tf.setBackend(backend)).toBe(true);
  });

  it('gets the difference to the previous frame, and zero at the first frame', () => {
    const labeler = motionProbe();
    const first = labeler.forward(tf.tensor3d([[[5], [6], [8], [8], [9]]]), labeler.initialState(1));
    expect(seenMotion(first)).toEqual([[0, 1, 2, 0, 1]]);
    const second = labeler.forward(tf.tensor3d([[[12]]]), first.state);
    expect(seenMotion(second)).toEqual([[3]]);
  });

  it('gets the magnitude of a change in either direction, if that is an input', () => {
    const labeler = motionProbe('magnitude');
    const seen = labeler.forward(tf.tensor3d([[[5], [6], [4], [4], [9]]]), labeler.initialState(1));
    expect(seenMotion(seen)).toEqual([[0, 1, 2, 0, 5]]);
  });

  it('gets no motion at the first frame of a reset lane, and continues in the others', () => {
    const labeler = motionProbe();
    const { state } = labeler.forward(tf.tensor3d([[[1]], [[2]]]), labeler.initialState(2));
    const next = labeler.forward(
      tf.tensor3d([
        [[4], [5]],
        [[4], [5]],
      ]),
      resetLanes(state, [true, false]),
    );
    expect(seenMotion(next)).toEqual([
      [3, 1],
      [0, 1],
    ]);
  });

  it.each(['rnn', 'gru', 'lstm'] as const)('gives the same logits in chunks as in one piece: %s', (cell) => {
    for (const inputs of [['features'], ['features', 'difference'], ['magnitude']] as const) {
      const labeler = createLabeler({ cell, inputs: [...inputs] });
      const features = createFeatures(2, 12);
      const whole = labeler.forward(features, labeler.initialState(2));
      let state = labeler.initialState(2);
      const logits = [5, 1, 6].map((length, index) => {
        const chunk = labeler.forward(part(features, [0, 5, 6][index]!, length), state);
        state = chunk.state;
        return chunk.logits;
      });
      expectClose(tf.concat(logits, 1), whole.logits);
    }
  });

  it('treats a reset lane as a new video, whatever its state was', () => {
    const labeler = createLabeler({ cell: 'lstm' });
    const { state } = labeler.forward(createFeatures(3, 4), labeler.initialState(3));
    state.recurrent[0]!.hiddenState = tf.fill([3, 6], NaN);
    const next = createFeatures(3, 4, 12);
    const { logits } = labeler.forward(next, resetLanes(state, [false, true, false]));
    const fresh = labeler.forward(next, labeler.initialState(3));
    for (const lane of [0, 2]) expectClose(tf.slice(logits, lane, 1), tf.slice(fresh.logits, lane, 1), 1e-6);
    expect(tf.slice(logits, 1, 1).dataSync().every(Number.isNaN)).toBe(true);
  });

  it('has a gradient for every trainable variable and for nothing else', () => {
    const labeler = createLabeler({ cell: 'gru' });
    const { grads } = tf.variableGrads(() => {
      const { logits } = labeler.forward(createFeatures(2, 6), labeler.initialState(2), { training: true });
      return tf.mean(tf.square(logits));
    }, labeler.trainableVariables);
    expect(Object.keys(grads).sort()).toEqual(labeler.trainableVariables.map(({ name }) => name).sort());
    for (const gradient of Object.values(grads)) {
      expect(tf.max(tf.abs(gradient)).dataSync()[0]).toBeGreaterThan(0);
    }
  });
});

describe('TemporalLabeler', () => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
  });

  it('labels a long video like one forward pass, and returns a state to continue from', async () => {
    const labeler = createLabeler();
    const features = createFeatures(1, 600);
    const { logits } = labeler.forward(features, labeler.initialState(1));
    const values = features.dataSync<'float32'>();
    const first = await labeler.label(values.subarray(0, 590 * FEATURE_SIZE));
    const last = await labeler.label(values.subarray(590 * FEATURE_SIZE), first.state);
    expect([first.probabilities.length, last.probabilities.length]).toEqual([
      590 * NUM_LABELS,
      10 * NUM_LABELS,
    ]);
    const labeled = tf.tensor([...first.probabilities, ...last.probabilities], logits.shape);
    expectClose(labeled, tf.softmax(logits));
  });

  it('divides its logits by the temperature before the softmax', async () => {
    const labeler = createLabeler();
    const features = createFeatures(1, 20);
    const values = features.dataSync<'float32'>();
    const state = labeler.initialState(1);
    const { logits } = labeler.forward(features, state);
    labeler.temperature = 2.5;
    const labeled = await labeler.label(values);
    const scores = logits.dataSync<'float32'>();
    for (let frame = 0; frame < 20; frame++) {
      const own = Array.from(scores.subarray(frame * NUM_LABELS, (frame + 1) * NUM_LABELS));
      const exponentials = own.map((logit) => Math.exp(logit / 2.5));
      const sum = exponentials.reduce((total, value) => total + value, 0);
      exponentials.forEach((value, i) =>
        expect(labeled.probabilities[frame * NUM_LABELS + i]).toBeCloseTo(value / sum, 5),
      );
    }
    for (const impossible of [0, -1, NaN, Infinity]) {
      expect(() => (labeler.temperature = impossible)).toThrow(UsageError);
    }
    disposeState(labeled.state);
  });

  it('keeps no reference to the memory of the features', async () => {
    await tf.setBackend('cpu');
    const labeler = createLabeler();
    const features = createFeatures(1, 8).dataSync<'float32'>();
    const [first, second] = [features.slice(0, 20), features.slice(20)];
    const expected = await labeler.label(second, (await labeler.label(first)).state);
    const { state } = await labeler.label(first);
    first.fill(99);
    expect((await labeler.label(second, state)).probabilities).toEqual(expected.probabilities);
    await tf.setBackend('wasm');
  });

  it('returns no probabilities and an unchanged state for no frames', async () => {
    const labeler = createLabeler();
    const { state } = await labeler.label(createFeatures(1, 3).dataSync<'float32'>());
    const nothing = await labeler.label(new Float32Array(0), state);
    expect(nothing.probabilities).toHaveLength(0);
    expectClose(nothing.state.recurrent[1]!.hiddenState, state.recurrent[1]!.hiddenState, 0);
  });

  it('repeats weights and dropout for the same seed, and draws others for another seed', () => {
    const logitsOf = (weightSeed: number, dropoutSeed: number, training = true) => {
      const labeler = createLabeler({}, weightSeed);
      const { logits } = labeler.forward(createFeatures(1, 4), labeler.initialState(1), {
        training,
        seed: dropoutSeed,
      });
      return logits.dataSync();
    };
    expect(logitsOf(0, 0)).toEqual(logitsOf(0, 0));
    expect(logitsOf(0, 0)).not.toEqual(logitsOf(0, 1));
    expect(logitsOf(0, 0)).not.toEqual(logitsOf(1, 0));
    expect(logitsOf(0, 0, false)).toEqual(logitsOf(0, 1, false));
  });

  it('standardizes features and differences by the given moments, and silences constant inputs', () => {
    const options = { cell: 'rnn', layers: 1, dropout: 0 } as const;
    const labeler = createLabeler(options);
    const features = createFeatures(1, 6);
    const plain = labeler.forward(features, labeler.initialState(1)).logits;
    const [mean, deviation] = [
      [1, -2, 0, 30, 4],
      [2, 0.5, 1, 10, 3],
    ] as const;
    labeler.fitNormalization([
      { mean, variance: deviation.map((value) => value ** 2) },
      { mean: [0, 0, 0, 0, 0], variance: deviation.map((value) => value ** 2) },
    ]);
    const shifted = tf.add<Tensor3D>(tf.mul(features, deviation), mean);
    expectClose(labeler.forward(shifted, labeler.initialState(1)).logits, plain, 1e-4);

    labeler.fitNormalization([
      { mean, variance: [1, 1, 1, 1, 0] },
      { mean, variance: [1, 1, 1, 1, 1e-12] },
    ]);
    const changed = tf.add<Tensor3D>(features, tf.mul(createFeatures(1, 6, 5), [0, 0, 0, 0, 100]));
    const [a, b] = [features, changed].map((input) => labeler.forward(input, labeler.initialState(1)).logits);
    expectClose(a!, b!, 0);
  });

  it('stays finite for features far outside the training data', async () => {
    const labeler = createLabeler({ cell: 'lstm' });
    const { probabilities } = await labeler.label(new Float32Array(FEATURE_SIZE * 4).fill(1e30));
    expect(probabilities.every(Number.isFinite)).toBe(true);
  });

  it('exports the weights that it imported', async () => {
    const [labeler, other] = [createLabeler({}, 1), createLabeler({}, 2)];
    const weights = await labeler.exportWeights();
    expect(await other.exportWeights()).not.toEqual(weights);
    other.importWeights(weights);
    expect(await other.exportWeights()).toEqual(weights);
    weights.get('output.bias')!.fill(7);
    expect((await other.exportWeights()).get('output.bias')).toEqual(new Float32Array(NUM_LABELS));
  });

  it('leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    for (let call = 0; call < 2; call++) {
      const labeler = createLabeler();
      const numVariables = tf.memory().numTensors - before;
      expect(numVariables).toBe(2 + labeler.trainableVariables.length);
      const features = createFeatures(2, 4);
      const start = labeler.initialState(2);
      let next: LabelerState | undefined;
      tf.dispose(
        tf.variableGrads(() => {
          const { logits, state } = labeler.forward(features, start, { training: true });
          next = keepState(state);
          return tf.mean(logits);
        }, labeler.trainableVariables),
      );
      const reset = resetLanes(next!, [true, false]);
      for (const state of [start, next!, reset]) disposeState(state);
      features.dispose();
      const first = await labeler.label(new Float32Array(300 * FEATURE_SIZE));
      const second = await labeler.label(new Float32Array(FEATURE_SIZE), first.state);
      for (const { state } of [first, second]) disposeState(state);
      await expect(labeler.label(new Float32Array(FEATURE_SIZE + 1))).rejects.toThrow(ShapeError);
      labeler.importWeights(await labeler.exportWeights());
      const moments = { mean: new Float32Array(FEATURE_SIZE), variance: new Float32Array(FEATURE_SIZE) };
      labeler.fitNormalization([moments, moments]);
      expect(tf.memory().numTensors).toBe(before + numVariables);
      labeler.dispose();
      expect(tf.memory().numTensors).toBe(before);
    }
  });

  it('refuses an impossible network or seed and names the field', () => {
    expect(() => createLabeler({ units: 0 })).toThrow(UsageError);
    expect(() => createLabeler({ units: 0 })).toThrow(/units/);
    expect(() => createLabeler({ dropout: 1 })).toThrow(/dropout/);
    expect(() => createLabeler({ cell: 'transformer' as 'rnn' })).toThrow(/cell/);
    expect(() => createLabeler({ unit: 3 } as Partial<LabelerOptions>)).toThrow(/unit/);
    expect(() => createLabeler({}, -1)).toThrow(/seed/);
  });

  it('refuses features, states, lanes, moments and weights that do not fit', async () => {
    const labeler = createLabeler();
    const features = createFeatures(2, 4);
    const state = labeler.initialState(2);
    expect(() => labeler.forward(tf.zeros([2, 4, 6]), state)).toThrow(ShapeError);
    expect(() => labeler.forward(features, labeler.initialState(3))).toThrow(/\[2, 5\].*\[3, 5\]/);
    expect(() => labeler.forward(features, createLabeler({ layers: 1 }).initialState(2))).toThrow(/layers/);
    expect(() => labeler.forward(features, createLabeler({ units: 4 }).initialState(2))).toThrow(
      /hiddenState/,
    );
    expect(() => resetLanes(state, [true])).toThrow(/2 flags/);
    const moments = { mean: [0, 0, 0, 0, 0], variance: [1, 1, 1, 1, 1] };
    expect(() => labeler.fitNormalization([moments])).toThrow(/2, one an input/);
    expect(() => labeler.fitNormalization([moments, { mean: [0], variance: [1] }])).toThrow(/5 values/);
    const weights = await labeler.exportWeights();
    expect(() => labeler.importWeights(new Map([...weights, ['extra', new Float32Array(1)]]))).toThrow(
      ShapeError,
    );
    weights.delete('projection.bias');
    expect(() => labeler.importWeights(weights)).toThrow(/projection\.bias.*7 values.*none/);
  });

  it('learns in which direction a bump moves, which no single frame shows', () => {
    const [numLanes, numSteps, width] = [16, 12, 8];
    const random = tf.randomUniform([40, numLanes, 2], 0, 1, 'float32', 9).arraySync() as number[][][];
    const lesson = (step: number) => {
      const isRight = random[step]!.map(([chance]) => chance! < 0.5);
      const values = random[step]!.map(([, offset], lane) =>
        Array.from({ length: numSteps }, (_, time) =>
          Array.from({ length: width }, (_, place) => {
            const center = offset! * width + (isRight[lane] ? time : -time);
            const distance = (((place - center) % width) + width) % width;
            return Math.exp(-(Math.min(distance, width - distance) ** 2));
          }),
        ),
      );
      return { features: tf.tensor3d(values), isRight };
    };
    const labeler = TemporalLabeler.create(
      { featureSize: width, numLabels: 2, units: 12, projectionUnits: 16, dropout: 0.1 },
      { seed: 1 },
    );
    const optimizer = tf.train.adam(0.02);
    for (let step = 0; step < 39; step++) {
      const { features, isRight } = lesson(step);
      const targets = tf.oneHot(
        tf.tensor2d(
          isRight.map((right) => Array<number>(numSteps).fill(Number(right))),
          undefined,
          'int32',
        ),
        2,
      );
      optimizer.minimize(
        () => {
          const options = { training: true, seed: step };
          const { logits } = labeler.forward(features, labeler.initialState(numLanes), options);
          return tf.losses.softmaxCrossEntropy(targets, logits);
        },
        false,
        labeler.trainableVariables,
      );
    }
    const unseen = lesson(39);
    const { logits } = labeler.forward(unseen.features, labeler.initialState(numLanes));
    const decided = tf.argMax(part(logits, numSteps - 1, 1), 2).dataSync();
    expect([...decided]).toEqual(unseen.isRight.map(Number));
  });
});
