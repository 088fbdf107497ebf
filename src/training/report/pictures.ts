import sharp from 'sharp';
import { FramewiseError } from '../../errors.js';
import { decodeFrames } from '../../video/decode-frames.js';
import { probeVideo } from '../../video/probe-video.js';
import type { VideoFrame, VideoInfo } from '../../video/video-frame.js';

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
const HEIGHT = 104;
const JPEG_QUALITY = 50;

/** Up to this length it is quicker to decode all of a video than to look for each time by itself. */
const LONGEST_DECODED_WHOLE_SEC = 15;

/**
 * Takes pictures out of a video. One that cannot be read has none, which is no failure: a report is worth having
 * without.
 *
 * @param timesSec - Seconds since the stream's start.
 * @throws The reason of `signal`, when it is aborted.
 */
export async function takePictures(
  source: string,
  timesSec: readonly number[],
  signal?: AbortSignal,
): Promise<VideoPictures> {
  let aspectRatio = 16 / 9;
  const pictures: VideoPictures['pictures'] = timesSec.map(() => undefined);
  try {
    const info = await probeVideo(source, { signal });
    aspectRatio = info.width / info.height;
    const size = { width: Math.max(1, Math.round(HEIGHT * aspectRatio)), height: HEIGHT, signal };
    const frames = await findFrames(info, timesSec, size);
    for (const [i, frame] of frames.entries()) {
      if (frame) pictures[i] = await toDataUri(frame, size);
    }
    return { pictures, aspectRatio };
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof FramewiseError)) throw error;
    return { pictures, aspectRatio, problem: error.message };
  }
}

interface PictureSize {
  width: number;
  height: number;
  signal: AbortSignal | undefined;
}

/** The frame that is shown at each time, or the first one after it. */
async function findFrames(
  { source, durationSec }: VideoInfo,
  timesSec: readonly number[],
  size: PictureSize,
): Promise<(VideoFrame | undefined)[]> {
  if (durationSec > 0 && durationSec <= LONGEST_DECODED_WHOLE_SEC) {
    const frames: VideoFrame[] = [];
    for await (const frame of decodeFrames(source, { ...size, frameRate: 'source' })) frames.push(frame);
    return timesSec.map((time) => frames.findLast(({ timeSec }) => timeSec <= time) ?? frames[0]);
  }
  const found: (VideoFrame | undefined)[] = [];
  for (const startSec of timesSec) {
    found.push(await firstFrame(source, { ...size, frameRate: 'source', startSec, durationSec: 1 }));
  }
  return found;
}

async function firstFrame(
  source: string,
  options: Parameters<typeof decodeFrames>[1],
): Promise<VideoFrame | undefined> {
  for await (const frame of decodeFrames(source, options)) return frame;
  return undefined;
}

async function toDataUri({ data }: VideoFrame, { width, height }: PictureSize): Promise<string> {
  const jpeg = await sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: JPEG_QUALITY, mozjpeg: true })
    .toBuffer();
  return `data:image/jpeg;base64,${jpeg.toString('base64')}`;
}
