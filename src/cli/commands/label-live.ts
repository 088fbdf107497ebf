import { Readable } from 'node:stream';
import { Option } from 'commander';
import { UsageError } from '../../errors.js';
import type { ConnectionLoss } from '../../live/reconnect.js';
import type { StreamedFrame, StreamOptions } from '../../live/stream-options.js';
import { ActivityRecognizer } from '../../recognizer.js';
import { UNKNOWN_LABEL } from '../../timeline/unknown.js';
import { publicSource } from '../../addresses.js';
import { limitsOf, wholeNumber, type LimitOptions, type MachineOptions } from '../options.js';
import { printableJson } from '../terminal/terminal-text.js';
import { printNote, printStatus, type CommandOutcome, type Terminal } from '../terminal/terminal.js';

/** Flags of `framewise label --live`. */
interface LiveFlags extends MachineOptions, LimitOptions {
  model: string;
  everyFrame?: boolean;
  probabilities?: boolean;
  unknownBelow?: number;
  start?: number;
  stream?: number;
  allowHost?: string[];
  skipUnchanged?: number;
  duration?: number;
  stallTimeout?: number;
  drop?: boolean;
  reconnect?: number;
}

/** Flags that are about label files or need the whole video. */
const NOT_LIVE = ['output', 'format', 'background', 'list', 'smoothing', 'smooth', 'minDuration'];
/** Flags that are about more than one video. */
const NOT_ONE = ['concurrency', 'retryFailed', 'overwrite'];

/** `--live`, `--no-drop` and `--reconnect`. */
export function liveOptions(): Option[] {
  return [
    new Option(
      '--live',
      'label one live source: a URL (rtsp, http, ...), device:/dev/video0, or - for stdin; prints one JSON line per ' +
        'change of label on stdout, or per frame with --every-frame',
    ).conflicts([...NOT_LIVE, ...NOT_ONE]),
    new Option('--no-drop', 'do not drop frames when labeling falls behind; the live source waits instead'),
    new Option(
      '--reconnect <n>',
      'attempts in a row to connect again, including the first (default: unlimited after a first frame)',
    ).argParser(wholeNumber(0)),
  ];
}

/** Runs `framewise label --live`. */
export async function labelLive(
  terminal: Terminal,
  sources: readonly string[],
  flags: LiveFlags,
): Promise<CommandOutcome> {
  const [source] = sources;
  if (source === undefined || sources.length > 1) {
    throw new UsageError(
      `--live labels one source, received ${sources.length}. Run it once for each source.`,
    );
  }
  const recognizer = await ActivityRecognizer.load(flags.model, flags);
  const print = startPrinting(terminal);
  const tally = new LiveTally(terminal, source);
  let lastLabel: string | undefined;
  let numDropped = 0; // since the last printed line
  try {
    for await (const frame of recognizer.stream(source, streamOptions(terminal, source, flags, tally))) {
      tally.count(frame);
      numDropped += frame.numDropped;
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
    stream: flags.stream,
    allowHosts: flags.allowHost,
    skipUnchanged: flags.skipUnchanged,
    durationSec: flags.duration,
    stallTimeoutMs: flags.stallTimeout === undefined ? undefined : 1000 * flags.stallTimeout,
    limits: limitsOf(flags),
    dropFrames: flags.drop === false ? false : undefined,
    reconnect: flags.reconnect,
    onConnectionLost: (loss) => tally.lose(loss),
    signal: terminal.signal,
    // Only read here: asking for the process's stdin opens it.
    stdin: source === '-' ? readableOf(terminal.stdin ?? []) : undefined,
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
    probabilities: flags.probabilities ? (Object.fromEntries(entries) as Record<string, number>) : undefined, // which JSON leaves out
  };
}

/**
 * Creates a function that prints an object as one JSON line. It waits until the line is taken, so that lines do not pile
 * up in memory, and returns false once no line can be written, as when `head` has ended.
 */
function startPrinting({ stdout }: Terminal): (line: object) => Promise<boolean> {
  stdout.on('error', () => undefined); // The callback of each write receives the error.
  return (line) =>
    new Promise((resolve) => {
      // The program reports an error when it ends.
      stdout.write(`${printableJson(line)}\n`, (error) => resolve(!error));
    });
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** Counts the frames of a stream, and reports connections that are lost and restored. */
class LiveTally {
  readonly #terminal: Terminal;
  readonly #source: string;
  readonly #delays = new DelayStatistics();
  #numFrames = 0;
  #numDropped = 0;
  #numReconnects = 0;
  #isLost = false;

  constructor(terminal: Terminal, source: string) {
    this.#terminal = terminal;
    this.#source = publicSource(source);
  }

  /** Counts a labeled frame. */
  count({ delayMs, numDropped }: StreamedFrame): void {
    this.#numFrames++;
    this.#numDropped += numDropped;
    this.#delays.add(delayMs);
    if (!this.#isLost) return;
    this.#isLost = false;
    this.#numReconnects++;
    printStatus(this.#terminal, this.#source, 'connected again');
  }

  /** Reports a lost connection that will be tried again. */
  lose({ error, attempt, pauseSec }: ConnectionLoss): void {
    this.#isLost = true;
    const reason = error?.message ?? 'The source ended.';
    const next = `Connecting again in ${pauseSec.toFixed(1)} s, attempt ${attempt}.`;
    printNote(this.#terminal, `${this.#source}: ${reason} ${next}`, 'lost');
  }

  /** The last line of the output. Delays are null if no frame was labeled. */
  summary(): object {
    const delay = (share: number) => this.#delays.percentile(share) ?? null;
    return {
      type: 'summary',
      source: this.#source,
      numFrames: this.#numFrames,
      numDropped: this.#numDropped,
      numReconnects: this.#numReconnects,
      medianDelayMs: delay(0.5),
      p95DelayMs: delay(0.95),
    };
  }
}

/** Percentiles are accurate to half a percent, and the number of buckets stays small however long a stream is. */
const SIGNIFICANT_DIGITS = 3;

/** Percentiles of the delays of an endless stream, in bounded memory. */
export class DelayStatistics {
  readonly #counts = new Map<number, number>();
  #numDelays = 0;

  /** @param delayMs - Delay in milliseconds, 0 or more. */
  add(delayMs: number): void {
    const bucket = Number(delayMs.toPrecision(SIGNIFICANT_DIGITS));
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
    this.#numDelays++;
  }

  /**
   * @param share - For example 0.5 for the median.
   * @returns The delay in milliseconds that this share of all delays did not exceed. Undefined without delays.
   */
  percentile(share: number): number | undefined {
    const rank = Math.max(1, Math.ceil(share * this.#numDelays));
    let numSeen = 0;
    for (const [delayMs, count] of [...this.#counts].sort(([a], [b]) => a - b)) {
      numSeen += count;
      if (numSeen >= rank) return delayMs;
    }
    return undefined;
  }
}
