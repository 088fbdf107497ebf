import { constants, type Stats } from 'node:fs';
import { lstat, open, realpath, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

/** Some systems lack these flags. */
const {
  O_RDONLY,
  O_NONBLOCK = 0,
  O_NOFOLLOW = 0,
} = constants as Partial<typeof constants> & { O_RDONLY: number };

/** Most bytes of a file that is read at once: the largest buffer that every supported Node can make. */
export const MAX_BINARY_BYTES = 2 ** 32 - 1;

/** Most bytes of a file that is read as one text: the length of the longest string is a little less. */
export const MAX_TEXT_BYTES = 2 ** 29 - 24;

/** Limits on what is read from a file that someone else may have written. */
export interface InputFileLimits {
  /** Most bytes to read. */
  maxBytes: number;
  /** Refuse a symbolic link instead of following it. Default false. */
  noFollow?: boolean;
  /** Flags of `open`. Default: for reading only. */
  flags?: number;
}

/** A file exists, but is not one that a program should read. The message completes "Cannot read FILE: ". */
class InputFileError extends Error {}

/**
 * Opens a regular file. Opening a pipe without a writer does not block, and a device is refused before any
 * byte is read.
 *
 * @returns The open file, which the caller closes, and its facts.
 * @throws {Error} If it is no regular file, is larger than the limit, or is a link that must not be followed.
 * @throws The system error, such as `ENOENT`, if it cannot be opened.
 */
export async function openRegularFile(
  file: string,
  { maxBytes, noFollow = false, flags = O_RDONLY }: InputFileLimits,
): Promise<{ handle: FileHandle; facts: Stats }> {
  const handle = await open(file, flags | O_NONBLOCK | (noFollow ? O_NOFOLLOW : 0)).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ELOOP' && noFollow)
        throw new InputFileError('it is a symbolic link', { cause: error });
      if (error.code === 'ENXIO') throw new InputFileError('it is not a regular file', { cause: error });
      throw error;
    },
  );
  try {
    const facts = await handle.stat();
    if (!facts.isFile()) throw new InputFileError('it is not a regular file');
    if (facts.size > maxBytes)
      throw new InputFileError(`it has ${facts.size} bytes; at most ${maxBytes} are read`);
    return { handle, facts };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * Reads a regular file of limited size. Bytes that are appended during reading are not read.
 *
 * @throws Like {@link openRegularFile}.
 */
export async function readRegularFile(file: string, limits: InputFileLimits): Promise<Buffer> {
  const { handle, facts } = await openRegularFile(file, limits);
  try {
    return await readBytes(handle, facts.size);
  } finally {
    await handle.close();
  }
}

/** Reads the first bytes of an open file, fewer if it has become shorter. */
export async function readBytes(handle: FileHandle, size: number): Promise<Buffer> {
  const content = Buffer.alloc(size);
  let numBytes = 0;
  while (numBytes < size) {
    const { bytesRead } = await handle.read(content, numBytes, size - numBytes, numBytes);
    if (bytesRead === 0) break;
    numBytes += bytesRead;
  }
  return content.subarray(0, numBytes);
}

/**
 * Whether a relative path stays below a folder, as written: it is not absolute, does not climb with `..`, and names
 * something. On Windows it contains no backslash and no colon.
 *
 * @param below - Path with `/` between folders.
 */
export function isConfined(below: string): boolean {
  if (below.includes('\0') || (path.sep === '\\' && /[\\:]/.test(below))) return false;
  return below.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

/**
 * Whether a path below a folder is still below it after every symbolic link is resolved. A part that does not exist yet
 * is taken as written. The last part itself may be a link if it will be replaced or removed, not followed.
 *
 * @param below - Confined path, see {@link isConfined}.
 */
export async function staysBelow(folder: string, below: string): Promise<boolean> {
  const root = await realpath(folder);
  let parent = path.dirname(path.join(folder, below));
  while (!(await exists(parent))) parent = path.dirname(parent);
  const resolved = await realpath(parent).catch(() => undefined); // A dangling link leads nowhere.
  return (
    resolved === root || (resolved?.startsWith(root.endsWith(path.sep) ? root : root + path.sep) ?? false)
  );
}

async function exists(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
}
