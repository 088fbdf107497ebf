import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor3D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ShapeError, UsageError } from '../../src/errors.js';
import type { LabelerOptions } from '../../src/labeler/labeler-config.js';
import { disposeState, exportState, importState } from '../../src/labeler/labeler-state.js';
import { OnlineLabeler } from '../../src/labeler/online-labeler.js';
import { TemporalLabeler } from '../../src/labeler/temporal-labeler.js';
import { startBackend } from '../../src/runtime/backend.js';
import { plainLogits } from './plain-labeler.js';

const FEATURE_SIZE = 4;
const NUM_LABELS = 3;

function createLabeler(options: Partial<LabelerOptions>): TemporalLabeler {
  return TemporalLabeler.create(
    { featureSize: FEATURE_SIZE, numLabels: NUM_LABELS, units: 5, projectionUnits: 6, layers: 2, ...options },
    { seed: 3 },
  );
}

const drawFrames = (batchSize: number, numFrames: number, seed = 7) =>
  tf.randomNormal<tf.Rank.R3>([batchSize, numFrames, FEATURE_SIZE], 0, 1, 'float32', seed);

const logitsOf = (labeler: TemporalLabeler, features: Tensor3D, mask?: tf.Tensor2D) =>
  labeler.forward(features, labeler.initialState(features.shape[0]), mask && { mask }).logits;

const largestDifference = (one: tf.Tensor, other: tf.Tensor): number =>
  tf.tidy(() => tf.max(tf.abs(tf.sub(one, other))).dataSync()[0]!);

/** Frames of one lane. */
const part = (features: Tensor3D, lane: number, start: number, length: number) =>
  tf.slice(features, [lane, start, 0], [1, length, -1]);

describe.each(['wasm', 'cpu'] as const)('the network on %s', (backend) => {
  beforeAll(async () => {
    await startBackend('wasm');
    expect(await tf.setBackend(backend)).toBe(true);
  });

  it.each<Partial<LabelerOptions>>([
    { cell: 'none' },
    { cell: 'rnn' },
    { cell: 'rnn', bidirectional: true },
    { cell: 'lstm', bidirectional: true },
  ])('gives the logits of its equations, worked out step by step in plain float64: %o', async (options) => {
    const labeler = createLabeler(options);
    const frames = drawFrames(2, 9);
    const weights = await labeler.exportWeights();
    for (const [name, values] of weights) {
      if (name.endsWith('bias')) values.forEach((_, i) => (values[i]! += 0.1 * (i % 5)));
    }
    labeler.importWeights(weights);
    const expected = frames.arraySync().map((video) => plainLogits(labeler.config, weights, video));
    const logits = logitsOf(labeler, frames);
    expect(logits.shape).toEqual([2, 9, NUM_LABELS]);
    expect(largestDifference(logits, tf.tensor(expected))).toBeLessThan(2e-6);
    labeler.dispose();
  });

  it.each(['rnn', 'gru', 'lstm'] as const)(
    'labels a clip beside a longer one as it labels it alone, in both directions: %s',
    (cell) => {
      const labeler = createLabeler({ cell, bidirectional: true });
      const frames = drawFrames(2, 8);
      const mask = tf.tensor2d([Array<number>(8).fill(1), [1, 1, 1, 1, 1, 0, 0, 0]]);
      const alone = logitsOf(labeler, part(frames, 1, 0, 5));
      // What fills the lane up is no zeros here, so that nothing but the mask can keep it out.
      const unmasked = part(logitsOf(labeler, frames), 1, 0, 5);
      expect(largestDifference(unmasked, alone)).toBeGreaterThan(1e-3);
      const together = logitsOf(labeler, frames, mask);
      expect(largestDifference(part(together, 1, 0, 5), alone)).toBeLessThan(1e-6);
      expect(
        largestDifference(part(together, 0, 0, 8), logitsOf(labeler, part(frames, 0, 0, 8))),
      ).toBeLessThan(1e-6);
      labeler.dispose();
    },
  );

  it.each<Partial<LabelerOptions>>([{ cell: 'none' }, { bidirectional: true }])(
    'sends a gradient to every trainable variable and to nothing else: %o',
    (options) => {
      const labeler = createLabeler(options);
      const mask = tf.tensor2d([
        [1, 1, 1, 1],
        [1, 1, 0, 0],
      ]);
      const { grads } = tf.variableGrads(() => {
        const forward = { training: true, seed: 1, mask };
        return tf.mean(tf.square(labeler.forward(drawFrames(2, 4), labeler.initialState(2), forward).logits));
      }, labeler.trainableVariables);
      expect(Object.keys(grads).sort()).toEqual(labeler.trainableVariables.map(({ name }) => name).sort());
      for (const gradient of Object.values(grads)) {
        expect(tf.max(tf.abs(gradient)).dataSync()[0]).toBeGreaterThan(0);
      }
      labeler.dispose();
    },
  );
});

describe('a network without recurrence', () => {
  it('has a projection and logits, whatever the units and layers, and dropout between them', async () => {
    const labeler = createLabeler({ cell: 'none' });
    expect([...(await labeler.exportWeights()).keys()]).toEqual([
      'normalization.mean',
      'normalization.scale',
      'projection.kernel',
      'projection.bias',
      'output.kernel',
      'output.bias',
    ]);
    const frames = drawFrames(1, 4);
    const [plain, ...dropped] = [{}, { training: true, seed: 1 }, { training: true, seed: 2 }].map(
      (options) => labeler.forward(frames, labeler.initialState(1), options).logits,
    ) as [Tensor3D, Tensor3D, Tensor3D];
    for (const logits of dropped) expect(largestDifference(logits, plain)).toBeGreaterThan(1e-3);
    expect(largestDifference(dropped[0], dropped[1])).toBeGreaterThan(1e-3);
    labeler.dispose();
  });

  it('remembers the last frame only, also when its state was exported between', async () => {
    const labeler = createLabeler({ cell: 'none' });
    const frames = drawFrames(1, 7);
    const first = labeler.forward(part(frames, 0, 0, 3), labeler.initialState(1));
    expect(first.state.recurrent).toEqual([]);
    const restored = importState(await exportState(first.state));
    const second = labeler.forward(part(frames, 0, 3, 4), restored);
    const whole = logitsOf(labeler, frames);
    expect(largestDifference(tf.concat([first.logits, second.logits], 1), whole)).toBeLessThan(1e-6);
    expect(() => labeler.forward(frames, createLabeler({}).initialState(1))).toThrow(/layers.*0.*2/);
    labeler.dispose();
  });
});

describe('a bidirectional network', () => {
  it('carries only its forward state: a chunk sees the frames before it and none after it', () => {
    const labeler = createLabeler({ bidirectional: true, layers: 1 });
    const frames = drawFrames(1, 8);
    const first = labeler.forward(part(frames, 0, 0, 5), labeler.initialState(1));
    const last = labeler.forward(part(frames, 0, 5, 3), first.state);
    const whole = logitsOf(labeler, frames);
    expect(largestDifference(last.logits, part(whole, 0, 5, 3))).toBeLessThan(1e-6);
    expect(largestDifference(first.logits, part(whole, 0, 0, 5))).toBeGreaterThan(1e-3);
    labeler.dispose();
  });

  it.each<[Partial<LabelerOptions>, RegExp]>([
    [{ cell: 'none' }, /bidirectional: .*cell is none/],
    [{ lookahead: 1 }, /lookahead: .*all later frames/],
  ])('is refused with %o', (options, message) => {
    const create = () => createLabeler({ bidirectional: true, ...options });
    expect(create).toThrow(UsageError);
    expect(create).toThrow(message);
  });

  it('refuses a mask of another size', () => {
    const labeler = createLabeler({ bidirectional: true });
    expect(() => logitsOf(labeler, drawFrames(2, 4), tf.ones([2, 3]))).toThrow(ShapeError);
    labeler.dispose();
  });

  it('labels a video that arrives in pieces at its end, like one forward pass over the whole', async () => {
    const labeler = createLabeler({ bidirectional: true, cell: 'lstm' });
    labeler.temperature = 1.5;
    const numFrames = 300; // more than go through the projection at once
    const frames = drawFrames(1, numFrames);
    const expected = tf.softmax(tf.div(logitsOf(labeler, frames), 1.5));
    const features = frames.dataSync<'float32'>();
    const expectValues = (values: Float32Array): void => {
      const labeled = tf.tensor(values, expected.shape);
      expect(largestDifference(labeled, expected)).toBeLessThan(1e-6);
      labeled.dispose();
    };
    const before = tf.memory().numTensors;
    for (const sizes of [[300], [1, 0, 270, 29]]) {
      const online = new OnlineLabeler(labeler);
      let start = 0;
      for (const size of sizes) {
        const piece = features.subarray(start * FEATURE_SIZE, (start + size) * FEATURE_SIZE);
        expect(await online.push(piece)).toHaveLength(0);
        start += size;
      }
      const labeled = await online.finish();
      expect(await online.finish()).toHaveLength(0);
      online.dispose();
      expect(tf.memory().numTensors).toBe(before);
      expectValues(labeled);
    }
    const { probabilities, state } = await labeler.label(features);
    disposeState(state);
    expectValues(probabilities);
    expect(tf.memory().numTensors).toBe(before);
    const online = new OnlineLabeler(labeler);
    expect(await online.finish()).toHaveLength(0);
    await expect(online.push(new Float32Array(FEATURE_SIZE + 1))).rejects.toThrow(ShapeError);
    online.dispose();
    expect(tf.memory().numTensors).toBe(before);
    labeler.dispose();
  });
});
