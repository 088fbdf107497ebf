import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { devNull } from 'node:os';
import { pipeline, Readable, type Writable } from 'node:stream';
import ffmpeg from 'fluent-ffmpeg';

/** Receives the output of a process: a stream, which may make the process wait, or a callback for its lines of text. */
type OutputReceiver = Writable | ((line: string) => void);

/** A run of ffmpeg or ffprobe. */
export interface FfmpegCommand {
  /** Path of ffmpeg or ffprobe. */
  program: string;
  /** What is read. The options of an input precede its `-i`. */
  inputs: { url: string; options: readonly string[] }[];
  outputOptions?: readonly string[];
  /** What is written. Absent for ffprobe. */
  outputUrl?: string;
  /** Environment variables besides those of this process. */
  environment?: Readonly<Record<string, string>>;
  /** What the process reads from `pipe:0`. Destroyed with the process. */
  stdin?: AsyncIterable<Uint8Array>;
  /** What the process reads from `pipe:3`. Destroyed with the process. */
  pipe3?: AsyncIterable<Uint8Array>;
  stdout: OutputReceiver;
  /** Read to its end even while `stdout` makes the process wait, so that the two cannot block each other. */
  stderr: OutputReceiver;
  /** Called if `stdin` or `pipe3` fails. A pipe that the process closed early is no failure. */
  onInputError?: (error: Error) => void;
}

/** How a process ended. */
export interface FfmpegExit {
  /** Null if a signal ended the process or if it never started. */
  exitCode: number | null;
  /** The signal that ended the process. */
  signal?: string;
  /** Why the process could not be started. */
  startError?: Error;
}

/** A running process. */
export interface FfmpegProcess {
  /** Resolves when the process is reaped and its output is read to the end. Never rejects. */
  readonly ended: Promise<FfmpegExit>;
  /** Resolves when `stdin` and `pipe3` are read or destroyed. Never rejects. */
  readonly inputsClosed: Promise<unknown>;
  /** Whether the process has exited; its output may still be unread. */
  readonly hasExited: boolean;
  /** Kills the process at once. Safe because ffmpeg only reads, or writes a file that is then discarded. */
  kill(): void;
}

/** The two undocumented methods of fluent-ffmpeg on which its `run` is built. */
interface FluentCommand {
  _getArguments(): string[];
  _spawnFfmpeg(
    argv: string[],
    options: SpawnOptions,
    onSpawn: (child: ChildProcess) => void,
    onEnd: (error?: Error | null) => void,
  ): void;
}

/**
 * Starts ffmpeg or ffprobe. Every process that reads or writes video starts here.
 *
 * fluent-ffmpeg builds the arguments and spawns the process. The library is archived, and its `run` has faults, so the
 * process is spawned with the method that `run` is built on. The guards, all in this file:
 *
 * - `end` may be emitted before stdout is read, or never. The exit is taken from the process's own `close` event.
 * - An error of spawning may be thrown where nobody can catch it. It is returned as `startError`.
 * - `kill` does nothing before the process exists. Here the process is spawned before this function returns.
 * - A line of stderr without an end fills the memory. The library's buffers are detached, and `readLines` cuts lines.
 * - stderr that nobody reads blocks the process. It is always read.
 * - `run` passes no environment. A statically linked ffmpeg or ffprobe, as npm's are, crashes when it loads the
 *   system's character set converters, for example on the service name of an MPEG-TS file. `GCONV_PATH` hides them.
 * - `run` feeds one pipe only and leaves stdin open if there is nothing to feed. Here stdin is then closed.
 */
export function startFfmpeg(command: FfmpegCommand): FfmpegProcess {
  let child: ChildProcess | undefined;
  const feeds: Promise<void>[] = [];
  const ended = new Promise<FfmpegExit>((resolve) => {
    const fail = (startError: Error) => resolve({ exitCode: null, startError });
    const options: SpawnOptions = {
      stdio: [command.stdin ? 'pipe' : 'ignore', 'pipe', 'pipe', command.pipe3 ? 'pipe' : 'ignore'],
      windowsHide: true,
      env: { ...process.env, ...command.environment, GCONV_PATH: devNull },
    };
    const attach = (spawned: ChildProcess): void => {
      child = spawned;
      child.on('close', (exitCode, signal) => resolve({ exitCode, signal: signal ?? undefined }));
      // The library would keep the output in memory.
      receive(child.stdout!.removeAllListeners('data'), command.stdout);
      receive(child.stderr!.removeAllListeners('data'), command.stderr);
      const feed = (source: AsyncIterable<Uint8Array>, pipe: number) =>
        feeds.push(feedPipe(source, spawned.stdio[pipe] as Writable, command.onInputError));
      if (command.stdin) feed(command.stdin, 0);
      if (command.pipe3) feed(command.pipe3, 3);
    };
    const fluent = buildCommand(command);
    try {
      fluent._spawnFfmpeg(fluent._getArguments(), options, attach, (error) => {
        if (error && child?.pid === undefined) fail(error);
      });
    } catch (error) {
      // The library stumbles over a process without pipes. The system's reason follows in the next tick.
      setImmediate(() => fail(error as Error));
    }
  });
  return {
    ended,
    inputsClosed: Promise.all(feeds),
    get hasExited() {
      return child === undefined || child.exitCode !== null || child.signalCode !== null;
    },
    kill: () => void child?.kill('SIGKILL'),
  };
}

function buildCommand({ program, inputs, outputOptions = [], outputUrl }: FfmpegCommand): FluentCommand {
  // The library keeps the path for all commands, so it is set before each spawn.
  const fluent = ffmpeg().setFfmpegPath(program);
  // Options are spread, and never alone: the library splits the strings of an array, and a single string, at spaces.
  for (const { url, options } of inputs) {
    fluent.input(url);
    if (options.length > 0) fluent.inputOptions(...options);
  }
  if (outputOptions.length > 0) fluent.outputOptions(...outputOptions);
  if (outputUrl !== undefined) fluent.output(outputUrl);
  return fluent as unknown as FluentCommand;
}

function receive(stream: Readable, receiver: OutputReceiver): void {
  if (typeof receiver === 'function') readLines(stream, receiver);
  else stream.pipe(receiver);
}

/** Writes a source to a pipe of a process, as fast as the process reads it. */
function feedPipe(
  source: AsyncIterable<Uint8Array>,
  pipe: Writable,
  onError: FfmpegCommand['onInputError'],
): Promise<void> {
  const stream = source instanceof Readable ? source : Readable.from(source);
  return new Promise((resolve) => {
    pipeline(stream, pipe, (error) => {
      if (error && !isBrokenPipe(error)) onError?.(error);
      resolve();
    });
  });
}

/** A pipe breaks when the process exits first. How the process ended then tells more. */
function isBrokenPipe({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}

/** Characters of a line that are kept. The rest is dropped, so that a line without an end takes no memory. */
const MAX_LINE_LENGTH = 4096;

/** Calls back with each line of a stream of UTF-8 text, including a last line without a line break. */
export function readLines(stream: Readable, onLine: (line: string) => void): void {
  let pending = '';
  stream
    .setEncoding('utf8')
    .on('data', (text: string) => {
      const lines = (pending + text).split(/\r\n|\r|\n/);
      pending = (lines.pop() ?? '').slice(0, MAX_LINE_LENGTH);
      for (const line of lines) onLine(line.slice(0, MAX_LINE_LENGTH));
    })
    .on('end', () => {
      if (pending !== '') onLine(pending);
    });
}
