import { expect, it } from 'vitest';
import { LiveClock } from '../../src/live/live-clock.js';

it("keeps the first connection's times, whenever its frames came", () => {
  const clock = new LiveClock(0.2);
  clock.beginConnection();
  expect([0, 0.2, 0.4].map((timeSec, i) => clock.timeOf(timeSec, 5000 + 900 * i))).toEqual([0, 0.2, 0.4]);
});

it('goes on by the wall clock where a connection follows another', () => {
  const clock = new LiveClock(0.2);
  clock.beginConnection();
  clock.timeOf(2, 10_000);
  clock.timeOf(2.2, 10_200);
  clock.beginConnection();
  expect(clock.timeOf(0.4, 17_000)).toBeCloseTo(9, 9); // 7 s after the first frame, which was at 2 s
  expect(clock.timeOf(0.6, 17_900)).toBeCloseTo(9.2, 9);
});

it('never goes back, where the connection before was ahead of the wall clock', () => {
  const clock = new LiveClock(0.2);
  clock.beginConnection();
  clock.timeOf(0, 1000);
  clock.timeOf(8, 1100); // eight seconds came at once
  clock.beginConnection();
  expect(clock.timeOf(0, 3000)).toBeCloseTo(8.2, 9);
});
