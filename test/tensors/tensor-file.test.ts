import { describe, expect, it } from 'vitest';
import { formatSafetensors, type Safetensors } from '../../src/tensors/safetensors.js';
import { decodeTensorFile, encodeTensorFile, TensorFileError } from '../../src/tensors/tensor-file.js';

const FORMAT = { name: 'framewise-test', version: 3 };
const CONTENT: Safetensors = {
  metadata: { facts: '{"number":1}' },
  tensors: new Map([['a', { shape: [2, 1], values: Float32Array.of(NaN, -0) }]]),
};

describe('a tensor file', () => {
  it('returns what was written, without the metadata of the format itself', () => {
    expect(decodeTensorFile(FORMAT, encodeTensorFile(FORMAT, CONTENT))).toEqual(CONTENT);
  });

  it('is refused if any bit has changed, or bytes are missing', () => {
    const whole = encodeTensorFile(FORMAT, CONTENT);
    for (let bit = 0; bit < 8 * whole.length; bit++) {
      const changed = Uint8Array.from(whole);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => decodeTensorFile(FORMAT, changed), `bit ${bit}`).toThrow(TensorFileError);
    }
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeTensorFile(FORMAT, whole.subarray(0, length))).toThrow(TensorFileError);
    }
  });

  it.each<[string, Uint8Array, RegExp]>([
    [
      'another format',
      encodeTensorFile({ ...FORMAT, name: 'other' }, CONTENT),
      /format "other"; expected "framewise-test"/,
    ],
    ['no format', formatSafetensors(CONTENT), /format none/],
    [
      'another version',
      encodeTensorFile({ ...FORMAT, version: 4 }, CONTENT),
      /version 4 of "framewise-test"; expected 3/,
    ],
    [
      'no checksum',
      formatSafetensors({ ...CONTENT, metadata: { format: 'framewise-test', version: '3' } }),
      /checksum/,
    ],
    [
      'an empty checksum',
      formatSafetensors({ ...CONTENT, metadata: { format: 'framewise-test', version: '3', sha256: '' } }),
      /checksum/,
    ],
  ])('is refused with %s', (_, file, message) => {
    expect(() => decodeTensorFile(FORMAT, file)).toThrow(message);
  });
});
