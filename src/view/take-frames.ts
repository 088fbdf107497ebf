import { FramewiseError, VideoDecodeError } from '../errors.js';
import { loadSharp } from '../runtime/load-sharp.js';
import type { Timeline } from '../timeline/timeline.js';
import { decodeFrames } from '../video/decode-frames.js';
import { probeVideo } from '../video/probe-video.js';
import type { VideoFrame, VideoInfo } from '../video/video-frame.js';
import { lengthSecOf } from './timeline-drawing.js';
import type { ItemProgress } from '../progress.js';

/** Small frames of a video. */
export interface TakenFrames {
  /** One frame per requested time, RGB `[height, width, 3]`; undefined if it is missing. */
  frames: (VideoFrame | undefined)[];
  /** Size of every frame in pixels. */
  width: number;
  height: number;
  /** Why frames are missing, if the video cannot be read. */
  problem?: string;
}

/** How frames are taken. */
export interface TakeFramesOptions {
  /** Height in pixels. The width follows from the aspect ratio of the video. */
  height: number;
  /** Whether a network address may be opened. Default false. */
  allowRemote?: boolean;
  /** Hosts besides that of the address that redirects and playlists may lead to. Default: none. */
  allowHosts?: readonly string[];
  /** Index of the stream. Default: the stream that players show. */
  stream?: number;
  signal?: AbortSignal;
  /** Called after each frame that is taken by seeking, and once for all frames of a short video. */
  onProgress?: (progress: ItemProgress) => void;
}

/** Up to this length, decoding the whole video is faster than seeking to each time. */
const LONGEST_DECODED_WHOLE_SEC = 15;

/** Used if the video cannot be read. */
const USUAL_ASPECT_RATIO = 16 / 9;

/** Wider frames are squeezed to this aspect ratio. */
const MAX_ASPECT_RATIO = 4;

/**
 * Takes single frames from a video. A video that cannot be read has no frames but a `problem`; it is not an error,
 * because a page is useful without pictures.
 *
 * @param timesSec - Seconds since the start of the stream. The frame shown at each time is taken.
 * @throws The reason of `signal`, when it is aborted.
 */
export async function takeFrames(
  source: string,
  timesSec: readonly number[],
  options: TakeFramesOptions,
): Promise<TakenFrames> {
  const { height, signal, allowRemote, allowHosts, stream, onProgress } = options;
  const taken: TakenFrames = {
    frames: timesSec.map(() => undefined),
    width: Math.round(height * USUAL_ASPECT_RATIO),
    height,
  };
  try {
    const info = await probeVideo(source, { signal, allowRemote, allowHosts, stream });
    const aspectRatio = Math.min(MAX_ASPECT_RATIO, info.width / info.height);
    taken.width = Math.max(1, Math.round(height * aspectRatio));
    const { width } = taken;
    const report = (numDone: number): void =>
      onProgress?.({ numDone, numTotal: timesSec.length, name: source });
    taken.frames = await findFrames(
      info,
      timesSec,
      { width, height, signal, allowRemote, allowHosts, stream },
      report,
    );
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof FramewiseError)) throw error;
    taken.problem = error.message;
  }
  return taken;
}

type FrameOptions = Omit<Parameters<typeof decodeFrames>[1], 'frameRate'>;

/** Returns the frame shown at each time, or the first frame after it. */
async function findFrames(
  { source, durationSec }: VideoInfo,
  timesSec: readonly number[],
  options: FrameOptions,
  report: (numDone: number) => void,
): Promise<(VideoFrame | undefined)[]> {
  if (durationSec > 0 && durationSec <= LONGEST_DECODED_WHOLE_SEC) {
    const frames = await sampleWhole(source, timesSec, options);
    report(frames.length);
    return frames;
  }
  const found: (VideoFrame | undefined)[] = [];
  for (const startSec of timesSec) {
    found.push(await nextFrame(source, { ...options, startSec }));
    report(found.length);
  }
  return found;
}

/** Decodes the video once and keeps only the requested frames. */
async function sampleWhole(
  source: string,
  timesSec: readonly number[],
  options: FrameOptions,
): Promise<(VideoFrame | undefined)[]> {
  const found: (VideoFrame | undefined)[] = timesSec.map(() => undefined);
  for await (const frame of decodeFrames(source, { ...options, frameRate: 'source' })) {
    for (const [i, timeSec] of timesSec.entries()) {
      if (found[i] === undefined || frame.timeSec <= timeSec) found[i] = frame;
    }
  }
  return found;
}

/** Returns the first frame at or after a time. Frames of a video of variable rate can be seconds apart. */
async function nextFrame(source: string, options: FrameOptions): Promise<VideoFrame | undefined> {
  for (const durationSec of [1, undefined]) {
    try {
      return await firstFrame(source, { ...options, durationSec });
    } catch (error) {
      if (!(error instanceof VideoDecodeError)) throw error;
    }
  }
  return undefined;
}

async function firstFrame(source: string, options: FrameOptions): Promise<VideoFrame | undefined> {
  for await (const frame of decodeFrames(source, { ...options, frameRate: 'source' })) return frame;
  return undefined;
}

/** Small pictures of a video for an HTML page. */
export interface VideoPictures {
  /** One JPEG as a data URI per requested time; undefined if it is missing. */
  pictures: (string | undefined)[];
  /** Width of a picture divided by its height. */
  aspectRatio: number;
  /** Why pictures are missing, if the video cannot be read. */
  problem?: string;
}

/** Height of a picture in pixels, and its JPEG quality in percent. */
const PICTURE_HEIGHT = 104;
const PICTURE_QUALITY = 50;

/**
 * Takes pictures from a video. A video that cannot be read has none.
 *
 * @param timesSec - Seconds since the start of the stream.
 * @throws The reason of `signal`, when it is aborted.
 */
export async function takePictures(
  source: string,
  timesSec: readonly number[],
  signal?: AbortSignal,
): Promise<VideoPictures> {
  const { frames, width, height, problem } = await takeFrames(source, timesSec, {
    height: PICTURE_HEIGHT,
    signal,
  });
  const pictures = await Promise.all(
    frames.map(async (frame) => {
      if (!frame) return undefined;
      const jpeg = await encodeJpeg(frame.data, { width, height }, PICTURE_QUALITY);
      return `data:image/jpeg;base64,${jpeg.toString('base64')}`;
    }),
  );
  return { pictures, aspectRatio: width / height, problem };
}

/** @param data - RGB `[height, width, 3]`. */
async function encodeJpeg(
  data: Uint8Array,
  { width, height }: { width: number; height: number },
  quality: number,
): Promise<Buffer> {
  const sharp = await loadSharp();
  return sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality, mozjpeg: true })
    .toBuffer();
}

const THUMBNAIL_HEIGHT = 54;
const THUMBNAIL_QUALITY = 45;

/**
 * Takes the middle frames of equal parts of a video, side by side as one JPEG.
 *
 * @returns Undefined if the video cannot be read.
 * @throws The reason of `signal`, when it is aborted.
 */
export async function takeThumbnails(
  timeline: Timeline,
  count: number,
  options: Omit<TakeFramesOptions, 'height'>,
): Promise<Buffer | undefined> {
  const lengthSec = lengthSecOf(timeline);
  const timesSec = Array.from({ length: count }, (_, i) => ((i + 0.5) * lengthSec) / count);
  const taken = await takeFrames(timeline.video.source, timesSec, { ...options, height: THUMBNAIL_HEIGHT });
  const { frames, width, height } = taken;
  if (frames.every((frame) => frame === undefined)) return undefined;
  const sharp = await loadSharp();
  const strip = sharp({
    create: { width: count * width, height, channels: 3, background: '#808080' },
  }).composite(
    frames.flatMap((frame, i) => {
      const raw = { width, height, channels: 3 as const };
      return frame ? [{ input: Buffer.from(frame.data), raw, left: i * width, top: 0 }] : [];
    }),
  );
  return strip.jpeg({ quality: THUMBNAIL_QUALITY, mozjpeg: true }).toBuffer();
}
