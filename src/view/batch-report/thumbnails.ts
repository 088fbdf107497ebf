import sharp from 'sharp';
import type { Timeline } from '../../timeline/timeline.js';
import { takeFrames, type TakeFramesOptions } from '../take-frames.js';
import { lengthSecOf } from '../timeline-bar.js';

const HEIGHT = 54;
const JPEG_QUALITY = 45;

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
  const taken = await takeFrames(timeline.video.source, timesSec, { ...options, height: HEIGHT });
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
  return strip.jpeg({ quality: JPEG_QUALITY, mozjpeg: true }).toBuffer();
}
