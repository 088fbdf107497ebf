import { describe, expect, it } from 'vitest';
import { parseTime } from '../../../src/annotations/text/parse-table.js';

describe('parseTime', () => {
  it.each([
    ['0', 0],
    ['12.5', 12.5],
    ['12.', 12],
    ['.5', 0.5],
    ['1e-3', 0.001],
    ['4000', 4000],
    ['1:02', 62],
    ['01:02.25', 62.25],
    ['90:00', 5400],
    ['1:00:00.5', 3600.5],
    ['100:59:59.999', 363599.999],
  ])('reads %s as %d seconds', (text, seconds) => {
    expect(parseTime(text)).toBeCloseTo(seconds, 9);
  });

  it.each([
    ...['', '-1', '-0:05', 'soon', '1,5', '12s', '0x10', 'Infinity', 'NaN', '1e999', '.'],
    ...['1:60', '1:75.5', '1:60:00', '1:2:3:4', '1:', ':30', '1:2.5:3', '1:002', '1: 2'],
  ])('refuses "%s"', (text) => {
    expect(parseTime(text)).toBeUndefined();
  });
});
