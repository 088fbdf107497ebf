import { UsageError } from '../errors.js';
import { decodeVideo, type DecodeOptions } from './decode-video.js';
import { decodeImageFolder } from './image-folder.js';
import { openLiveInput } from './live-input.js';
import type { VideoFrame } from './video-frame.js';
import { checkLimits } from './video-limits.js';
import { openSource } from './video-source.js';

/**
 * Decodes a source to RGB frames of one size, with exact times. Nothing runs before the first frame is asked
 * for; leaving the loop early ends ffmpeg before the loop is left.
 *
 * Rotation is applied. Of several video streams the first is taken. Times are seconds since the stream's
 * start, of a live input since its first frame. A damaged video gives the frames it has: where its tail is
 * missing an error follows them, where only single pictures suffered the process warning
 * `FRAMEWISE_DAMAGED_VIDEO` does.
 *
 * @param source - Video file, folder of pictures, with `allowRemote` a network address, or with `allowLive` one of
 *   `openLiveInput`.
 * @throws {UsageError} At once, if an option is out of its range.
 * @throws {VideoOpenError} If the source cannot be read or has no video stream.
 * @throws {VideoDecodeError} If there is no frame; after the last good one, if the rest is missing or fails.
 * @throws {VideoLimitError} If it is larger or longer than `limits` allow: before the first frame where it says so
 *   itself, else after the last one within them.
 * @throws {VideoStalledError} If nothing comes for `stallTimeoutMs`.
 * @throws The reason of `signal`, when it is aborted.
 */
export function decodeFrames(source: string, options: DecodeOptions): AsyncGenerator<VideoFrame> {
  checkOptions(options);
  return decodeSource(source, options);
}

async function* decodeSource(source: string, options: DecodeOptions): AsyncGenerator<VideoFrame> {
  const live = options.allowLive ? openLiveInput(source, options.stdin) : undefined;
  const opened = live ?? (await openSource(source, options.allowRemote, options.sourceName));
  yield* opened.kind === 'folder' ? decodeImageFolder(source, options) : decodeVideo(opened, options);
}

function checkOptions(options: DecodeOptions): void {
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
