import sharp from 'sharp';
import { FramewiseError } from '../errors.js';
import type { Timeline } from '../timeline/timeline.js';
import { decodeFrames } from '../video/decode-frames.js';
import { probeVideo } from '../video/probe-video.js';
import type { VideoFrame, VideoInfo } from '../video/video-frame.js';
import { lengthSecOf } from './timeline-drawing.js';

/** Frames of a video, small, as pictures of it. */
export interface TakenFrames {
  /** One a time that was asked for, RGB `[height, width, 3]`; undefined where there is none. */
  frames: (VideoFrame | undefined)[];
  /** Of every frame, pixels. */
  width: number;
  height: number;
  /** Why frames are missing, if they are. */
  problem?: string;
}

/** How to take frames. */
export interface TakeFramesOptions {
  /** Pixels; the width follows from the video's shape. */
  height: number;
  /** Whether a network address may be opened. Default false. */
  allowRemote?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** Up to this length it is quicker to decode all of a video than to look for each time by itself. */
const LONGEST_DECODED_WHOLE_SEC = 15;

/** Where a video does not say what shape it has. */
const USUAL_ASPECT_RATIO = 16 / 9;

/** No strip of pixels is let grow wider than this many times its height. */
const MAX_ASPECT_RATIO = 4;

/**
 * Takes single frames out of a video. One that cannot be read has none, which is no failure: a page is worth having
 * without.
 *
 * @param timesSec - Seconds since the stream's start; of each the frame that is shown then.
 * @throws The reason of `signal`, when it is aborted.
 */
export async function takeFrames(
  source: string,
  timesSec: readonly number[],
  options: TakeFramesOptions,
): Promise<TakenFrames> {
  const { height, signal, allowRemote } = options;
  const taken: TakenFrames = {
    frames: timesSec.map(() => undefined),
    width: Math.round(height * USUAL_ASPECT_RATIO),
    height,
  };
  try {
    const info = await probeVideo(source, { signal, allowRemote });
    const aspectRatio = Math.min(MAX_ASPECT_RATIO, info.width / info.height);
    taken.width = Math.max(1, Math.round(height * aspectRatio));
    const { width } = taken;
    taken.frames = await findFrames(info, timesSec, { width, height, signal, allowRemote });
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof FramewiseError)) throw error;
    taken.problem = error.message;
  }
  return taken;
}

type FrameOptions = Omit<Parameters<typeof decodeFrames>[1], 'frameRate'>;

/** The frame that is shown at each time, or the first one after it. */
async function findFrames(
  { source, durationSec }: VideoInfo,
  timesSec: readonly number[],
  options: FrameOptions,
): Promise<(VideoFrame | undefined)[]> {
  if (durationSec > 0 && durationSec <= LONGEST_DECODED_WHOLE_SEC) {
    return sampleWhole(source, timesSec, options);
  }
  const found: (VideoFrame | undefined)[] = [];
  for (const startSec of timesSec) {
    found.push(await firstFrame(source, { ...options, startSec, durationSec: 1 }));
  }
  return found;
}

/** Walks the video once, and keeps no frame that is not asked for. */
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

async function firstFrame(source: string, options: FrameOptions): Promise<VideoFrame | undefined> {
  for await (const frame of decodeFrames(source, { ...options, frameRate: 'source' })) return frame;
  return undefined;
}

/** Small pictures of a video. */
export interface VideoPictures {
  /** JPEG as a data URI, one a time that was asked for; undefined where there is none. */
  pictures: (string | undefined)[];
  /** Width of a picture divided by its height. */
  aspectRatio: number;
  /** Why pictures are missing, if they are. */
  problem?: string;
}

/** Height of a picture in pixels. */
const PICTURE_HEIGHT = 104;
const PICTURE_QUALITY = 50;

/**
 * Takes pictures out of a video, none of one that cannot be read.
 *
 * @param timesSec - Seconds since the stream's start.
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
  return { pictures, aspectRatio: width / height, ...(problem !== undefined && { problem }) };
}

/** @param data - RGB `[height, width, 3]`. */
function encodeJpeg(
  data: Uint8Array,
  { width, height }: { width: number; height: number },
  quality: number,
): Promise<Buffer> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality, mozjpeg: true })
    .toBuffer();
}

const THUMBNAIL_HEIGHT = 54;
const THUMBNAIL_QUALITY = 45;

/**
 * Takes the middles of equal parts of a video, side by side as one JPEG.
 *
 * @returns Undefined where the video cannot be read.
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
