import { mkdtempSync, rmSync } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { fileURLToPath } from 'node:url';
import { OutputError, UsageError, VideoStalledError } from '../errors.js';
import { checkLimits, limitError, limitsOf, type VideoLimits } from './video-limits.js';
import { refusal } from './video-source.js';

/**
 * A video as a program has it: the path of a file or folder, an address as a string or `URL`, or the bytes of a video
 * file, for example of an upload: a `Buffer` or `Uint8Array`, a `Blob` or `File`, a Node `Readable` or a web
 * `ReadableStream`.
 */
export type VideoSource = string | URL | Uint8Array | Blob | Readable | WebByteStream;

/** The part of a web `ReadableStream` that is used here. The types of Node and of the DOM both match it. */
interface WebByteStream {
  readonly locked: boolean;
  getReader(): object;
  cancel(reason?: unknown): Promise<void>;
}

/** How bytes are received. */
export interface SpoolOptions {
  limits?: VideoLimits;
  /** Milliseconds without a byte after which a stream counts as stalled. Default 30,000. */
  stallTimeoutMs?: number;
  signal?: AbortSignal;
}

/** A source that ffmpeg can open. */
export interface SpooledSource {
  /** Path or address. */
  location: string;
  /** What results and messages call the source. */
  sourceName: string;
  /** Deletes the temporary file, if there is one. */
  remove: () => Promise<void>;
}

/**
 * Makes a source readable by ffmpeg. A path or address stays as it is. Bytes are written to a temporary file that only
 * this user can read, because ffmpeg has to seek: the index of an MP4 file may be at its end.
 *
 * @returns The location. The caller calls `remove` when the video is no longer read.
 * @throws {TypeError} If it is no source.
 * @throws {UsageError} If a stream is being read by somebody else, or gives text instead of bytes.
 * @throws {VideoLimitError} If there are more bytes than `limits.maxBytes`.
 * @throws {VideoOpenError} If a stream fails. `cause` is the stream's own error.
 * @throws {VideoStalledError} If a stream gives no byte for `stallTimeoutMs`.
 * @throws {OutputError} If the temporary file cannot be written.
 * @throws The reason of `signal`, when it is aborted.
 */
export async function spoolSource(source: VideoSource, options: SpoolOptions = {}): Promise<SpooledSource> {
  const location = locationOf(source);
  if (location !== undefined) return { location, sourceName: location, remove: () => Promise.resolve() };
  checkLimits(options.limits);
  options.signal?.throwIfAborted();
  const sourceName = nameSource(source);
  const folder = createPrivateFolder(sourceName);
  const remove = async (): Promise<void> => {
    await rm(folder, { recursive: true, force: true });
    folders.delete(folder);
  };
  try {
    // ffmpeg also guesses the format from the extension, so a named upload keeps it.
    const extension = /\.\w{1,8}$/.exec(sourceName)?.[0] ?? '';
    const file = path.join(folder, `video${extension}`);
    await writeBytes(source as Exclude<VideoSource, string | URL>, file, sourceName, options);
    return { location: file, sourceName, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** What results and messages call a source: a location itself, a file's name, or the kind of bytes in parentheses. */
export function nameSource(source: VideoSource): string {
  const location = locationOf(source);
  if (location !== undefined) return location;
  if (source instanceof Uint8Array) return '(buffer)';
  if (source instanceof Blob) {
    const { name = '' } = source as Blob & { name?: string }; // a File has one
    return path.posix.basename(name.replaceAll('\\', '/')) || '(blob)';
  }
  if (source instanceof Readable || isWebStream(source)) return '(stream)';
  throw new TypeError(
    'A video source is a path, a URL, a Buffer or Uint8Array, a Blob, a Readable or a ReadableStream; received ' +
      `${source === null ? 'null' : typeof source}.`,
  );
}

function locationOf(source: VideoSource): string | undefined {
  if (typeof source === 'string') return /^file:\/\//i.test(source) ? fileURLToPath(source) : source;
  if (source instanceof URL) return source.protocol === 'file:' ? fileURLToPath(source) : source.href;
  return undefined;
}

function isWebStream(source: unknown): source is WebByteStream {
  return typeof (source as WebByteStream | null)?.getReader === 'function';
}

/** Temporary folders in use. They are also deleted when the process exits in the middle of a video. */
const folders = new Set<string>();

function createPrivateFolder(sourceName: string): string {
  if (folders.size === 0) {
    process.off('exit', removeFolders);
    process.once('exit', removeFolders);
  }
  const prefix = path.join(os.tmpdir(), 'framewise-upload-');
  try {
    const folder = mkdtempSync(prefix); // with mode 0700
    folders.add(folder);
    return folder;
  } catch (cause) {
    throw notWritten(sourceName, prefix, cause);
  }
}

function removeFolders(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

async function writeBytes(
  source: Exclude<VideoSource, string | URL>,
  file: string,
  sourceName: string,
  options: SpoolOptions,
): Promise<void> {
  const limits = limitsOf(options.limits, false);
  const size = source instanceof Uint8Array ? source.byteLength : source instanceof Blob ? source.size : 0;
  if (size > limits.maxBytes) throw limitError(sourceName, limits, 'maxBytes', size);
  const handle = await open(file, 'wx', 0o600).catch((cause: unknown) => {
    throw notWritten(sourceName, file, cause);
  });
  try {
    let numBytes = 0;
    for await (const chunk of chunksOf(source, sourceName, options)) {
      numBytes += chunk.byteLength;
      if (numBytes > limits.maxBytes) throw limitError(sourceName, limits, 'maxBytes');
      await append(handle, chunk, sourceName, file);
    }
  } finally {
    await handle.close();
  }
}

async function append(
  handle: FileHandle,
  chunk: Uint8Array,
  sourceName: string,
  file: string,
): Promise<void> {
  try {
    await handle.writeFile(chunk); // appends, because the handle has a position
  } catch (cause) {
    throw notWritten(sourceName, file, cause);
  }
}

/** Reads all bytes. Ending early destroys a stream, so its sender stops. */
async function* chunksOf(
  source: Exclude<VideoSource, string | URL>,
  sourceName: string,
  { signal, stallTimeoutMs = 30_000 }: SpoolOptions,
): AsyncGenerator<Uint8Array> {
  if (source instanceof Uint8Array) {
    yield source;
    return;
  }
  const stream = toReadable(source, sourceName);
  const stalled = new VideoStalledError(
    `Receiving "${sourceName}" stalled: no byte came for ${stallTimeoutMs} ms. Check the sender, or raise stallTimeoutMs.`,
    sourceName,
    stallTimeoutMs,
  );
  const abort = (): void => void stream.destroy(new Error('aborted'));
  const timer = setTimeout(() => stream.destroy(stalled), stallTimeoutMs);
  signal?.addEventListener('abort', abort);
  try {
    signal?.throwIfAborted();
    for await (const chunk of stream as AsyncIterable<unknown>) {
      signal?.throwIfAborted();
      if (!(chunk instanceof Uint8Array)) {
        throw new UsageError(
          `The stream gives ${typeof chunk === 'string' ? 'text' : typeof chunk}, not bytes. Give one without an encoding.`,
        );
      }
      yield chunk;
      timer.refresh();
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (error === stalled || error instanceof UsageError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw refusal(sourceName, `its stream failed (${why}). Send it again.`, error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
    stream.destroy();
  }
}

function toReadable(source: Blob | Readable | WebByteStream, sourceName: string): Readable {
  if (source instanceof Readable) return source;
  const stream = source instanceof Blob ? source.stream() : (source as ReadableStream<Uint8Array>);
  if (stream.locked) {
    throw new UsageError(`"${sourceName}" is being read by somebody else. Give a stream that nobody reads.`);
  }
  return Readable.fromWeb(stream as ReadableStream<Uint8Array>);
}

function notWritten(sourceName: string, file: string, cause: unknown): OutputError {
  const why = (cause as Error).message;
  return new OutputError(`Cannot keep "${sourceName}" in a temporary file: ${why}.`, file, { cause });
}
