import { z } from 'zod';
import {
  decodeEarlierFile,
  decodeTensorFile,
  encodeTensorFile,
  TensorFileError,
  unlessDamaged,
  type StoredTensor,
} from '../../tensors/tensor-file.js';

/** Content of a checkpoint: facts, and arrays of numbers by name. */
export interface CheckpointContent<Facts> {
  /** Any value that JSON can hold. */
  facts: Facts;
  arrays: ReadonlyMap<string, Float32Array>;
}

/** Version 1 had a layout of its own. Raise the version whenever the content of a checkpoint changes. */
const FORMAT = { name: 'framewise-checkpoint', version: 2 };
const EARLIER_MAGIC = 'FWCKPT01';

/** Encodes a checkpoint as a safetensors file with the facts as JSON in its metadata. Numbers keep every bit. */
export function encodeCheckpoint<Facts>({ facts, arrays }: CheckpointContent<Facts>): Uint8Array {
  const tensors = [...arrays].map(([name, values]): [string, StoredTensor] => {
    return [name, { shape: [values.length], values }];
  });
  return encodeTensorFile(FORMAT, {
    metadata: { facts: JSON.stringify(facts) },
    tensors: new Map(tensors),
  });
}

/**
 * Reads a checkpoint. Its checksum proves that it is whole, not that framewise wrote it, so callers check the facts.
 *
 * @returns The content, or undefined if it is damaged, cut short, or of an unknown version.
 */
export function decodeCheckpoint(file: Uint8Array): CheckpointContent<unknown> | undefined {
  return unlessDamaged(() => decodeEarlierCheckpoint(file) ?? decodeCurrent(file));
}

function decodeCurrent(file: Uint8Array): CheckpointContent<unknown> {
  const { metadata, tensors } = decodeTensorFile(FORMAT, file);
  const arrays = [...tensors].map(([name, { values }]) => [name, expectFloat32(name, values)] as const);
  return { facts: JSON.parse(metadata['facts'] ?? ''), arrays: new Map(arrays) };
}

function expectFloat32(name: string, values: Float32Array | Float64Array): Float32Array {
  if (values instanceof Float32Array) return values;
  throw new TensorFileError(`tensor ${name} is float64; expected float32`);
}

const earlierHeaderSchema = z.object({
  facts: z.unknown(),
  arrays: z.array(z.tuple([z.string(), z.int().min(0)])),
});

/** Reads version 1, so that trainings of earlier versions of framewise can be resumed. */
function decodeEarlierCheckpoint(file: Uint8Array): CheckpointContent<unknown> | undefined {
  const decoded = decodeEarlierFile(EARLIER_MAGIC, file);
  if (!decoded) return undefined;
  const header = earlierHeaderSchema.parse(decoded.header);
  let begin = 0;
  const arrays = header.arrays.map(([name, length]) => {
    const values = new Float32Array(decoded.values, begin, length);
    begin += values.byteLength;
    return [name, values] as const;
  });
  return { facts: header.facts, arrays: new Map(arrays) };
}
