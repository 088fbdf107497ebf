import { expect, it } from 'vitest';
import { formatCount } from '../../src/format-count.js';
import { formatTime } from '../../src/view/timeline-drawing.js';

it.each([
  [0, '0 s'],
  [8.44, '8.4 s'],
  [59.96, '1:00'],
  [75, '1:15'],
  [62.5, '1:02.5'],
  [3599.96, '1:00:00'],
  [7384.2, '2:03:04.2'],
])('formats %d seconds as %s', (seconds, text) => {
  expect(formatTime(seconds)).toBe(text);
});

it('formats a count with a singular or plural noun', () => {
  expect([0, 1, 2].map((count) => formatCount(count, 'segment'))).toEqual([
    '0 segments',
    '1 segment',
    '2 segments',
  ]);
});
