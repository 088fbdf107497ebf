import type { ChildProcess } from 'node:child_process';
import { pipeline, type Readable, type Writable } from 'node:stream';
import ffmpeg from 'fluent-ffmpeg';
import { readLines } from './read-lines.js';

/** How ffmpeg ended. */
export interface FfmpegExit {
  /** Null when a signal ended it, or it never began. */
  exitCode: number | null;
  /** Why it could not be started. */
  startError?: Error;
}

/** What to run. The input's options stand before `-i`, all else behind it. */
export interface FfmpegCommand {
  ffmpegPath: string;
  url: string;
  /** What it reads from `pipe:0`. Destroyed with the process. */
  stdin?: Readable;
  inputOptions: string[];
  filters: string;
  outputOptions: string[];
  outputUrl: string;
  /** Receives stdout; holding its callbacks back makes ffmpeg wait. */
  output: Writable;
  /** Receives the lines of stderr, which is read whether or not stdout is. */
  onLine: (line: string) => void;
}

/** A running ffmpeg. */
export interface FfmpegProcess {
  /** Fulfilled, never rejected, once the process is reaped and both its pipes are read to their ends. */
  readonly ended: Promise<FfmpegExit>;
  /** Ends it at once, also before it has begun. It only reads, so there is nothing to leave in order. */
  kill(): void;
}

/**
 * Runs ffmpeg through fluent-ffmpeg. That library is archived, and four of its faults are guarded here: its
 * `end` may come before stdout is read, or never; an error of spawning throws where nobody can catch it;
 * `kill` does nothing before the process has begun; and a line of stderr without an end fills the memory. Its ends
 * and its lines are therefore not used, the process's own are.
 */
export function startFfmpeg(command: FfmpegCommand): FfmpegProcess {
  let child: ChildProcess | undefined;
  let isKilled = false;
  const ended = new Promise<FfmpegExit>((resolve) => {
    const running = ffmpeg(command.url)
      .setFfmpegPath(command.ffmpegPath)
      // Spread, not given as arrays: the library splits an array's strings at their spaces.
      .inputOptions(...command.inputOptions)
      .videoFilters(command.filters)
      .outputOptions(...command.outputOptions)
      .output(command.outputUrl)
      .on('error', (startError: Error) => {
        if (!child) resolve({ exitCode: null, startError });
      })
      .on('start', () => {
        child = (running as unknown as { ffmpegProc: ChildProcess }).ffmpegProc;
        child
          .removeAllListeners('error')
          .on('error', (startError) => resolve({ exitCode: null, startError }));
        child.on('close', (exitCode) => resolve({ exitCode }));
        // The library would keep both in memory.
        child.stdout?.removeAllListeners('data').pipe(command.output);
        child.stderr?.removeAllListeners('data');
        if (child.stderr) readLines(child.stderr, command.onLine);
        if (command.stdin && child.stdin) feed(command.stdin, child, command.onLine);
        if (isKilled) child.kill('SIGKILL');
      });
    running.run();
  });
  return {
    ended,
    kill() {
      isKilled = true;
      child?.kill('SIGKILL');
    },
  };
}

/** Passes a stream on to a process, as fast as that takes it. */
function feed(stdin: Readable, child: ChildProcess, onLine: (line: string) => void): void {
  pipeline(stdin, child.stdin as Writable, (error) => {
    // When the process ends first, its pipe breaks: how it ended tells more. Else nobody but this callback knows why.
    if (error && child.exitCode === null && child.signalCode === null && !isBrokenPipe(error)) {
      onLine(`[error] reading the input failed: ${error.message}`);
    }
  });
}

function isBrokenPipe({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}
