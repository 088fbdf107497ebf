import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

/** Path, size and content of a label file when it was written. */
export const writtenFileSchema = z.object({
  /** Path below the output folder, with `/` between folders. */
  path: z.string(),
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

/** Whether every file still exists with the same content. */
export async function areIntact(outputDir: string, files: readonly WrittenFile[]): Promise<boolean> {
  for (const { path: below, numBytes, sha256 } of files) {
    const file = path.join(outputDir, below);
    const entry = await stat(file).catch(() => undefined);
    if (!entry?.isFile() || entry.size !== numBytes) return false;
    if ((await hashFile(file)) !== sha256) return false;
  }
  return true;
}

/** Removes files of an earlier result that the new one does not have, for example those of a format no longer requested. */
export async function removeStale(
  outputDir: string,
  before: readonly WrittenFile[],
  after: readonly WrittenFile[],
): Promise<void> {
  const kept = new Set(after.map((file) => file.path));
  for (const file of before) {
    if (!kept.has(file.path)) await rm(path.join(outputDir, file.path), { force: true });
  }
}

async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
