import { FramewiseError } from '../errors.js';
import { decodeFrames } from '../video/decode-frames.js';
import { probeVideo } from '../video/probe-video.js';
import type { VideoFrame, VideoInfo } from '../video/video-frame.js';

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
