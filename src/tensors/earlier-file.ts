import { createHash } from 'node:crypto';

const LENGTH_BYTES = 4;
const CHECKSUM_BYTES = 32;

/**
 * Reads the layout that features and checkpoints had before they became safetensors files: a magic word, the length of the
 * JSON header as a little-endian uint32, the header, values, and the SHA-256 of everything before it.
 *
 * @param magic - The ASCII characters that begin the file.
 * @returns The header, which is as this program wrote it because the checksum holds, and a copy of the values' bytes;
 *   undefined if the file is damaged or has another magic word.
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
