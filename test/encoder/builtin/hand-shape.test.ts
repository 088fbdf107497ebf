import { expect, it } from 'vitest';
import { fingertipReaches, jointBends, relativeLandmarks } from '../../../src/encoder/builtin/hand-shape.js';

type Point = [x: number, y: number, z: number];

/** A hand whose fingers lie straight, each at its own angle, their four places 1 apart, the first 2 from the wrist. */
function straightHand(): Point[] {
  const finger = (index: number): Point[] => {
    const angle = (index * Math.PI) / 6;
    return [2, 3, 4, 5].map((far) => [far * Math.cos(angle), far * Math.sin(angle), 0]);
  };
  return [[0, 0, 0], ...[0, 1, 2, 3, 4].flatMap(finger)];
}

const flatten = (points: Point[]) => Float32Array.from(points.flat());

function expectClose(received: number[], expected: number[]): void {
  expect(received).toHaveLength(expected.length);
  received.forEach((value, index) => expect(value).toBeCloseTo(expected[index]!, 5));
}

it('reports straight fingers as straight', () => {
  expectClose(jointBends(flatten(straightHand())), new Array<number>(15).fill(1));
});

it('returns the cosine of the bend in space, per finger and joint', () => {
  const hand = straightHand();
  hand[1] = [2, 0, 0]; // The thumb: along x to 2,
  hand[2] = [2, 0, 3]; // then at a right angle towards z,
  hand[3] = [2, 0, 1]; // then straight back,
  hand[4] = [2 + Math.sqrt(3), 0, 0]; // then by 60 degrees off.
  expectClose(jointBends(flatten(hand)), [0, -1, 0.5, ...new Array<number>(12).fill(1)]);
});

it('measures fingertips in palm lengths, at most 4', () => {
  const hand = straightHand();
  hand[4] = [0, 0, -6]; // The thumb's tip, 6 from the wrist; the middle finger leaves the palm at 2.
  hand[20] = [0, 100, 0];
  expectClose(fingertipReaches(flatten(hand)), [3, 2.5, 2.5, 2.5, 4]);
});

it('returns landmarks that do not depend on the place and size of the hand', () => {
  const hand = straightHand();
  const elsewhere = hand.map(([x, y, z]): Point => [7 * x + 40, 7 * y - 9, 7 * z + 3]);
  const shape = relativeLandmarks(flatten(elsewhere));
  expectClose(shape, relativeLandmarks(flatten(hand)));
  const axis = (which: number) => shape.filter((_, index) => index % 3 === which);
  for (const which of [0, 1, 2]) expect(axis(which).reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 5);
  // 5 to the right and 2.5 to the left of the wrist, 5 below it: the width is the larger extent.
  expect(Math.max(...axis(0)) - Math.min(...axis(0))).toBeCloseTo(1, 5);
  expect(Math.max(...axis(1)) - Math.min(...axis(1))).toBeCloseTo(5 / 7.5, 5);
});

it('returns finite numbers if all landmarks coincide', () => {
  const point = new Float32Array(63).fill(112);
  for (const features of [relativeLandmarks(point), jointBends(point), fingertipReaches(point)]) {
    expect(features.every((value) => value === 0)).toBe(true);
  }
});
