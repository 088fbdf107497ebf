import { createHash, type Hash } from 'node:crypto';
import { open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { isRemoteSource } from '../video/video-source.js';

/** What a video was when it was labeled. */
export const fingerprintSchema = z.object({
  /** Bytes, of a folder of pictures all together. */
  numBytes: z.number(),
  /** Latest times of modification and of change of the inode, milliseconds since 1970. */
  modifiedMs: z.number(),
  changedMs: z.number(),
  /** SHA-256 of names and contents, hexadecimal; of large files of samples. */
  contentHash: z.string(),
});
export type Fingerprint = z.infer<typeof fingerprintSchema>;

/** A network address, which is not looked at: it counts as unchanged. */
const ADDRESS: Fingerprint = { numBytes: 0, modifiedMs: 0, changedMs: 0, contentHash: 'address' };

/** What is read of a file at most: a file larger than all samples together is read at so many places, evenly apart. */
const NUM_SAMPLES = 64;
const SAMPLE_BYTES = 2 ** 20;

/**
 * Takes a video's fingerprint. A file of up to 64 MiB is hashed whole, of a larger one 64 MiB are.
 *
 * @returns Null where it is missing or cannot be read; opening it tells why.
 */
export async function takeFingerprint(source: string): Promise<Fingerprint | null> {
  if (isRemoteSource(source)) return ADDRESS;
  try {
    const files = await statFiles(source);
    const hash = createHash('sha256');
    for (const { file, numBytes } of files) {
      hash.update(JSON.stringify([path.relative(source, file), numBytes]));
      await hashSamples(file, numBytes, hash);
    }
    return { ...summarize(files), contentHash: hash.digest('hex') };
  } catch {
    return null;
  }
}

/**
 * Whether a video is still the one that was seen. Size and times answer at once where they are the same; nobody can set
 * back the time of an inode's change. A video that was only copied or touched is known by its content.
 *
 * @param before - As {@link takeFingerprint} gave it.
 */
export async function isSameVideo(source: string, before: Fingerprint | null): Promise<boolean> {
  if (isRemoteSource(source)) return before !== null;
  if (before === null) return (await takeFingerprint(source)) === null;
  const files = await statFiles(source).catch(() => undefined);
  if (!files) return false;
  const { numBytes, modifiedMs, changedMs } = summarize(files);
  if (numBytes !== before.numBytes) return false;
  if (modifiedMs === before.modifiedMs && changedMs === before.changedMs) return true;
  return (await takeFingerprint(source))?.contentHash === before.contentHash;
}

interface InputFile {
  file: string;
  numBytes: number;
  modifiedMs: number;
  changedMs: number;
}

/** The file, or the files of a folder of pictures in the order of their names. */
async function statFiles(source: string): Promise<InputFile[]> {
  const isFolder = (await stat(source)).isDirectory();
  const names = isFolder ? (await readdir(source)).sort() : [''];
  const files: InputFile[] = [];
  for (const name of names) {
    const file = path.join(source, name);
    const entry = await stat(file);
    const { size: numBytes, mtimeMs: modifiedMs, ctimeMs: changedMs } = entry;
    if (entry.isFile()) files.push({ file, numBytes, modifiedMs, changedMs });
  }
  return files;
}

function summarize(files: readonly InputFile[]): Omit<Fingerprint, 'contentHash'> {
  return {
    numBytes: files.reduce((sum, { numBytes }) => sum + numBytes, 0),
    modifiedMs: files.reduce((latest, { modifiedMs }) => Math.max(latest, modifiedMs), 0),
    changedMs: files.reduce((latest, { changedMs }) => Math.max(latest, changedMs), 0),
  };
}

/** Where the samples would touch they are the whole file. */
async function hashSamples(file: string, numBytes: number, hash: Hash): Promise<void> {
  const strideBytes = Math.max(SAMPLE_BYTES, (numBytes - SAMPLE_BYTES) / (NUM_SAMPLES - 1));
  const buffer = Buffer.alloc(Math.min(SAMPLE_BYTES, numBytes));
  const handle = await open(file);
  try {
    for (let sample = 0; sample < NUM_SAMPLES && sample * strideBytes < numBytes; sample++) {
      const { bytesRead } = await handle.read({ buffer, position: Math.floor(sample * strideBytes) });
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}
