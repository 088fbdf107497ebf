import {
  decodeEarlierFile,
  decodeTensorFile,
  encodeTensorFile,
  TensorFileError,
  type StoredTensor,
} from '../../tensors/tensor-file.js';

/** What a checkpoint holds: facts, and arrays of numbers by name. */
export interface CheckpointContent<Facts> {
  /** Any value that JSON can hold. */
  facts: Facts;
  arrays: ReadonlyMap<string, Float32Array>;
}

/** Version 1 had a layout of its own. Raise the version whenever the content of a checkpoint changes. */
const FORMAT = { name: 'framewise-checkpoint', version: 2 };
const EARLIER_MAGIC = 'FWCKPT01';

/** Makes a checkpoint: a safetensors file with the facts as JSON in its metadata. No bit of a number is lost. */
export function encodeCheckpoint<Facts>({ facts, arrays }: CheckpointContent<Facts>): Uint8Array {
  const tensors = [...arrays].map(([name, values]): [string, StoredTensor] => {
    return [name, { shape: [values.length], values }];
  });
  return encodeTensorFile(FORMAT, {
    metadata: { facts: JSON.stringify(facts) },
    tensors: new Map(tensors),
  });
}

/** @returns The content of a checkpoint; undefined if it is damaged, cut short, or of an unknown version. */
export function decodeCheckpoint<Facts>(file: Uint8Array): CheckpointContent<Facts> | undefined {
  const earlier = decodeEarlierCheckpoint<Facts>(file);
  if (earlier) return earlier;
  try {
    const { metadata, tensors } = decodeTensorFile(FORMAT, file);
    const arrays = [...tensors].map(([name, { values }]) => [name, values as Float32Array] as const);
    // The checksum holds, so the types are those that encodeCheckpoint wrote.
    return { facts: JSON.parse(metadata['facts']!) as Facts, arrays: new Map(arrays) };
  } catch (error) {
    if (error instanceof TensorFileError) return undefined;
    throw error;
  }
}

/** Reads version 1, so that a training begun with an earlier framewise can be resumed. */
function decodeEarlierCheckpoint<Facts>(file: Uint8Array): CheckpointContent<Facts> | undefined {
  const decoded = decodeEarlierFile(EARLIER_MAGIC, file);
  if (!decoded) return undefined;
  const header = decoded.header as { facts: Facts; arrays: [name: string, length: number][] };
  let begin = 0;
  const arrays = header.arrays.map(([name, length]) => {
    const values = new Float32Array(decoded.values, begin, length);
    begin += values.byteLength;
    return [name, values] as const;
  });
  return { facts: header.facts, arrays: new Map(arrays) };
}
