import type { Readable } from 'node:stream';
import { UsageError } from '../errors.js';
import type { StreamProbe } from './video-frame.js';
import { checkLimits, type VideoLimits } from './video-limits.js';

/**
 * How a picture gets another shape: `fill` stretches it; `contain` keeps its aspect ratio, puts it into the middle and
 * fills the rest with black.
 */
export type PictureFit = 'fill' | 'contain';

/** What to decode, and how. */
export interface DecodeOptions {
  /** Width and height of the frames wanted, pixels. */
  width: number;
  height: number;
  /** Default `fill`. */
  fit?: PictureFit | undefined;
  /**
   * Frames a second on a regular grid, frame k at k / frameRate showing the source frame nearest to it; or
   * `source`: each source frame once, at its own presentation time.
   */
  frameRate: number | 'source';
  /**
   * Decode `[startSec, startSec + durationSec)` of the stream's clock. Default: all. Times stay the stream's.
   */
  startSec?: number | undefined;
  durationSec?: number | undefined;
  /** Rate at which the pictures of a folder were taken, frames a second. Default 25. */
  folderFrameRate?: number | undefined;
  signal?: AbortSignal | undefined;
  /** What results and messages call a file. Default: its path. */
  sourceName?: string;
  /**
   * Milliseconds without progress after which decoding fails; a slow consumer does not count. Default 30,000.
   */
  stallTimeoutMs?: number | undefined;
  /** Whether a network address may be opened. Default false. */
  allowRemote?: boolean | undefined;
  /** Whether `-` is standard input and `device:NAME` a camera. Default false: they are the names of files. */
  allowLive?: boolean | undefined;
  /** What `-` reads. Default: standard input of this process. */
  stdin?: Readable | undefined;
  /** What looking at the source found; where it is given, the source is not looked at again. */
  probe?: StreamProbe | undefined;
  /** How large and long a video may be. */
  limits?: VideoLimits | undefined;
  /** Gives the memory, of a frame's size, that the next frame is decoded into. Default: new memory for each. */
  newFrame?: (() => Uint8Array) | undefined;
  /** Told the time of every source frame, in order, and each no later than the first frame that shows it. */
  onSourceFrame?: ((timeSec: number) => void) | undefined;
  /** Told before the first frame, except of a folder, how many seconds the source says it has; 0 where it does not say. */
  onDuration?: ((durationSec: number) => void) | undefined;
}

/** @throws {UsageError} If an option is out of its range. */
export function checkDecodeOptions(options: DecodeOptions): void {
  checkLimits(options.limits);
  const {
    width,
    height,
    fit = 'fill',
    frameRate,
    folderFrameRate = 1,
    startSec = 0,
    durationSec = 1,
    stallTimeoutMs = 1,
  } = options;
  const isPositive = (value: number) => Number.isFinite(value) && value > 0;
  const checks: [name: string, value: unknown, isRight: boolean, expected: string][] = [
    ['width', width, Number.isInteger(width) && width > 0, 'a positive whole number of pixels'],
    ['height', height, Number.isInteger(height) && height > 0, 'a positive whole number of pixels'],
    ['fit', fit, fit === 'fill' || fit === 'contain', '"fill" or "contain"'],
    [
      'frameRate',
      frameRate,
      frameRate === 'source' || isPositive(frameRate),
      'a positive number or "source"',
    ],
    ['folderFrameRate', folderFrameRate, isPositive(folderFrameRate), 'a positive number'],
    ['startSec', startSec, Number.isFinite(startSec) && startSec >= 0, 'seconds, 0 or more'],
    ['durationSec', durationSec, isPositive(durationSec), 'seconds, more than 0'],
    ['stallTimeoutMs', stallTimeoutMs, isPositive(stallTimeoutMs), 'milliseconds, more than 0'],
  ];
  for (const [name, value, isRight, expected] of checks) {
    if (!isRight)
      throw new UsageError(`Decode option ${name}: expected ${expected}, received ${String(value)}.`);
  }
}
