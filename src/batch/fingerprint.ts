import { createHash, type Hash } from 'node:crypto';
import { open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { isRemoteSource } from '../video/video-source.js';

/** Size, times and content of a video when it was labeled. */
export const fingerprintSchema = z.object({
  /** Size in bytes. For a folder of pictures the sum of its files. */
  numBytes: z.number(),
  /** Latest modification time and latest inode change time, in milliseconds since 1970. */
  modifiedMs: z.number(),
  changedMs: z.number(),
  /** SHA-256 of names and contents, hexadecimal. Of large files only samples are hashed. */
  contentHash: z.string(),
});
export type Fingerprint = z.infer<typeof fingerprintSchema>;

/** A URL cannot be fingerprinted, so it counts as unchanged. */
const ADDRESS: Fingerprint = { numBytes: 0, modifiedMs: 0, changedMs: 0, contentHash: 'address' };

/** A file larger than all samples together is read at this many evenly spaced places. */
const NUM_SAMPLES = 64;
const SAMPLE_BYTES = 2 ** 20;

/**
 * Takes the fingerprint of a video. A file of up to 64 MiB is hashed completely, a larger one in 64 samples of 1 MiB.
 *
 * @returns The fingerprint, or null if the video is missing or cannot be read. Opening it reports the reason.
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
 * Whether a video is unchanged. Equal size and times are enough, because nobody can set back the inode change time. If
 * only the times differ, for example after copying, the content is compared.
 *
 * @param before - Earlier result of {@link takeFingerprint}.
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

/** Lists the file, or the files of a folder of pictures in the order of their names. */
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

/** Hashes the samples of a file. If the samples touch each other, they cover the whole file. */
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
