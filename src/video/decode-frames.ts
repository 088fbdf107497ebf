import { checkDecodeOptions, type DecodeOptions } from './decode-options.js';
import { decodeVideo } from './decode-video.js';
import { decodeImageFolder } from './image-folder.js';
import { openLiveInput } from './live-input.js';
import type { VideoFrame } from './video-frame.js';
import { openSource } from './video-source.js';

/**
 * Decodes a source to RGB frames of one size, with exact times. ffmpeg starts when the first frame is requested, and has
 * ended when the loop is left, also when it is left early.
 *
 * Rotation is applied. The first video stream is used. Times are seconds since the start of the stream, or since the
 * first frame of a live source. A damaged video still gives its readable frames. They are followed by an error if the
 * end of the video is missing, or by the process warning `FRAMEWISE_DAMAGED_VIDEO` if single frames are damaged.
 *
 * @param source - A video file or a folder of pictures; with `allowRemote` also a network address, with `allowLive` also
 *   `-` and `device:NAME`.
 * @throws {UsageError} If an option is out of its range. Thrown by the call itself, before the first frame.
 * @throws {VideoOpenError} If the source cannot be read or has no video stream.
 * @throws {VideoDecodeError} If there is no frame, or after the last good frame if the rest is missing or damaged.
 * @throws {VideoLimitError} If the video exceeds `limits`: before the first frame if the file states its size and
 *   length, otherwise after the last frame within the limits.
 * @throws {VideoStalledError} If there is no progress for `stallTimeoutMs`.
 * @throws The reason of `signal`, when it is aborted.
 * @example
 * for await (const { timeSec, data } of decodeFrames('street.mp4', { width: 224, height: 224, frameRate: 5 })) …
 */
export function decodeFrames(source: string, options: DecodeOptions): AsyncGenerator<VideoFrame> {
  checkDecodeOptions(options);
  return decodeSource(source, options);
}

async function* decodeSource(source: string, options: DecodeOptions): AsyncGenerator<VideoFrame> {
  const live = options.allowLive ? openLiveInput(source, options.stdin) : undefined;
  const opened = live ?? (await openSource(source, options.allowRemote, options.sourceName));
  yield* opened.kind === 'folder' ? decodeImageFolder(source, options) : decodeVideo(opened, options);
}
