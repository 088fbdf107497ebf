import type { Timeline } from '../timeline/timeline.js';
import { decodeFrames } from '../video/decode-frames.js';
import { probeStream, probeVideo } from '../video/probe-video.js';
import type { VideoFrame, VideoInfo } from '../video/video-frame.js';
import { expectWithinLimits, ffmpegLimits, limitsOf } from '../video/video-limits.js';
import { openSource } from '../video/video-source.js';
import type { OverlayOptions } from './overlay.js';

/** What labels are laid on, as ffmpeg is told about it. */
export interface OverlaySource {
  /** Pixels, even, as encoders want them; pictures of another size are stretched to it. */
  size: { width: number; height: number };
  /** To be added to a timeline's times: ffmpeg moves the container's start to zero, labels count from the video stream's. */
  shiftSec: number;
  /** Names of the codecs of its sounds, as ffmpeg has them. */
  audioCodecs: string[];
  inputOptions: string[];
  /** Of a folder, the pictures that ffmpeg reads from `pipe:3`. */
  pixels?: AsyncIterable<Uint8Array>;
}

/**
 * Looks at what a timeline was made of.
 *
 * @throws {VideoOpenError} If it cannot be read.
 * @throws {VideoLimitError} If it is larger or longer than `limits` allow.
 */
export async function openOverlaySource(
  { video: { source, frameRate } }: Timeline,
  options: OverlayOptions,
): Promise<OverlaySource> {
  const opened = await openSource(source, options.allowRemote);
  if (opened.kind === 'folder') {
    const { limits, signal } = options;
    return openFolder(source, { limits, signal, folderFrameRate: frameRate || undefined });
  }
  const { info, containerStartSec, audioCodecs } = await probeStream(opened, options);
  expectWithinLimits(info, options);
  return {
    size: evenSizeOf(info),
    shiftSec: info.durationSec > 0 ? info.startSec - containerStartSec : 0,
    audioCodecs,
    inputOptions: [
      ...ffmpegLimits(limitsOf(options.limits, opened.kind === 'remote')),
      ...[...opened.inputOptions, '-i', opened.url],
    ],
  };
}

/** ffmpeg would order, turn and mix pictures otherwise than labeling did, so it is given what labeling saw. */
async function openFolder(
  folder: string,
  options: Pick<OverlayOptions, 'limits' | 'signal'> & { folderFrameRate: number | undefined },
): Promise<OverlaySource> {
  const info = await probeVideo(folder, options);
  expectWithinLimits(info, options);
  const size = evenSizeOf(info);
  const { width, height } = size;
  return {
    size,
    shiftSec: 0,
    audioCodecs: [],
    inputOptions: [
      ...['-protocol_whitelist', 'pipe', '-f', 'rawvideo', '-pixel_format', 'rgb24'],
      ...['-video_size', `${width}x${height}`, '-framerate', String(info.frameRate), '-i', 'pipe:3'],
    ],
    pixels: pixelsOf(decodeFrames(folder, { ...options, width, height, frameRate: 'source' })),
  };
}

async function* pixelsOf(frames: AsyncIterable<VideoFrame>): AsyncGenerator<Uint8Array> {
  for await (const { data } of frames) yield data;
}

function evenSizeOf({ width, height }: VideoInfo): OverlaySource['size'] {
  return { width: 2 * Math.ceil(width / 2), height: 2 * Math.ceil(height / 2) };
}
