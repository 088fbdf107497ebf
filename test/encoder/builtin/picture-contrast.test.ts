import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { evenOutContrast } from '../../../src/encoder/builtin/hand-detector.js';
import { startBackend } from '../../../src/runtime/backend.js';

beforeAll(() => startBackend('wasm'));

const [WIDTH, HEIGHT, BAR] = [80, 40, 12];

/** A dark picture of upright stripes, 10 wide, between black bars; values are bytes. */
function stripes(dark: number, bright: number): tf.Tensor4D {
  const bytes = Array.from({ length: WIDTH * HEIGHT * 3 }, (_, index) => {
    const x = Math.floor(index / 3) % WIDTH;
    if (x < BAR || x >= WIDTH - BAR) return 0;
    return x % 20 < 10 ? dark : bright;
  });
  return tf.tidy(() => tf.sub(tf.div(tf.tensor4d(bytes, [1, HEIGHT, WIDTH, 3]), 127.5), 1));
}

/** Bytes of what comes out, bars left away. */
function evenOut(picture: tf.Tensor4D): number[] {
  const even = evenOutContrast(picture);
  const values = [...even.dataSync()].map((value) => (value + 1) * 127.5);
  tf.dispose([picture, even]);
  return values.filter((_, index) => {
    const x = Math.floor(index / 3) % WIDTH;
    return x >= BAR && x < WIDTH - BAR;
  });
}

it('gives a dark picture of low contrast a mean of 120 and a deviation of 50, whatever its bars', () => {
  const values = evenOut(stripes(10, 20));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  expect(mean).toBeCloseTo(120, 0);
  expect(deviation).toBeGreaterThan(48);
  expect(deviation).toBeLessThan(50.1);
});

it('returns nearly the same picture for a brighter scene of higher contrast', () => {
  const [faint, strong] = [evenOut(stripes(20, 30)), evenOut(stripes(90, 140))];
  // Apart from where the blur reaches into the bars, whose black is as far from the one as from the other.
  const inner = (values: number[]) =>
    values.filter((_, index) => Math.abs((Math.floor(index / 3) % 56) - 28) < 20);
  const apart = inner(faint).map((value, index) => Math.abs(value - inner(strong)[index]!));
  expect(Math.max(...apart)).toBeLessThan(12);
});

it.each([
  ['a picture of one color gray', 0.3, (2 * 120) / 255 - 1],
  ['a black picture black, as that is nothing but bars', -1, -1],
])('makes %s, and leaves no tensor behind', (_, level, expected) => {
  const { numTensors } = tf.memory();
  const picture = tf.fill<tf.Rank.R4>([1, 8, 8, 3], level);
  const even = evenOutContrast(picture);
  for (const value of even.dataSync()) expect(value).toBeCloseTo(expected, 2);
  tf.dispose([picture, even]);
  expect(tf.memory().numTensors).toBe(numTensors);
});
