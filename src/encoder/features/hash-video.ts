import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { VideoOpenError } from '../../errors.js';

/**
 * Hashes what a video is, wherever it lies: a file's bytes, or the names and bytes of the files in a folder of images.
 *
 * @returns SHA-256, hexadecimal.
 * @throws {VideoOpenError} If it is missing or cannot be read.
 */
export async function hashVideo(video: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    const status = await stat(video);
    // Opening a pipe waits for a writer, and a device may have no end.
    if (!status.isDirectory() && !status.isFile()) throw new Error('it is neither a file nor a folder');
    if (status.isDirectory()) await hashFolder(video, hash);
    else await hashFile(video, hash);
  } catch (cause) {
    const message = `Cannot read "${video}": ${(cause as Error).message}. Name a video that exists and is readable.`;
    throw new VideoOpenError(message, video, { cause });
  }
  return hash.digest('hex');
}

/** Each file is hashed by itself, so that bytes cannot move from one into the next unnoticed. */
async function hashFolder(folder: string, hash: Hash): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  for (const name of names.sort()) {
    if (!(await stat(path.join(folder, name))).isFile()) continue; // a pipe, which no picture is read from either
    const content = createHash('sha256');
    await hashFile(path.join(folder, name), content);
    hash.update(JSON.stringify([name, content.digest('hex')]));
  }
}

async function hashFile(file: string, hash: Hash): Promise<void> {
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
}
