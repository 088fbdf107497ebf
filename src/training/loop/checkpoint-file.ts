import { createHash } from 'node:crypto';

/** What a file holds: a few facts, and numbers by name. */
export interface CheckpointContent<Facts> {
  /** Anything that JSON can hold. */
  facts: Facts;
  arrays: ReadonlyMap<string, Float32Array>;
}

/** Begins every checkpoint. Its number goes up whenever what a checkpoint holds changes. */
const MAGIC = 'FWCKPT01';
const LENGTH_BYTES = 4;
const CHECKSUM_BYTES = 32;

/**
 * Writes facts and numbers to the last bit: the magic, the length of a JSON header as little-endian uint32, the header,
 * the arrays as float32 in the machine's byte order, and the SHA-256 of everything before.
 */
export function encodeCheckpoint<Facts>({ facts, arrays }: CheckpointContent<Facts>): Uint8Array {
  const lengths = [...arrays].map(([name, { length }]): [string, number] => [name, length]);
  const header = Buffer.from(JSON.stringify({ facts, arrays: lengths } satisfies Header<Facts>));
  const headerLength = Buffer.alloc(LENGTH_BYTES);
  headerLength.writeUInt32LE(header.length);
  const numbers = [...arrays.values()].map((values) => {
    return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  });
  const content = Buffer.concat([Buffer.from(MAGIC), headerLength, header, ...numbers]);
  return Buffer.concat([content, checksum(content)]);
}

/** @returns What a file holds; undefined if it is damaged, cut off, or of another version. */
export function decodeCheckpoint<Facts>(file: Uint8Array): CheckpointContent<Facts> | undefined {
  const content = Buffer.from(file.buffer, file.byteOffset, Math.max(0, file.length - CHECKSUM_BYTES));
  if (Buffer.compare(checksum(content), file.subarray(content.length)) !== 0) return undefined;
  if (content.toString('utf8', 0, MAGIC.length) !== MAGIC) return undefined;
  // The checksum holds, so this is what encodeCheckpoint wrote.
  const headerStart = MAGIC.length + LENGTH_BYTES;
  let end = headerStart + content.readUInt32LE(MAGIC.length);
  const header = JSON.parse(content.toString('utf8', headerStart, end)) as Header<Facts>;
  const arrays = header.arrays.map(([name, length]): [string, Float32Array] => {
    const begin = end;
    end += 4 * length;
    // A copy, since a float32 view has to begin at a multiple of four bytes.
    return [name, new Float32Array(Uint8Array.from(content.subarray(begin, end)).buffer)];
  });
  return { facts: header.facts, arrays: new Map(arrays) };
}

interface Header<Facts> {
  facts: Facts;
  /** Name and length of each array, in the order of the file. */
  arrays: [name: string, length: number][];
}

function checksum(content: Uint8Array): Buffer {
  return createHash('sha256').update(content).digest();
}
