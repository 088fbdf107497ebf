import sharp from 'sharp';
import { takeFrames } from './take-frames.js';

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
  const { frames, width, height, problem } = await takeFrames(source, timesSec, { height: HEIGHT, signal });
  const pictures = await Promise.all(
    frames.map(async (frame) => {
      if (!frame) return undefined;
      const jpeg = await encodeJpeg(frame.data, { width, height }, JPEG_QUALITY);
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
