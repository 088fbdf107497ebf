import { describe, expect, it } from 'vitest';
import {
  columnsOf,
  escapeUnprintable,
  keepEnd,
  keepStart,
  printableJson,
} from '../../../src/cli/terminal/terminal-text.js';

const HOSTILE = 'a\x1b[2J\r\n\t\x07\x7f\x9b31m\u2028\u202egpj.mp4\u2066';

describe('escapeUnprintable', () => {
  it('escapes line ends, cursor movements and changes of direction, and nothing else', () => {
    expect(escapeUnprintable(HOSTILE)).toBe(
      'a\\x1b[2J\\r\\n\\t\\x07\\x7f\\x9b31m\\u2028\\u202egpj.mp4\\u2066',
    );
    const harmless = 'Straße 7 – 北京, שלום, नमस्ते 👩‍👩‍👧.mp4';
    expect(escapeUnprintable(harmless)).toBe(harmless);
  });
});

describe('printableJson', () => {
  it('writes JSON of the same value without characters that change the terminal', () => {
    const value = { [HOSTILE]: [HOSTILE, 1] };
    expect(JSON.parse(printableJson(value))).toEqual(value);
    expect(printableJson(value)).toMatch(/^[ -~]+$/);
    expect(printableJson(value, 2).split('\n')).toHaveLength(6);
  });
});

describe('columnsOf', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['é', 1],
    ['e\u0301', 1],
    ['नमस्ते', 3],
    ['北京', 4],
    ['ｆｕｌｌ', 8],
    ['한국어', 6],
    ['👍🏽', 2],
    ['👩‍👩‍👧', 2],
    ['…█░', 3],
    ['a\u200bb', 2],
  ])('counts the columns of %j as %i', (text, columns) => expect(columnsOf(text)).toBe(columns));
});

describe('keepStart and keepEnd', () => {
  it('keep as much as fits into the columns, also of wide characters', () => {
    expect([keepStart('abcdef', 6), keepEnd('abcdef', 6)]).toEqual(['abcdef', 'abcdef']);
    expect([keepStart('abcdef', 4), keepEnd('abcdef', 4)]).toEqual(['abc…', '…def']);
    expect([keepStart('北京市', 4), keepEnd('北京市', 4)]).toEqual(['北…', '…市']);
    expect([keepStart('abc', 0), keepEnd('abc', -3)]).toEqual(['', '']);
  });
});
