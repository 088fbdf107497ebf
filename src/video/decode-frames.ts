import { checkDecodeOptions, type DecodeOptions } from './decode-options.js';
import { decodeVideo } from './decode-video.js';
import { decodeImageFolder } from './image-folder.js';
import { openLiveInput } from './live-input.js';
import type { VideoFrame } from './video-frame.js';
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
  checkDecodeOptions(options);
  return decodeSource(source, options);
}

async function* decodeSource(source: string, options: DecodeOptions): AsyncGenerator<VideoFrame> {
  const live = options.allowLive ? openLiveInput(source, options.stdin) : undefined;
  const opened = live ?? (await openSource(source, options.allowRemote, options.sourceName));
  yield* opened.kind === 'folder' ? decodeImageFolder(source, options) : decodeVideo(opened, options);
}
