import { Readable } from 'node:stream';
import { Option } from 'commander';
import { OutputError, UsageError } from '../../errors.js';
import type { StreamedFrame, StreamOptions } from '../../live/stream-options.js';
import { ActivityRecognizer } from '../../recognizer.js';
import { UNKNOWN_LABEL } from '../../timeline/unknown.js';
import { LiveTally } from '../terminal/live-tally.js';
import { limitsOf, wholeNumber, type LimitOptions, type MachineOptions } from '../options.js';
import type { CommandOutcome } from '../command-outcome.js';
import { printableJson } from '../terminal/terminal-text.js';
import type { Terminal } from '../terminal/terminal.js';

/** What `framewise label --live` understands. */
export interface LiveFlags extends MachineOptions, LimitOptions {
  model: string;
  everyFrame?: boolean;
  probabilities?: boolean;
  unknownBelow?: number;
  start?: number;
  skipUnchanged?: number;
  duration?: number;
  stallTimeout?: number;
  drop?: boolean;
  reconnect?: number;
}

/** What is about files, or wants them whole. */
const NOT_LIVE = ['output', 'format', 'background', 'list', 'smoothing', 'smooth', 'minDuration'];
const NOT_ONE = ['concurrency', 'retryFailed', 'overwrite'];

/** `--live` and what goes with it. */
export function liveOptions(): Option[] {
  return [
    new Option(
      '--live',
      'label one source as it comes, a JSON line a change of label on stdout, with --every-frame a line a frame: ' +
        'an address (rtsp, http, ...), device:/dev/video0, or - for what is piped in',
    ).conflicts([...NOT_LIVE, ...NOT_ONE]),
    new Option('--no-drop', 'let a live source wait where labeling falls behind, instead of dropping frames'),
    new Option(
      '--reconnect <n>',
      'connect again so often in a row, at first too (default: without end with what was connected once)',
    ).argParser(wholeNumber(0)),
  ];
}

/** `framewise label --live`. */
export async function labelLive(
  terminal: Terminal,
  sources: readonly string[],
  flags: LiveFlags,
): Promise<CommandOutcome> {
  const [source] = sources;
  if (source === undefined || sources.length > 1) {
    throw new UsageError(`--live labels one source, but ${sources.length} are named. Run it once for each.`);
  }
  const recognizer = await ActivityRecognizer.load(flags.model, flags);
  const print = startPrinting(terminal);
  const tally = new LiveTally(terminal, source);
  let lastLabel: string | undefined;
  let numDropped = 0;
  try {
    for await (const frame of recognizer.stream(source, streamOptions(terminal, source, flags, tally))) {
      tally.count(frame);
      numDropped += frame.numDropped; // since the line before
      if (!flags.everyFrame && frame.label === lastLabel) continue;
      lastLabel = frame.label;
      const isRead = await print(lineOf({ ...frame, numDropped }, recognizer.model.labels, flags));
      numDropped = 0;
      if (!isRead) break;
    }
    return { isAllDone: true };
  } finally {
    await print(tally.summary());
    recognizer.dispose();
  }
}

function streamOptions(
  terminal: Terminal,
  source: string,
  flags: LiveFlags,
  tally: LiveTally,
): StreamOptions {
  return {
    unknownBelow: flags.unknownBelow,
    startSec: flags.start,
    skipUnchanged: flags.skipUnchanged,
    durationSec: flags.duration,
    stallTimeoutMs: flags.stallTimeout === undefined ? undefined : 1000 * flags.stallTimeout,
    limits: limitsOf(flags),
    dropFrames: flags.drop === false ? false : undefined,
    reconnect: flags.reconnect,
    onConnectionLost: (loss) => tally.lose(loss),
    signal: terminal.signal,
    ...(source === '-' && { stdin: readableOf(terminal.stdin ?? []) }),
  };
}

function readableOf(stdin: AsyncIterable<string | Uint8Array> | Iterable<string>): Readable {
  return stdin instanceof Readable ? stdin : Readable.from(stdin);
}

function lineOf(frame: StreamedFrame, labels: readonly string[], flags: LiveFlags): object {
  const { index, timeSec, label, confidence, delayMs, numDropped, probabilities = [] } = frame;
  const entries = [...probabilities].map((value, i) => [labels[i] ?? UNKNOWN_LABEL, round(value, 4)]);
  return {
    type: flags.everyFrame ? 'frame' : 'change',
    index,
    timeSec: round(timeSec, 3),
    label,
    confidence: round(confidence, 4),
    delayMs: round(delayMs, 1),
    numDropped,
    ...(flags.probabilities && { probabilities: Object.fromEntries(entries) as Record<string, number> }),
  };
}

/**
 * Prints lines no faster than they are read, so that none pile up.
 *
 * @returns Prints an object as a line, and tells whether anybody still reads: `head` does not when it has enough.
 */
function startPrinting({ stdout }: Terminal): (line: object) => Promise<boolean> {
  stdout.on('error', () => undefined); // each line's own callback is told
  return (line) =>
    new Promise((resolve, reject) => {
      stdout.write(`${printableJson(line)}\n`, (error?: NodeJS.ErrnoException | null) => {
        if (!error) resolve(true);
        else if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') resolve(false);
        else
          reject(
            new OutputError(`Cannot write to standard output: ${error.message}.`, '-', { cause: error }),
          );
      });
    });
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
