import { Writable } from 'node:stream';
import { startFfmpeg, type FfmpegCommand, type FfmpegExit } from './ffmpeg-process.js';

/** How a run is supervised. */
export interface FfmpegRun {
  /** Milliseconds without progress after which the process is killed. */
  stallTimeoutMs: number;
  /** The error that is then thrown. */
  stallError: () => Error;
  /** Kills the process; the reason is thrown. */
  signal?: AbortSignal;
  /**
   * Called with the seconds of video written so far. ffmpeg then reports on stdout, and each report of a new frame
   * restarts the stall timer. Without it nothing restarts the timer, and stdout is returned.
   */
  onProgress?: (doneSec: number) => void;
}

/** What a run left behind. */
export interface FfmpegResult extends FfmpegExit {
  /** Empty with `onProgress`. */
  stdout: string;
  stderr: string;
}

/** A process that writes more bytes to stdout is killed. */
const MAX_STDOUT_BYTES = 64 * 2 ** 20;
/** Of stderr the last bytes are kept. */
const MAX_STDERR_BYTES = 2 ** 20;

/** Make ffmpeg report on stdout, and write nothing but errors to stderr. */
const PROGRESS_OPTIONS = [
  ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'error', '-progress', 'pipe:1', '-y'],
];

/**
 * Runs ffmpeg or ffprobe to its end. The process is gone when the promise settles, however it settles.
 *
 * @returns How the process ended, also if it failed.
 * @throws What `stallError` returns, the reason of `signal`, or whatever an input throws while the process runs.
 */
export async function runFfmpeg(
  command: Omit<FfmpegCommand, 'stdout' | 'stderr' | 'onInputError'>,
  { stallTimeoutMs, stallError, signal, onProgress }: FfmpegRun,
): Promise<FfmpegResult> {
  signal?.throwIfAborted();
  let failure: { reason: unknown } | undefined;
  const fail = (reason: unknown): void => {
    failure ??= { reason };
    ffmpeg.kill();
  };
  const stdout = new TailCollector(MAX_STDOUT_BYTES, () => ffmpeg.kill());
  const stderr = new TailCollector(MAX_STDERR_BYTES);
  const readProgress = (doneSec: number): void => {
    stallTimer.refresh();
    try {
      onProgress?.(doneSec);
    } catch (error) {
      fail(error); // nobody else could catch it
    }
  };
  const ffmpeg = startFfmpeg({
    ...command,
    inputs: command.inputs.map(({ url, options }, i) => ({
      url,
      options: onProgress && i === 0 ? [...PROGRESS_OPTIONS, ...options] : options,
    })),
    stdout: onProgress ? onNewFrame(readProgress) : stdout,
    stderr,
    onInputError: (error) => {
      if (!ffmpeg.hasExited) fail(error);
    },
  });
  const stallTimer = setTimeout(() => fail(stallError()), stallTimeoutMs);
  const abort = (): void => fail(signal?.reason);
  signal?.addEventListener('abort', abort);
  const exit = await ffmpeg.ended;
  await ffmpeg.inputsClosed;
  clearTimeout(stallTimer);
  signal?.removeEventListener('abort', abort);
  if (failure) throw failure.reason;
  return { ...exit, stdout: stdout.text, stderr: stderr.text };
}

/** Keeps the end of what a process writes. */
class TailCollector extends Writable {
  readonly #maxBytes: number;
  readonly #onOverflow: (() => void) | undefined;
  readonly #chunks: Uint8Array[] = [];
  #numBytes = 0;

  constructor(maxBytes: number, onOverflow?: () => void) {
    super();
    this.#maxBytes = maxBytes;
    this.#onOverflow = onOverflow;
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, callback: () => void): void {
    this.#chunks.push(chunk);
    this.#numBytes += chunk.length;
    if (this.#numBytes > this.#maxBytes) this.#onOverflow?.();
    while (this.#numBytes > this.#maxBytes) this.#numBytes -= this.#chunks.shift()!.length;
    callback();
  }
}

/** ffmpeg reports every half second, from `frame=…` to `progress=…`, even if nothing has happened. */
function onNewFrame(progress: (doneSec: number) => void): (line: string) => void {
  const report: Record<string, string> = {};
  let before: string | undefined;
  return (line) => {
    const [key = '', value = ''] = line.split('=');
    report[key] = value.trim();
    if (key !== 'progress' || report['frame'] === before) return;
    before = report['frame'];
    progress(parseClock(report['out_time']));
  };
}

/** `00:01:02.5` → 62.5, and 0 for any other text: before the first frame it is `N/A`. */
function parseClock(clock = ''): number {
  return clock.split(':').reduce((seconds, part) => 60 * seconds + Number(part), 0) || 0;
}
