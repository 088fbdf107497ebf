import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  formatSafetensors,
  parseSafetensors,
  TensorFileError,
  type Safetensors,
} from '../../src/tensors/safetensors.js';

const GOLDEN = path.join(import.meta.dirname, '../../fixtures/golden/tensors.safetensors');

/** What scripts/golden/tensors.py gave the reference implementation to write. */
const CONTENT: Safetensors = {
  metadata: { video: 'vidéo "1".mp4' },
  tensors: new Map([
    ['timesSec', { shape: [3], values: Float64Array.of(0, 1 / 3, 0.7) }],
    ['bias', { shape: [0], values: new Float32Array(0) }],
    ['features', { shape: [3, 2], values: Float32Array.of(0.1, -2, 3e-8, Infinity, 5, -0) }],
    ['scale', { shape: [], values: Float32Array.of(1e-45) }],
    ['übung', { shape: [1, 2, 2], values: Float32Array.of(0, 1, 2, 3) }],
  ]),
};

describe('safetensors', () => {
  it('reads a file that the reference implementation wrote', async () => {
    const { metadata, tensors } = parseSafetensors(await readFile(GOLDEN));
    expect(metadata).toEqual(CONTENT.metadata);
    expect([...tensors]).toEqual([...CONTENT.tensors]);
  });

  it('writes the same bytes as the reference implementation', async () => {
    expect(Buffer.from(formatSafetensors(CONTENT))).toEqual(await readFile(GOLDEN));
  });

  it('writes arrays that are views into larger memory', () => {
    const memory = Float32Array.from({ length: 9 }, (_, index) => index);
    const tensors = new Map([['a', { shape: [2], values: memory.subarray(3, 5) }]]);
    const read = parseSafetensors(formatSafetensors({ metadata: {}, tensors })).tensors.get('a')!;
    expect(read.values).toEqual(Float32Array.of(3, 4));
  });

  it('refuses to write a shape that does not fit the values', () => {
    const tensors = new Map([['a', { shape: [2, 2], values: new Float32Array(3) }]]);
    expect(() => formatSafetensors({ metadata: {}, tensors })).toThrow(/Tensor a: \[2, 2\].*3 values/);
  });

  it('reads a file without metadata, whose header lists the tensors in another order', () => {
    const header = { b: entry([1], [4, 8]), a: entry([1], [0, 4]) };
    const { metadata, tensors } = parseSafetensors(fileOf(header, 8));
    expect(metadata).toEqual({});
    expect([...tensors.keys()]).toEqual(['a', 'b']);
  });
});

function entry(shape: unknown, offsets: unknown, dtype: unknown = 'F32'): object {
  return { dtype, shape, data_offsets: offsets };
}

function fileOf(header: unknown, numDataBytes: number): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  return Buffer.concat([lengthOf(BigInt(json.length)), json, Buffer.alloc(numDataBytes)]);
}

function lengthOf(length: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(length);
  return bytes;
}

describe('a damaged or hostile safetensors file', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['no bytes', new Uint8Array(0), /0 bytes are too few/],
    ['half a length', Buffer.alloc(5), /5 bytes are too few/],
    [
      'a header longer than the file',
      Buffer.concat([lengthOf(100n), Buffer.alloc(99)]),
      /100 bytes.*99 possible/,
    ],
    [
      'a header length near 2^64',
      Buffer.concat([lengthOf(2n ** 64n - 1n), Buffer.alloc(9)]),
      /18446744073709551615 bytes/,
    ],
    ['a header that is no text', Buffer.concat([lengthOf(2n), Buffer.of(0xff, 0xfe)]), /not JSON/],
    ['a header that is no JSON', fileOf('{"a":', 0), /not JSON/],
    ['a header that is a list', fileOf([], 0), /not a JSON object/],
    ['a header that is null', fileOf('null', 0), /not a JSON object/],
    [
      'metadata that is no object',
      fileOf({ __metadata__: 'x' }, 0),
      /__metadata__ is not an object of strings/,
    ],
    [
      'metadata that holds a number',
      fileOf({ __metadata__: { x: 1 } }, 0),
      /__metadata__ is not an object of strings/,
    ],
    ['a tensor that is a number', fileOf({ a: 1 }, 0), /tensor a is not described by an object/],
    ['an unknown type', fileOf({ a: entry([1], [0, 8], 'I64') }, 8), /type "I64"; expected F32 or F64/],
    [
      'a type that is a property of every object',
      fileOf({ a: entry([1], [0, 8], 'toString') }, 8),
      /type "toString"/,
    ],
    ['no type', fileOf({ a: entry([1], [0, 4], null) }, 4), /type null/],
    ['a negative size', fileOf({ a: entry([-1], [0, 4]) }, 4), /impossible shape/],
    ['half a size', fileOf({ a: entry([0.5], [0, 2]) }, 2), /impossible shape/],
    ['no shape', fileOf({ a: entry(undefined, [0, 4]) }, 4), /impossible shape/],
    ['one offset', fileOf({ a: entry([1], [0]) }, 4), /impossible offsets/],
    ['offsets below 0', fileOf({ a: entry([1], [-4, 0]) }, 4), /impossible offsets/],
    ['offsets in reverse', fileOf({ a: entry([1], [4, 0]) }, 4), /-4 bytes; expected 4/],
    [
      'a shape larger than its bytes',
      fileOf({ a: entry([2 ** 40, 2 ** 40], [0, 4]) }, 4),
      /4 bytes; expected/,
    ],
    ['bytes beyond the file', fileOf({ a: entry([2], [0, 8]) }, 4), /expected 8 bytes of values, received 4/],
    [
      'bytes of no tensor at the end',
      fileOf({ a: entry([1], [0, 4]) }, 8),
      /expected 4 bytes of values, received 8/,
    ],
    ['bytes of no tensor at the start', fileOf({ a: entry([1], [4, 8]) }, 8), /begins at byte 4.*expected 0/],
    [
      'overlapping tensors',
      fileOf({ a: entry([2], [0, 8]), b: entry([2], [4, 12]) }, 12),
      /b begins at byte 4.*expected 8/,
    ],
    [
      'two tensors at one place',
      fileOf({ a: entry([1], [0, 4]), b: entry([1], [0, 4]) }, 4),
      /b begins at byte 0.*expected 4/,
    ],
  ])('is refused with %s', (_, file, message) => {
    expect(() => parseSafetensors(file)).toThrow(TensorFileError);
    expect(() => parseSafetensors(file)).toThrow(message);
  });

  it('does not change an object’s prototype by a tensor of that name', () => {
    const header = `{"__proto__": ${JSON.stringify(entry([1], [0, 4]))}}`;
    expect([...parseSafetensors(fileOf(header, 4)).tensors.keys()]).toEqual(['__proto__']);
  });
});
