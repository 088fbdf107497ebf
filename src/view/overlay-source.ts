import type { FfmpegCommand } from '../ffmpeg/ffmpeg-process.js';
import type { Timeline } from '../timeline/timeline.js';
import { decodeFrames } from '../video/decode-frames.js';
import { probeStream, probeVideo } from '../video/probe-video.js';
import type { VideoFrame, VideoInfo } from '../video/video-frame.js';
import { expectWithinLimits, ffmpegLimits, limitsOf, type VideoLimits } from '../video/video-limits.js';
import { openSource } from '../video/video-source.js';

/** How a video with burned-in labels is written. */
export interface OverlayOptions {
  limits?: VideoLimits;
  /** Whether a network address may be opened. Default false. */
  allowRemote?: boolean;
  /** Hosts besides that of the address that redirects and playlists may lead to. Default: none. */
  allowHosts?: readonly string[];
  /** Milliseconds without progress after which writing fails. Default 30,000. */
  stallTimeoutMs?: number;
  signal?: AbortSignal;
  /** Index of the stream that was labeled. Default: the stream that players show. */
  stream?: number;
  /** Called about twice a second with the seconds written and the length of the video, 0 if unknown. */
  onProgress?: (progress: { doneSec: number; durationSec: number }) => void;
}

/** The video that labels are drawn on, as an input of ffmpeg. */
export interface OverlaySource {
  /** Width and height in pixels, even as encoders require. Frames of another size are stretched to it. */
  size: { width: number; height: number };
  /**
   * Seconds to add to a timeline's times. ffmpeg moves the container's start to zero; a timeline counts from the start
   * of the video stream.
   */
  shiftSec: number;
  /** Codecs of the audio streams, as ffmpeg names them. */
  audioCodecs: string[];
  /** The video stream as ffmpeg names it in filters. */
  pad: string;
  environment?: Readonly<Record<string, string>>;
  input: FfmpegCommand['inputs'][number];
  /** The pictures of a folder, which ffmpeg reads from `pipe:3`. */
  pixels?: AsyncIterable<Uint8Array>;
}

/**
 * Opens the video that a timeline was made from.
 *
 * @throws {VideoOpenError} If it cannot be read.
 * @throws {VideoLimitError} If it is larger or longer than `limits` allow.
 */
export async function openOverlaySource(
  { video: { source, frameRate } }: Timeline,
  options: OverlayOptions,
): Promise<OverlaySource> {
  const opened = await openSource(source, options.allowRemote, source, options.allowHosts);
  if (opened.kind === 'folder') {
    const { limits, signal } = options;
    return openFolder(source, { limits, signal, folderFrameRate: frameRate || undefined });
  }
  const { info, streamIndex, containerStartSec, audioCodecs } = await probeStream(opened, options);
  expectWithinLimits(info, options);
  return {
    size: evenSizeOf(info),
    shiftSec: info.durationSec > 0 ? info.startSec - containerStartSec : 0,
    audioCodecs,
    pad: `0:${streamIndex}`,
    environment: opened.environment,
    input: {
      url: opened.url,
      options: [...ffmpegLimits(limitsOf(options.limits, opened.kind === 'remote')), ...opened.inputOptions],
    },
  };
}

/** Decodes the pictures as labeling did, because ffmpeg orders, rotates and blends them differently. */
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
    pad: '0:v',
    input: {
      url: 'pipe:3',
      options: [
        ...['-protocol_whitelist', 'pipe', '-f', 'rawvideo', '-pixel_format', 'rgb24'],
        ...['-video_size', `${width}x${height}`, '-framerate', String(info.frameRate)],
      ],
    },
    pixels: pixelsOf(decodeFrames(folder, { ...options, width, height, frameRate: 'source' })),
  };
}

async function* pixelsOf(frames: AsyncIterable<VideoFrame>): AsyncGenerator<Uint8Array> {
  for await (const { data } of frames) yield data;
}

function evenSizeOf({ width, height }: VideoInfo): OverlaySource['size'] {
  return { width: 2 * Math.ceil(width / 2), height: 2 * Math.ceil(height / 2) };
}
