import { createHash } from 'node:crypto';
import { z } from 'zod';
import { formatSafetensors, parseSafetensors, TensorFileError, type Safetensors } from './safetensors.js';

export { TensorFileError, type StoredTensor } from './safetensors.js';

/** Kind and version of a file. The version is raised whenever the content changes. */
export interface TensorFileFormat {
  name: string;
  version: number;
}

/** In place of the checksum while the checksum is computed. */
const NO_CHECKSUM = '0'.repeat(64);

/**
 * Encodes a tensor file of framewise: a safetensors file whose metadata has the name and version of the format, and the SHA-256 of
 * the whole file, computed with zeros in place of the checksum.
 *
 * @param content - Its metadata must not use the names `format`, `version` and `sha256`.
 */
export function encodeTensorFile({ name, version }: TensorFileFormat, content: Safetensors): Uint8Array {
  const own = { format: name, version: String(version), sha256: NO_CHECKSUM };
  // First in the header, because nothing before it may contain 64 zeros.
  const file = Buffer.from(formatSafetensors({ ...content, metadata: { ...own, ...content.metadata } }));
  const checksum = createHash('sha256').update(file).digest('hex');
  file.write(checksum, file.indexOf(NO_CHECKSUM));
  return file;
}

/**
 * Reads a file from {@link encodeTensorFile}.
 *
 * @throws {TensorFileError} If the file is damaged, cut short, or of another format or version.
 */
export function decodeTensorFile({ name, version }: TensorFileFormat, file: Uint8Array): Safetensors {
  const { metadata, tensors } = parseSafetensors(file);
  const { format, version: received, sha256, ...others } = metadata;
  if (format !== name) {
    throw new TensorFileError(`it is of the format ${JSON.stringify(format) ?? 'none'}; expected "${name}"`);
  }
  if (received !== String(version)) {
    throw new TensorFileError(`it is of version ${received ?? 'none'} of "${name}"; expected ${version}`);
  }
  if (sha256 === undefined || checksumWithout(sha256, file) !== sha256) {
    throw new TensorFileError('its checksum is not that of its content; the file has changed');
  }
  return { metadata: others, tensors };
}

/** Checksum of a file, with zeros in place of the carried one. Undefined if the file does not carry it. */
function checksumWithout(carried: string, file: Uint8Array): string | undefined {
  const position = Buffer.from(file.buffer, file.byteOffset, file.length).indexOf(carried);
  if (position < 0 || carried.length !== NO_CHECKSUM.length) return undefined;
  return createHash('sha256')
    .update(file.subarray(0, position))
    .update(NO_CHECKSUM)
    .update(file.subarray(position + NO_CHECKSUM.length))
    .digest('hex');
}

const LENGTH_BYTES = 4;
const CHECKSUM_BYTES = 32;

/**
 * Reads the earlier layout of features and checkpoints: a magic word, the length of the JSON header as a little-endian uint32, the
 * header, values, and the SHA-256 of everything before it.
 *
 * @param magic - The ASCII characters that begin the file.
 * @returns The header and a copy of the bytes of the values. Undefined if the file is damaged or has another magic word.
 */
export function decodeEarlierFile(
  magic: string,
  file: Uint8Array,
): { header: unknown; values: ArrayBuffer } | undefined {
  const content = Buffer.from(file.buffer, file.byteOffset, Math.max(0, file.length - CHECKSUM_BYTES));
  const checksum = createHash('sha256').update(content).digest();
  if (Buffer.compare(checksum, file.subarray(content.length)) !== 0) return undefined;
  if (content.toString('latin1', 0, magic.length) !== magic) return undefined;
  const headerStart = magic.length + LENGTH_BYTES;
  const headerEnd = headerStart + content.readUInt32LE(magic.length);
  return {
    header: JSON.parse(content.toString('utf8', headerStart, headerEnd)),
    values: new Uint8Array(content.subarray(headerEnd)).buffer,
  };
}

/**
 * Decodes a file that somebody else may have written. A checksum proves that a file is whole, not that framewise wrote it.
 *
 * @returns The result, or undefined if the file is damaged or its content impossible.
 */
export function unlessDamaged<Result>(decode: () => Result): Result | undefined {
  try {
    return decode();
  } catch (error) {
    const kinds = [TensorFileError, z.ZodError, SyntaxError, RangeError];
    if (kinds.some((kind) => error instanceof kind)) return undefined;
    throw error;
  }
}
