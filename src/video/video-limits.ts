import { UsageError, VideoLimitError } from '../errors.js';
import type { VideoInfo } from './video-frame.js';

/** How large and long a video may be before it is refused, so that no file can take a machine for days. */
export interface VideoLimits {
  /** Pixels of a picture. Default 67,108,864: 8192 × 8192, twice what 8K is. */
  maxPixels?: number | undefined;
  /** Frames decoded, and frames of the source. Default 10,368,000: 48 hours at 60 a second. Of an address: no limit. */
  maxFrames?: number | undefined;
  /** Seconds decoded. Default 172,800: 48 hours. Of an address: no limit. */
  maxDurationSec?: number | undefined;
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

/** What a limit counts, as a message spells it, and the option of the command line that raises it. */
const ABOUT = {
  maxPixels: { unit: 'pixels a picture', flag: '--max-pixels' },
  maxFrames: { unit: 'frames', flag: '--max-frames' },
  maxDurationSec: { unit: 'seconds', flag: '--max-duration' },
  maxBytes: { unit: 'bytes', flag: undefined },
} as const;

/** ffmpeg's own largest limit. */
const INT_MAX = 2 ** 31 - 1;

/** Largest block of memory that ffmpeg may ask for at once: a picture at the default limit takes half of it. */
const MAX_BLOCK_BYTES = 2 ** 30;

/** The limits that hold for a source. A live input has no length to be limited unless somebody asks for it. */
export function limitsOf(limits: VideoLimits | undefined, isLive: boolean): Limits {
  const endless = { maxFrames: Infinity, maxDurationSec: Infinity };
  const given = Object.entries(limits ?? {}).filter(([, value]) => value !== undefined);
  return { ...DEFAULT_LIMITS, ...(isLive && endless), ...(Object.fromEntries(given) as Partial<Limits>) };
}

/** @throws {UsageError} If a limit is not a positive number; Infinity is one. */
export function checkLimits(limits: VideoLimits = {}): void {
  for (const [name, value] of Object.entries(limits) as [string, number | undefined][]) {
    if (value === undefined || value > 0) continue;
    throw new UsageError(`Limit ${name}: expected a positive number, received ${value}.`);
  }
}

/**
 * Refuses a video for what it says of itself.
 *
 * @throws {VideoLimitError} If its pictures are too large, or more of it is wanted than may be decoded.
 */
export function expectWithinLimits(
  info: VideoInfo,
  options: {
    limits?: VideoLimits | undefined;
    startSec?: number | undefined;
    durationSec?: number | undefined;
  },
): void {
  const limits = limitsOf(options.limits, false);
  expectFewPixels(info.source, info, limits);
  const wantedSec = Math.min(info.durationSec - (options.startSec ?? 0), options.durationSec ?? Infinity);
  if (wantedSec > limits.maxDurationSec) throw limitError(info.source, limits, 'maxDurationSec', wantedSec);
}

/** @throws {VideoLimitError} If a picture of this size, in pixels, is too large. */
export function expectFewPixels(
  source: string,
  { width, height }: { width: number; height: number },
  limits: Limits,
): void {
  if (width * height > limits.maxPixels) throw limitError(source, limits, 'maxPixels', width * height);
}

/** Builds the error of a video beyond a limit. */
export function limitError(
  source: string,
  limits: Limits,
  limit: keyof VideoLimits,
  received?: number,
): VideoLimitError {
  const { unit, flag } = ABOUT[limit];
  const maximum = limits[limit];
  const spell = (value: number) => value.toLocaleString('en', { maximumFractionDigits: 3 });
  const has = received === undefined ? `more than ${spell(maximum)} ${unit}` : `${spell(received)} ${unit}`;
  const allowed = received === undefined ? '' : `; at most ${spell(maximum)} are decoded`;
  const where = flag ? ` (${flag} on the command line)` : '';
  const message = `"${source}" has ${has}${allowed}. If it is meant to, raise the limit ${limit}${where}.`;
  return new VideoLimitError(message, source, limit, maximum);
}

/**
 * Options of ffmpeg that keep it from reserving memory for what a damaged header asks for. Its decoders pad pictures, so
 * they get twice the pixels; pictures that grow on the way, and those of an address, which nobody measured before, meet
 * this limit alone.
 */
export function ffmpegLimits({ maxPixels }: Limits): string[] {
  const paddedPixels = Math.min(2 * Math.ceil(maxPixels) + 2 ** 16, INT_MAX);
  const maxBlockBytes = Math.min(Math.max(MAX_BLOCK_BYTES, 8 * paddedPixels), INT_MAX);
  return ['-max_alloc', String(maxBlockBytes), '-max_pixels', String(paddedPixels)];
}

/** Whether a line of ffmpeg says that a picture has more pixels than it was told to allow. */
export function isOverPixelLimit(line: string): boolean {
  return line.includes('exceeds specified max pixel count');
}
