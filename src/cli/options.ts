import { InvalidArgumentError, Option } from 'commander';
import { SMOOTHING_METHODS, type SmoothingRequest } from '../labeler/model/model-smoothing.js';
import { BACKEND_NAMES, type BackendName } from '../runtime/backend.js';
import type { VideoLimits } from '../video/video-limits.js';

/** Options that say what a command runs on. */
export interface MachineOptions {
  backend?: BackendName;
  workers?: number;
}

/** `--backend` and `--workers`, the same for every command that encodes. */
export function machineOptions(): Option[] {
  return [
    new Option('--backend <name>', 'what does the arithmetic (default: the best there is)').choices(
      BACKEND_NAMES,
    ),
    new Option('--workers <n>', 'threads that encode frames (default: one a core)').argParser(wholeNumber(0)),
  ];
}

/** Options that say how a model's labels become segments. */
export interface SegmentOptions {
  smoothing?: SmoothingRequest['method'];
  smooth?: number;
  minDuration?: number;
  unknownBelow?: number;
}

/** `--smoothing`, `--smooth`, `--min-duration` and `--unknown-below`, the same for labeling and for evaluation. */
export function segmentOptions(): Option[] {
  return [
    new Option(
      '--smoothing <method>',
      'how segments are calmed; not for streams (default: what helped in validation, else none)',
    ).choices(SMOOTHING_METHODS),
    new Option('--smooth <seconds>', "the median's window (default: 1)").argParser(positiveNumber()),
    new Option('--min-duration <seconds>', 'absorb shorter segments').argParser(positiveNumber()),
    new Option(
      '--unknown-below <confidence>',
      'call "unknown" what the model is less sure of, 0 to 1',
    ).argParser(probability),
  ];
}

/** What the flags of {@link segmentOptions} ask for. */
export function smoothingRequest({ smoothing, smooth, minDuration }: SegmentOptions): SmoothingRequest {
  return { method: smoothing, medianSec: smooth, minDurationSec: minDuration };
}

/** Options that say how large and long a video may be. */
export interface LimitOptions {
  maxPixels?: number;
  maxFrames?: number;
  maxDuration?: number;
}

/** `--max-pixels`, `--max-frames` and `--max-duration`, the same for every command that decodes. */
export function limitOptions(): Option[] {
  return [
    new Option('--max-pixels <n>', 'largest picture decoded (default: 67108864, 8192 x 8192)').argParser(
      wholeNumber(1),
    ),
    new Option('--max-frames <n>', 'most frames decoded (default: 48 hours at 60 a second)').argParser(
      wholeNumber(1),
    ),
    new Option('--max-duration <seconds>', 'longest video decoded (default: 172800, 48 hours)').argParser(
      positiveNumber(),
    ),
  ];
}

/** What the flags of {@link limitOptions} allow. */
export function limitsOf({ maxPixels, maxFrames, maxDuration }: LimitOptions): VideoLimits {
  return { maxPixels, maxFrames, maxDurationSec: maxDuration };
}

/** `--cache` and `--no-cache`. */
export function cacheOptions(): Option[] {
  return [
    new Option('--cache <dir>', "folder for features between runs (default: the system's cache folder)"),
    new Option('--no-cache', 'keep no features between runs'),
  ];
}

/** What commander makes of `--cache DIR` and `--no-cache`, as the library takes it. */
export function cacheDirOf(cache: string | boolean | undefined): string | false | undefined {
  return cache === true ? undefined : cache;
}

/** Parses an option's value as a whole number. */
export function wholeNumber(minimum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isInteger(value) && value >= minimum) return value;
    throw new InvalidArgumentError(`Expected a whole number, ${minimum} or more.`);
  };
}

/** Parses an option's value as gray levels. */
export function grayLevels(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 255) return value;
  throw new InvalidArgumentError('Expected gray levels, 0 to 255.');
}

function probability(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('Expected a number from 0 to 1.');
}

/** Parses an option's value as a number above zero, or from zero. */
export function positiveNumber({ orZero = false } = {}): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isFinite(value) && (orZero ? value >= 0 : value > 0)) return value;
    throw new InvalidArgumentError(`Expected a number ${orZero ? 'from' : 'above'} 0.`);
  };
}
