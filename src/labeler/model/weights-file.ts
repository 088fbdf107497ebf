import { createHash } from 'node:crypto';
import { endianness } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import {
  decodeTensorFile,
  encodeTensorFile,
  TensorFileError,
  type StoredTensor,
} from '../../tensors/tensor-file.js';
import { labelerWeightSpecs } from './labeler-weights.js';
import { SAFETENSORS_VERSION, type ModelDescription } from './model-description.js';

const FORMAT = { name: 'framewise-weights', version: 1 };

/** File with the weights in a model's folder. */
export const WEIGHTS_FILE = 'weights.safetensors';

/** File with the weights in models before version 4. */
export const EARLIER_WEIGHTS_FILE = 'weights.bin';

/** Returns the name of the file with a model's weights. */
export function weightsFileOf({ formatVersion }: Pick<ModelDescription, 'formatVersion'>): string {
  return formatVersion < SAFETENSORS_VERSION ? EARLIER_WEIGHTS_FILE : WEIGHTS_FILE;
}

/**
 * Encodes the weights of a model.
 *
 * @param weights - Weights of the network by name.
 * @returns The bytes of {@link WEIGHTS_FILE}, and their checksum for `model.json`.
 */
export function encodeWeights(
  network: ModelDescription['network'],
  weights: ReadonlyMap<string, Float32Array>,
): { bytes: Uint8Array; checksum: string } {
  const tensors = labelerWeightSpecs(network).map(({ name, shape }): [string, StoredTensor] => {
    return [name, { shape, values: weights.get(name)! }];
  });
  const bytes = encodeTensorFile(FORMAT, { metadata: {}, tensors: new Map(tensors) });
  return { bytes, checksum: checksumOf(bytes) };
}

/**
 * Reads the weights of a model of any version.
 *
 * @param bytes - The content of the file that {@link weightsFileOf} names.
 * @returns Weights by name. They may not be finite.
 * @throws {TensorFileError} If the file is damaged, or its weights are not those of the network and of `model.json`.
 */
export function decodeWeights(description: ModelDescription, bytes: Uint8Array): Map<string, Float32Array> {
  expectChecksum(description, bytes);
  if (description.weights) return decodeEarlierWeights(description, description.weights, bytes);
  const { tensors } = decodeTensorFile(FORMAT, bytes);
  const listed = [...tensors].map(([name, { shape }]) => ({ name, shape }));
  expectWeightsOf(description, listed);
  const weights = [...tensors].map(([name, { values }]): [string, Float32Array] => {
    if (values instanceof Float32Array) return [name, values];
    throw new TensorFileError(`its weight ${name} is float64; expected float32`);
  });
  return new Map(weights);
}

function decodeEarlierWeights(
  description: ModelDescription,
  listed: NonNullable<ModelDescription['weights']>,
  bytes: Uint8Array,
): Map<string, Float32Array> {
  expectWeightsOf(description, listed);
  const sizes = listed.map(({ shape }) => tf.util.sizeFromShape(shape));
  const expectedBytes = 4 * sizes.reduce((sum, size) => sum + size, 0);
  if (bytes.length !== expectedBytes) {
    throw new TensorFileError(
      `${EARLIER_WEIGHTS_FILE} should have ${expectedBytes} bytes and has ${bytes.length}`,
    );
  }
  const native = Buffer.from(bytes); // A copy, because its bytes may be swapped in place.
  if (endianness() === 'BE') native.swap32();
  let end = 0;
  const weights = listed.map(({ name }, index): [string, Float32Array] => {
    const begin = end;
    end += 4 * sizes[index]!;
    // A copy, because a float32 view must begin at a multiple of four bytes.
    return [name, new Float32Array(Uint8Array.from(native.subarray(begin, end)).buffer)];
  });
  return new Map(weights);
}

interface ListedWeight {
  name: string;
  shape: readonly number[];
}

function expectWeightsOf({ network }: ModelDescription, listed: readonly ListedWeight[]): void {
  const describe = ({ name, shape }: ListedWeight) => `${name} [${shape.join(', ')}]`;
  const have = listed.map(describe);
  const want = labelerWeightSpecs(network).map(describe);
  const length = Math.max(have.length, want.length);
  for (let position = 0; position < length; position++) {
    const [expected, received] = [want[position] ?? 'nothing more', have[position] ?? 'nothing more'];
    if (expected !== received) {
      throw new TensorFileError(
        `its weights do not fit its network: expected ${expected}, received ${received}`,
      );
    }
  }
}

function expectChecksum(description: ModelDescription, bytes: Uint8Array): void {
  if (checksumOf(bytes) === description.checksum) return;
  const file = weightsFileOf(description);
  throw new TensorFileError(`the checksum of ${file} is not the one in model.json; the file has changed`);
}

function checksumOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
