import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { devNull } from 'node:os';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { OutputError, VideoStalledError } from '../errors.js';
import { findFfmpeg } from './find-ffmpeg.js';
import { readLines } from './read-lines.js';

/** A run of ffmpeg that writes a file. */
export interface FfmpegRun {
  /** The video that is read and the file that is written, as messages name them. */
  source: string;
  file: string;
  /** What it reads from `pipe:0`, and what from `pipe:3`. */
  input: AsyncIterable<Uint8Array>;
  secondInput?: AsyncIterable<Uint8Array> | undefined;
  signal?: AbortSignal | undefined;
  /** Milliseconds without progress after which it is given up. Default 30,000. */
  stallTimeoutMs?: number | undefined;
  /** Called with the seconds of video that are written. */
  onProgress?: ((doneSec: number) => void) | undefined;
}

const STDERR_TAIL_LINES = 10;

/**
 * Runs ffmpeg to its end.
 *
 * @throws {OutputError} If it fails, with what it complained of.
 * @throws {VideoStalledError} If it makes no progress.
 * @throws Whatever an input throws; the reason of `signal`. In every case the process is gone.
 */
export async function runFfmpeg(options: readonly string[], run: FfmpegRun): Promise<void> {
  const { source, file, input, secondInput, signal, stallTimeoutMs = 30_000, onProgress } = run;
  const { ffmpegPath } = await findFfmpeg();
  signal?.throwIfAborted();
  const quiet = ['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'error', '-progress', 'pipe:1', '-y'];
  const child = spawn(ffmpegPath, [...quiet, ...options], {
    stdio: ['pipe', 'pipe', 'pipe', secondInput ? 'pipe' : 'ignore'],
    windowsHide: true,
    // A statically linked ffmpeg crashes when it loads the system's character set converters.
    env: { ...process.env, GCONV_PATH: devNull },
  });
  const { stdin, stdout, stderr } = child as ChildProcessWithoutNullStreams; // all three are pipes
  const second = child.stdio[3] as Writable | null;
  let failure: { reason: unknown } | undefined;
  const fail = (reason: unknown): void => {
    failure ??= { reason };
    child.kill('SIGKILL');
  };
  const complaints: string[] = [];
  const ended = new Promise<number | null>((resolve) => {
    child.on('error', (error) => {
      fail(new OutputError(`Cannot start "${ffmpegPath}": ${error.message}.`, file, { cause: error }));
      resolve(null);
    });
    child.on('close', resolve);
  });
  const stall = setTimeout(() => {
    const message = `Labelling the pictures of "${source}" stalled: ffmpeg did nothing for ${stallTimeoutMs} ms.`;
    fail(new VideoStalledError(message, source, stallTimeoutMs));
  }, stallTimeoutMs);
  const abort = (): void => fail(signal?.reason);
  signal?.addEventListener('abort', abort);
  readLines(
    stdout,
    onNewFrame((doneSec) => {
      stall.refresh();
      onProgress?.(doneSec);
    }),
  );
  readLines(stderr, (line) => {
    complaints.push(line);
    if (complaints.length > STDERR_TAIL_LINES) complaints.shift();
  });
  const feed = async (from: AsyncIterable<Uint8Array>, pipe: Writable): Promise<void> => {
    await pipeline(Readable.from(from), pipe).catch((error: NodeJS.ErrnoException) => {
      // A pipe breaks when the process ends first, and how that ended tells more.
      if (!/^(?:EPIPE|ECONNRESET|ERR_STREAM_PREMATURE_CLOSE)$/.test(error.code ?? '')) fail(error);
    });
  };
  const feeding = [feed(input, stdin)];
  if (secondInput && second) feeding.push(feed(secondInput, second));
  const exitCode = await ended;
  await Promise.all(feeding);
  clearTimeout(stall);
  signal?.removeEventListener('abort', abort);
  if (failure) throw failure.reason;
  if (exitCode !== 0) {
    const how = exitCode === null ? 'was killed' : `exited with code ${exitCode}`;
    const because = complaints.length > 0 ? ` (${complaints[0]})` : '';
    const hint = complaints.some((line) => /unknown encoder/i.test(line))
      ? 'Install an ffmpeg with libx264, or name one in FFMPEG_PATH.'
      : 'Check that the video plays and that there is room.';
    const message = `Cannot write "${file}" of "${source}": ffmpeg ${how}${because}. ${hint}`;
    throw new OutputError(message, file, { cause: complaints.join('\n') });
  }
}

/** ffmpeg reports every half second, `frame=…` to `progress=…`, whether or not it has done something. */
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

/** `00:01:02.5` → 62.5, and 0 for what is no time: before the first frame it is `N/A`. */
function parseClock(clock = ''): number {
  return clock.split(':').reduce((seconds, part) => 60 * seconds + Number(part), 0) || 0;
}
