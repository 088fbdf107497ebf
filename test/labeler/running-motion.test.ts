import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor3D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.js';
import type { InputKind } from '../../src/labeler/labeler-config.js';
import {
  disposeState,
  exportState,
  importState,
  resetLanes,
  type LabelerState,
} from '../../src/labeler/labeler-state.js';
import { networkInputs } from '../../src/labeler/network-inputs.js';
import { TemporalLabeler } from '../../src/labeler/temporal-labeler.js';
import { startBackend } from '../../src/runtime/backend.js';

const FEATURE_SIZE = 3;

function createLabeler(motionFrames?: number, inputs: InputKind[] = ['motion']): TemporalLabeler {
  const network = { cell: 'none', projectionUnits: 4, featureSize: FEATURE_SIZE, numLabels: 2 } as const;
  return TemporalLabeler.create({ ...network, inputs, motionFrames });
}

const drawFrames = (batchSize: number, numFrames: number, seed = 5) =>
  tf.randomNormal<tf.Rank.R3>([batchSize, numFrames, FEATURE_SIZE], 0, 1, 'float32', seed);

const part = (frames: Tensor3D, start: number, length: number) =>
  tf.slice(frames, [0, start, 0], [frames.shape[0], length, FEATURE_SIZE]);

/** The motion of one video, frame by frame in float64. */
function plainMotion(frames: readonly number[][], motionFrames: number): number[][] {
  const decay = 1 - 1 / motionFrames;
  let sums = frames[0]!.map(() => 0);
  return frames.map((frame, time) => {
    if (time === 0) return sums;
    sums = sums.map((sum, i) => decay * sum + (1 - decay) * Math.abs(frame[i]! - frames[time - 1]![i]!));
    return sums.map((sum) => sum / (1 - decay ** time));
  });
}

function expectClose(actual: tf.Tensor, expected: tf.TensorLike | tf.Tensor, tolerance = 1e-5): void {
  const difference = tf.sub(actual, expected);
  expect(difference.shape).toEqual(actual.shape);
  expect(tf.max(tf.abs(difference)).dataSync()[0]).toBeLessThan(tolerance);
}

describe.each(['wasm', 'cpu'] as const)('the input motion on %s', (backend) => {
  beforeAll(async () => {
    await startBackend('wasm');
    expect(await tf.setBackend(backend)).toBe(true);
  });

  it.each([1, 1.5, 15, 300])(
    'is the running mean of how much each feature changes, over %d frames, of each lane',
    (motionFrames) => {
      const labeler = createLabeler(motionFrames);
      const frames = drawFrames(2, 150); // more than one block of frames
      const { inputs } = networkInputs(labeler.config, frames, labeler.initialState(2));
      const expected = frames.arraySync().map((lane) => plainMotion(lane, motionFrames));
      expectClose(inputs, tf.tensor(expected));
    },
  );

  it('is the same however a video is cut into chunks, also if its state is exported in between', async () => {
    const labeler = createLabeler(10);
    const frames = drawFrames(2, 140);
    const whole = networkInputs(labeler.config, frames, labeler.initialState(2));
    let state = labeler.initialState(2);
    const pieces: Tensor3D[] = [];
    let start = 0;
    for (const length of [1, 1, 70, 63, 5]) {
      const piece = networkInputs(labeler.config, part(frames, start, length), state);
      pieces.push(piece.inputs);
      state = importState(await exportState(piece.state));
      start += length;
    }
    expectClose(tf.concat(pieces, 1), whole.inputs, 1e-6);
    expectClose(state.motionSum, whole.state.motionSum, 1e-6);
    expectClose(state.motionWeight, whole.state.motionWeight, 1e-6);
  });

  it('restarts in a reset lane, whatever its state was, and continues in the others', () => {
    const labeler = createLabeler(4);
    const frames = drawFrames(2, 12);
    const first = networkInputs(labeler.config, part(frames, 0, 5), labeler.initialState(2));
    const dirty: LabelerState = {
      ...first.state,
      motionSum: tf.where(tf.tensor2d([[false], [true]], [2, 1], 'bool'), NaN, first.state.motionSum),
    };
    const { inputs } = networkInputs(labeler.config, part(frames, 5, 7), resetLanes(dirty, [true, false]));
    const [kept, fresh] = frames.arraySync() as [number[][], number[][]];
    const expected = (lane: number[][], from: number) => tf.tensor3d([plainMotion(lane, 4).slice(from)]);
    expectClose(tf.slice(inputs, 1, 1), expected(fresh.slice(5), 0));
    expectClose(tf.slice(inputs, 0, 1), expected(kept, 5));
  });

  it('is concatenated with the other inputs in the requested order', () => {
    const frames = drawFrames(1, 6);
    const seen = (kinds: InputKind[]) => {
      const labeler = createLabeler(3, kinds);
      return networkInputs(labeler.config, frames, labeler.initialState(1)).inputs;
    };
    const alone = [seen(['motion']), seen(['features']), seen(['magnitude'])];
    expectClose(seen(['motion', 'features', 'magnitude']), tf.concat(alone, 2), 1e-12);
  });
});

describe('a labeler with the input motion', () => {
  it('labels a long video like one forward pass, and leaks no tensor', async () => {
    const labeler = createLabeler(20);
    const frames = drawFrames(1, 300);
    const expected = tf.softmax(labeler.forward(frames, labeler.initialState(1)).logits);
    const features = frames.dataSync<'float32'>();
    const before = tf.memory().numTensors;
    for (let call = 0; call < 2; call++) {
      const first = await labeler.label(features.subarray(0, 270 * FEATURE_SIZE));
      const last = await labeler.label(features.subarray(270 * FEATURE_SIZE), first.state);
      for (const { state } of [first, last]) disposeState(state);
      expect(tf.memory().numTensors).toBe(before);
      const labeled = tf.tensor([...first.probabilities, ...last.probabilities], expected.shape);
      tf.tidy(() => expectClose(labeled, expected, 1e-6));
      labeled.dispose();
    }
  });

  it('has a default time constant of 15 frames, and refuses one below one frame', () => {
    expect(createLabeler().config.motionFrames).toBe(15);
    expect(() => createLabeler(0.5)).toThrow(UsageError);
    expect(() => createLabeler(0.5)).toThrow(/motionFrames/);
  });
});
