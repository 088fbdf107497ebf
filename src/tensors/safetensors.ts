import { endianness } from 'node:os';

/** Arrays that a file can hold, with the name that the format gives to their type. */
const DTYPES = {
  F32: Float32Array,
  F64: Float64Array,
} as const;
type Dtype = keyof typeof DTYPES;

/** One tensor: its shape and its values in row-major order. */
export interface StoredTensor {
  shape: readonly number[];
  values: Float32Array | Float64Array;
}

/** What a safetensors file holds. */
export interface Safetensors {
  /** Free text by name. Must not be named `__proto__`. */
  metadata: Readonly<Record<string, string>>;
  /** Tensors by name, in the order of their bytes. */
  tensors: ReadonlyMap<string, StoredTensor>;
}

/** A file is not a safetensors file, or its header contradicts its bytes. */
export class TensorFileError extends Error {}

const LENGTH_BYTES = 8;
/** The limit of the reference implementation. It keeps a damaged length from taking all memory. */
const MAX_HEADER_BYTES = 100_000_000;
const METADATA = '__metadata__';

/**
 * Writes tensors in the safetensors format: the length of the header as a little-endian uint64, a JSON header padded with
 * spaces to a multiple of 8, then the values of all tensors, little-endian, without gaps.
 *
 * Put float64 tensors before float32 tensors, so that every tensor starts at a multiple of its element size, as the
 * format recommends.
 *
 * @throws {RangeError} If a tensor's shape does not have as many elements as there are values.
 * @see https://github.com/huggingface/safetensors#format
 */
export function formatSafetensors({ metadata, tensors }: Safetensors): Uint8Array {
  const header: [string, unknown][] = [[METADATA, metadata]];
  const parts: Uint8Array[] = [];
  let end = 0;
  for (const [name, { shape, values }] of tensors) {
    if (sizeOf(shape) !== values.length) {
      throw new RangeError(`Tensor ${name}: [${shape.join(', ')}] does not fit ${values.length} values.`);
    }
    const begin = end;
    end += values.byteLength;
    header.push([name, { dtype: dtypeOf(values), shape, data_offsets: [begin, end] }]);
    parts.push(littleEndian(values));
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  const padding = Buffer.alloc((8 - (json.length % 8)) % 8, ' ');
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeBigUInt64LE(BigInt(json.length + padding.length));
  return Buffer.concat([length, json, padding, ...parts]);
}

/**
 * Reads a safetensors file and checks all that the format demands. The file may come from anywhere: a header that
 * contradicts the bytes is refused before any value is read.
 *
 * @returns Copies of the values; the bytes are no longer needed.
 * @throws {TensorFileError} If the file breaks the format, or holds a type other than float32 and float64.
 */
export function parseSafetensors(file: Uint8Array): Safetensors {
  const dataStart = headerEnd(file);
  const header = parseHeader(file.subarray(LENGTH_BYTES, dataStart));
  const metadata = parseMetadata(header[METADATA]);
  const entries = Object.entries(header)
    .filter(([name]) => name !== METADATA)
    .map(([name, entry]) => parseEntry(name, entry));
  entries.sort((one, other) => one.begin - other.begin || one.end - other.end);

  let expected = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== expected) {
      throw new TensorFileError(`tensor ${name} begins at byte ${begin} of the data; expected ${expected}`);
    }
    expected = end;
  }
  const received = file.length - dataStart;
  if (received !== expected) {
    throw new TensorFileError(`expected ${expected} bytes of values, received ${received}`);
  }
  const tensors = entries.map(({ name, dtype, shape, begin, end }): [string, StoredTensor] => {
    const bytes = new Uint8Array(file.subarray(dataStart + begin, dataStart + end)); // A copy begins at an aligned address.
    swapUnlessLittleEndian(bytes, DTYPES[dtype].BYTES_PER_ELEMENT);
    return [name, { shape, values: new DTYPES[dtype](bytes.buffer) }];
  });
  return { metadata, tensors: new Map(tensors) };
}

function headerEnd(file: Uint8Array): number {
  if (file.length < LENGTH_BYTES)
    throw new TensorFileError(`its ${file.length} bytes are too few for a header`);
  const length = new DataView(file.buffer, file.byteOffset).getBigUint64(0, true);
  const longest = Math.min(MAX_HEADER_BYTES, file.length - LENGTH_BYTES);
  if (length > BigInt(longest)) {
    throw new TensorFileError(`its header would have ${length} bytes, more than the ${longest} possible`);
  }
  return LENGTH_BYTES + Number(length);
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw new TensorFileError('its header is not JSON', { cause });
  }
  if (!isObject(header)) throw new TensorFileError('its header is not a JSON object');
  return header;
}

function parseMetadata(metadata: unknown): Record<string, string> {
  if (metadata === undefined) return {};
  if (isObject(metadata) && Object.values(metadata).every((value) => typeof value === 'string')) {
    return metadata as Record<string, string>;
  }
  throw new TensorFileError(`its ${METADATA} is not an object of strings`);
}

interface HeaderEntry {
  name: string;
  dtype: Dtype;
  shape: number[];
  begin: number;
  end: number;
}

function parseEntry(name: string, entry: unknown): HeaderEntry {
  const refuse = (what: string): TensorFileError => new TensorFileError(`tensor ${name} ${what}`);
  if (!isObject(entry)) throw refuse('is not described by an object');
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string' || !Object.hasOwn(DTYPES, dtype)) {
    const known = Object.keys(DTYPES).join(' or ');
    throw refuse(`has the type ${JSON.stringify(dtype) ?? 'none'}; expected ${known}`);
  }
  if (!isCounts(shape)) throw refuse('has an impossible shape');
  if (!isCounts(offsets) || offsets.length !== 2) throw refuse('has impossible offsets');
  const [begin, end] = offsets as [number, number];
  const numBytes = sizeOf(shape) * DTYPES[dtype as Dtype].BYTES_PER_ELEMENT;
  if (end - begin !== numBytes) {
    throw refuse(`[${shape.join(', ')}] has ${end - begin} bytes; expected ${numBytes}`);
  }
  return { name, dtype: dtype as Dtype, shape, begin, end };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function dtypeOf(values: Float32Array | Float64Array): Dtype {
  return values instanceof Float32Array ? 'F32' : 'F64';
}

/** The bytes of an array, little-endian: a view of its memory where this machine is little-endian, else a copy. */
function littleEndian(values: Float32Array | Float64Array): Uint8Array {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return endianness() === 'LE'
    ? bytes
    : swapUnlessLittleEndian(Uint8Array.from(bytes), values.BYTES_PER_ELEMENT);
}

/** Reverses the bytes of every element in place, on a big-endian machine. */
function swapUnlessLittleEndian(bytes: Uint8Array, elementBytes: number): Uint8Array {
  if (endianness() === 'LE') return bytes;
  for (let begin = 0; begin < bytes.length; begin += elementBytes) {
    bytes.subarray(begin, begin + elementBytes).reverse();
  }
  return bytes;
}
