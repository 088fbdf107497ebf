import { InvalidArgumentError, Option } from 'commander';
import { SMOOTHING_METHODS, type SmoothingRequest } from '../labeler/model/model-smoothing.js';
import { BACKEND_NAMES, type BackendName } from '../runtime/backend.js';
import type { VideoLimits } from '../video/video-limits.js';

/** Flags that choose what a command computes with. */
export interface MachineOptions {
  backend?: BackendName;
  workers?: number;
}

/** `--backend` and `--workers`, the same for every command that encodes frames. */
export function machineOptions(): Option[] {
  return [
    new Option('--backend <name>', 'compute with this backend (default: the best available)').choices(
      BACKEND_NAMES,
    ),
    new Option('--workers <n>', 'threads that encode frames (default: one per processor core)').argParser(
      wholeNumber(0),
    ),
  ];
}

/** `--quiet`, the same for every long command. It turns off everything written with `printStatus`. */
export function quietOption(): Option {
  return new Option('--quiet', 'show no progress and no status lines, only warnings and errors');
}

/** Flags that choose how labels of frames become segments. */
export interface SegmentOptions {
  smoothing?: SmoothingRequest['method'];
  smooth?: number;
  minDuration?: number;
  unknownBelow?: number;
}

/** `--smoothing`, `--smooth`, `--min-duration` and `--unknown-below`, the same for labeling and evaluation. */
export function segmentOptions(): Option[] {
  return [
    new Option(
      '--smoothing <method>',
      'how to smooth labels; not for streams (default: what scored best in validation, or none)',
    ).choices(SMOOTHING_METHODS),
    new Option('--smooth <seconds>', 'window of the median (default: 1)').argParser(positiveNumber()),
    new Option('--min-duration <seconds>', 'merge shorter segments into their neighbors').argParser(
      positiveNumber(),
    ),
    new Option(
      '--unknown-below <confidence>',
      'label frames below this confidence "unknown", 0 to 1',
    ).argParser(probability),
  ];
}

/** The smoothing that the flags of {@link segmentOptions} ask for. */
export function smoothingRequest({ smoothing, smooth, minDuration }: SegmentOptions): SmoothingRequest {
  return { method: smoothing, medianSec: smooth, minDurationSec: minDuration };
}

/** Flags that limit the size and length of a video. */
export interface LimitOptions {
  maxPixels?: number;
  maxFrames?: number;
  maxDuration?: number;
}

/** `--max-pixels`, `--max-frames` and `--max-duration`, the same for every command that decodes. */
export function limitOptions(): Option[] {
  return [
    new Option('--max-pixels <n>', 'largest picture to decode (default: 67108864, 8192 x 8192)').argParser(
      wholeNumber(1),
    ),
    new Option(
      '--max-frames <n>',
      'largest number of frames to decode per video (default: 48 hours at 60 per second)',
    ).argParser(wholeNumber(1)),
    new Option('--max-duration <seconds>', 'longest video to decode (default: 172800, 48 hours)').argParser(
      positiveNumber(),
    ),
  ];
}

/** The limits that the flags of {@link limitOptions} ask for. */
export function limitsOf({ maxPixels, maxFrames, maxDuration }: LimitOptions): VideoLimits {
  return { maxPixels, maxFrames, maxDurationSec: maxDuration };
}

/** `--cache` and `--no-cache`. */
export function cacheOptions(): Option[] {
  return [
    new Option('--cache <dir>', "folder that keeps features between runs (default: the user's cache folder)"),
    new Option('--no-cache', 'do not keep features between runs'),
  ];
}

/** Converts commander's value of `--cache <dir>` and `--no-cache` into the library's `cacheDir`. */
export function cacheDirOf(cache: string | boolean | undefined): string | false | undefined {
  return cache === true ? undefined : cache;
}

/** Parses the value of an option as a whole number. */
export function wholeNumber(minimum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isInteger(value) && value >= minimum) return value;
    throw new InvalidArgumentError(`Expected a whole number, ${minimum} or more.`);
  };
}

/** Parses the value of an option as gray levels. */
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

/** Parses the value of an option as a number above zero, or from zero. */
export function positiveNumber({ orZero = false } = {}): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isFinite(value) && (orZero ? value >= 0 : value > 0)) return value;
    throw new InvalidArgumentError(`Expected a number ${orZero ? 'from' : 'above'} 0.`);
  };
}
