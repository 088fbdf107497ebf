import { createHash } from 'node:crypto';
import { lstat, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { OutputError } from '../errors.js';
import { isConfined, openRegularFile, staysBelow } from '../runtime/input-file.js';

/** Path, size and content of a label file when it was written. */
export const writtenFileSchema = z.object({
  /** Path below the output folder, with `/` between folders. */
  path: z.string().refine(isConfined),
  numBytes: z.number(),
  /** SHA-256, hexadecimal. */
  sha256: z.string(),
});
export type WrittenFile = z.infer<typeof writtenFileSchema>;

/** Describes files, so that {@link areIntact} can recognize them later. */
export async function describeFiles(outputDir: string, files: readonly string[]): Promise<WrittenFile[]> {
  return Promise.all(
    files.map(async (file) => ({
      path: path.relative(outputDir, file).replaceAll(path.sep, '/'),
      numBytes: (await stat(file)).size,
      sha256: await hashFile(file),
    })),
  );
}

/** What happened to a label file since it was written. */
export type FileState = 'intact' | 'edited' | 'missing';

/**
 * Compares the label files of a video with what was written. A file that is empty, as after a power failure, or no regular
 * file counts as missing.
 *
 * @throws {OutputError} If a file is there and cannot be read.
 */
export async function statesOf(outputDir: string, files: readonly WrittenFile[]): Promise<FileState[]> {
  return Promise.all(files.map((file) => stateOf(outputDir, file)));
}

/** @throws {OutputError} If the file cannot be read. It may hold a person's work, so it must not count as missing. */
async function stateOf(
  outputDir: string,
  { path: below, numBytes, sha256 }: WrittenFile,
): Promise<FileState> {
  const file = path.join(outputDir, below);
  try {
    const entry = await lstat(file);
    if (!entry.isFile() || !(await staysBelow(outputDir, below))) return 'missing';
    if (entry.size === 0 && numBytes > 0) return 'missing';
    return entry.size === numBytes && (await hashFile(file)) === sha256 ? 'intact' : 'edited';
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'missing';
    throw new OutputError(`Cannot read the label file "${file}": ${message}.`, file, { cause });
  }
}

/**
 * Removes files of an earlier result that the new one does not have, for example those of a format no longer requested. A
 * file that someone edited stays.
 */
export async function removeStale(
  outputDir: string,
  before: readonly WrittenFile[],
  after: readonly WrittenFile[],
): Promise<void> {
  const kept = new Set(after.map((file) => file.path));
  for (const file of before) {
    if (kept.has(file.path) || (await stateOf(outputDir, file)) !== 'intact') continue;
    await rm(path.join(outputDir, file.path), { force: true });
  }
}

async function hashFile(file: string): Promise<string> {
  const { handle } = await openRegularFile(file, { maxBytes: Infinity, noFollow: true });
  const hash = createHash('sha256');
  for await (const chunk of handle.createReadStream()) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
