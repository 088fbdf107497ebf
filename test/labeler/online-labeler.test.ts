import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { OnlineLabeler } from '../../src/labeler/online-labeler.js';
import { TemporalLabeler } from '../../src/labeler/temporal-labeler.js';
import { startBackend } from '../../src/runtime/backend.js';

const FEATURE_SIZE = 4;
const NUM_FRAMES = 11;

beforeAll(async () => {
  await startBackend('wasm');
});

const createLabeler = (lookahead: number): TemporalLabeler =>
  TemporalLabeler.create(
    { featureSize: FEATURE_SIZE, numLabels: 2, units: 5, projectionUnits: 5, lookahead },
    { seed: 1 },
  );

const features = Float32Array.from({ length: NUM_FRAMES * FEATURE_SIZE }, (_, i) => Math.sin(i * i));

/** Everything that a labeler says of a video that comes in pieces. */
async function labelInPieces(labeler: TemporalLabeler, sizes: number[]): Promise<number[]> {
  const online = new OnlineLabeler(labeler);
  const decided: number[] = [];
  let start = 0;
  for (const size of sizes) {
    decided.push(
      ...(await online.push(features.subarray(start * FEATURE_SIZE, (start + size) * FEATURE_SIZE))),
    );
    start += size;
  }
  decided.push(...(await online.finish()));
  online.dispose();
  return decided;
}

describe.each([0, 3, 20])('OnlineLabeler with %d frames of lookahead', (lookahead) => {
  it('returns one label per frame, however the video is cut', async () => {
    const labeler = createLabeler(lookahead);
    const whole = await labelInPieces(labeler, [NUM_FRAMES]);
    expect(whole).toHaveLength(NUM_FRAMES * 2);
    for (const sizes of [[1, 1, 2, 7], [5, 6], Array<number>(NUM_FRAMES).fill(1), [0, 11, 0]]) {
      const pieces = await labelInPieces(labeler, sizes);
      expect(pieces).toHaveLength(whole.length);
      pieces.forEach((value, i) => expect(value).toBeCloseTo(whole[i] as number, 5));
    }
    labeler.dispose();
  });

  it('labels a frame by the output of the network that many steps later', async () => {
    const labeler = createLabeler(lookahead);
    const whole = await labelInPieces(labeler, [NUM_FRAMES]);
    const last = features.subarray(-FEATURE_SIZE);
    const shown = Float32Array.from([
      ...features,
      ...Array.from({ length: lookahead }, () => [...last]).flat(),
    ]);
    const { probabilities, state } = await labeler.label(shown);
    tf.dispose(state);
    expect(whole).toEqual([...probabilities.subarray(lookahead * 2)]);
    labeler.dispose();
  });

  it('holds back no more frames than it looks ahead, and leaks no tensor', async () => {
    const labeler = createLabeler(lookahead);
    const before = tf.memory().numTensors;
    const online = new OnlineLabeler(labeler);
    const decided = await online.push(features);
    expect(decided.length / 2).toBe(Math.max(0, NUM_FRAMES - lookahead));
    online.dispose();
    expect(tf.memory().numTensors).toBe(before);
    labeler.dispose();
  });
});

describe('OnlineLabeler', () => {
  it('returns nothing for a video without frames', async () => {
    const labeler = createLabeler(3);
    const online = new OnlineLabeler(labeler);
    expect(await online.finish()).toHaveLength(0);
    online.dispose();
    labeler.dispose();
  });
});
