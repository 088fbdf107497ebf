import type { Readable } from 'node:stream';
import { UsageError } from '../errors.js';
import type { StreamProbe } from './video-frame.js';
import { checkLimits, type VideoLimits } from './video-limits.js';

/**
 * How a frame is fitted into another shape: `fill` stretches it, `contain` keeps its aspect ratio, centers it and fills
 * the rest with black.
 */
export type PictureFit = 'fill' | 'contain';

/** What to decode, and how. */
export interface DecodeOptions {
  /** Width and height of the decoded frames in pixels. */
  width: number;
  height: number;
  /** Default `fill`. */
  fit?: PictureFit;
  /**
   * Frames per second on a regular grid: frame k is at k / frameRate and shows the nearest source frame. Or `source`:
   * each source frame once, at its own presentation time.
   */
  frameRate: number | 'source';
  /** Decodes the range `[startSec, startSec + durationSec)`. Default: all. Times still count from the stream's start. */
  startSec?: number;
  durationSec?: number;
  /** Rate at which the pictures of a folder were taken, in frames per second. Default 25. */
  folderFrameRate?: number;
  signal?: AbortSignal;
  /** What results and messages call a file. Default: its path. */
  sourceName?: string;
  /** Milliseconds without progress after which decoding fails. A slow consumer is no stall. Default 30,000. */
  stallTimeoutMs?: number;
  /** Whether a network address may be opened. Default false. */
  allowRemote?: boolean;
  /** Hosts besides that of the address that redirects and playlists may lead to. Default: none. */
  allowHosts?: readonly string[];
  /** Whether `-` means standard input and `device:NAME` a camera. Default false: both are file names. */
  allowLive?: boolean;
  /** What `-` reads. Default: standard input of this process. */
  stdin?: Readable;
  /** Index of the stream, as ffprobe counts all streams of the file. Default: the stream that players show. */
  stream?: number;
  /** Result of probing the source. If given, the source is not probed again. */
  probe?: StreamProbe;
  /** How large and long the video may be. */
  limits?: VideoLimits;
  /** Returns the memory for the next frame, width · height · 3 bytes. Default: new memory for each frame. */
  newFrame?: () => Uint8Array;
  /** Called with the time of every source frame, in order, and no later than the first decoded frame that shows it. */
  onSourceFrame?: (timeSec: number) => void;
  /** Called before the first frame with the length of the source in seconds, 0 if unknown. Not called for a folder. */
  onDuration?: (durationSec: number) => void;
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
    stream = 0,
  } = options;
  const isPositive = (value: number) => Number.isFinite(value) && value > 0;
  const checks: [name: string, value: unknown, isValid: boolean, expected: string][] = [
    ['width', width, Number.isInteger(width) && width > 0, 'a positive integer number of pixels'],
    ['height', height, Number.isInteger(height) && height > 0, 'a positive integer number of pixels'],
    ['fit', fit, fit === 'fill' || fit === 'contain', '"fill" or "contain"'],
    [
      'frameRate',
      frameRate,
      frameRate === 'source' || isPositive(frameRate),
      'a positive number or "source"',
    ],
    ['folderFrameRate', folderFrameRate, isPositive(folderFrameRate), 'a positive number'],
    ['stream', stream, Number.isInteger(stream) && stream >= 0, 'the index of a stream, 0 or more'],
    ['startSec', startSec, Number.isFinite(startSec) && startSec >= 0, 'seconds, 0 or more'],
    ['durationSec', durationSec, isPositive(durationSec), 'seconds, more than 0'],
    ['stallTimeoutMs', stallTimeoutMs, isPositive(stallTimeoutMs), 'milliseconds, more than 0'],
  ];
  for (const [name, value, isValid, expected] of checks) {
    if (!isValid)
      throw new UsageError(`Decode option ${name}: expected ${expected}, received ${String(value)}.`);
  }
}
