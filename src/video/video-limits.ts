import { UsageError, VideoLimitError } from '../errors.js';
import type { VideoInfo } from './video-frame.js';

/** Limits on the size and length of a video, so that no file occupies a machine for days. Exceeding one is an error. */
export interface VideoLimits {
  /** Pixels per frame. Default 67,108,864: 8192 × 8192, twice as many as 8K. */
  maxPixels?: number;
  /** Decoded frames, and frames of the source. Default 10,368,000: 48 hours at 60 per second. No limit for addresses. */
  maxFrames?: number;
  /** Decoded seconds. Default 172,800: 48 hours. No limit for addresses. */
  maxDurationSec?: number;
  /** Bytes of a video that comes as a buffer, a blob or a stream. Default 4,294,967,296: 4 GiB. */
  maxBytes?: number;
}

type Limits = Required<{ [Name in keyof VideoLimits]: number }>;

const DEFAULT_LIMITS: Limits = {
  maxPixels: 8192 * 8192,
  maxFrames: 48 * 3600 * 60,
  maxDurationSec: 48 * 3600,
  maxBytes: 4 * 2 ** 30,
};

/** Unit of each limit in messages, and the command line option that raises it. */
const ABOUT = {
  maxPixels: { unit: 'pixels per frame', flag: '--max-pixels' },
  maxFrames: { unit: 'frames', flag: '--max-frames' },
  maxDurationSec: { unit: 'seconds', flag: '--max-duration' },
  maxBytes: { unit: 'bytes', flag: undefined },
} as const;

/** The largest limit that ffmpeg accepts. */
const INT_MAX = 2 ** 31 - 1;

/** Largest block of memory that ffmpeg may allocate at once. A frame at the default limit takes half of it. */
const MAX_BLOCK_BYTES = 2 ** 30;

/** Fills in the default limits. The length of a live source is unlimited by default. */
export function limitsOf(limits: VideoLimits | undefined, isLive: boolean): Limits {
  const defaults = isLive
    ? { ...DEFAULT_LIMITS, maxFrames: Infinity, maxDurationSec: Infinity }
    : DEFAULT_LIMITS;
  const given = Object.entries(limits ?? {}).filter(([, value]) => value !== undefined);
  return { ...defaults, ...(Object.fromEntries(given) as Partial<Limits>) };
}

/** @throws {UsageError} If a limit is not a positive number. Infinity is allowed. */
export function checkLimits(limits: VideoLimits = {}): void {
  for (const [name, value] of Object.entries(limits) as [string, number | undefined][]) {
    if (value === undefined || value > 0) continue;
    throw new UsageError(`Limit ${name}: expected a positive number, received ${value}.`);
  }
}

/**
 * Checks a video's stated size and length.
 *
 * @throws {VideoLimitError} If its frames are too large or the requested range is too long.
 */
export function expectWithinLimits(
  info: VideoInfo,
  options: {
    limits?: VideoLimits;
    startSec?: number;
    durationSec?: number;
  },
): void {
  const limits = limitsOf(options.limits, false);
  expectFewPixels(info.source, info, limits);
  const wantedSec = Math.min(info.durationSec - (options.startSec ?? 0), options.durationSec ?? Infinity);
  if (wantedSec > limits.maxDurationSec) throw limitError(info.source, limits, 'maxDurationSec', wantedSec);
}

/** @throws {VideoLimitError} If a frame of this width and height in pixels is too large. */
export function expectFewPixels(
  source: string,
  { width, height }: { width: number; height: number },
  limits: Limits,
): void {
  if (width * height > limits.maxPixels) throw limitError(source, limits, 'maxPixels', width * height);
}

/** Creates the error of a video that exceeds a limit. `received` is absent if the exact value is unknown. */
export function limitError(
  source: string,
  limits: Limits,
  limit: keyof VideoLimits,
  received?: number,
): VideoLimitError {
  const { unit, flag } = ABOUT[limit];
  const maximum = limits[limit];
  const format = (value: number) => value.toLocaleString('en', { maximumFractionDigits: 3 });
  const has = received === undefined ? `more than ${format(maximum)} ${unit}` : `${format(received)} ${unit}`;
  const allowed = received === undefined ? '' : `; at most ${format(maximum)} are decoded`;
  const where = flag ? ` (${flag} on the command line)` : '';
  const message = `"${source}" has ${has}${allowed}. If that is intended, raise the limit ${limit}${where}.`;
  return new VideoLimitError(message, source, limit, maximum);
}

/**
 * Returns ffmpeg options that limit the memory a damaged header can make it allocate. Decoders pad frames, so they get
 * twice the pixels. This is the only limit for frames that grow midway, and for addresses, which are not probed.
 */
export function ffmpegLimits({ maxPixels }: Limits): string[] {
  const paddedPixels = Math.min(2 * Math.ceil(maxPixels) + 2 ** 16, INT_MAX);
  const maxBlockBytes = Math.min(Math.max(MAX_BLOCK_BYTES, 8 * paddedPixels), INT_MAX);
  return ['-max_alloc', String(maxBlockBytes), '-max_pixels', String(paddedPixels)];
}

/** Whether a line of ffmpeg's log says that a frame exceeds its pixel limit. */
export function isOverPixelLimit(line: string): boolean {
  return line.includes('exceeds specified max pixel count');
}
