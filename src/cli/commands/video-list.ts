import { readFile } from 'node:fs/promises';
import { UsageError } from '../../errors.js';
import type { Terminal } from '../terminal/terminal.js';

/**
 * Reads a list of videos, a path or address a line, or each ended by a NUL as `find -print0` does it. Empty lines are
 * passed over.
 *
 * @param list - A file, or `-` for what is piped in.
 * @throws {UsageError} If it cannot be read, or is empty.
 */
export async function readVideoList(list: string, { stdin = emptyInput() }: Terminal): Promise<string[]> {
  const text = list === '-' ? await readAll(stdin) : await readListFile(list);
  const places = text.split(text.includes('\0') ? '\0' : /\r?\n/).filter((place) => place.trim() !== '');
  if (places.length > 0) return places;
  throw new UsageError(`The list of videos "${list}" is empty. Write a path on each line.`);
}

async function readListFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`Cannot read the list of videos "${file}": ${(cause as Error).message}.`, { cause });
  }
}

async function readAll(stream: AsyncIterable<string | Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

async function* emptyInput(): AsyncGenerator<string> {}
