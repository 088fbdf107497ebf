import { encodeVideo } from '../../../src/encoder/features/encode-video.js';
import type { FrameEncoder } from '../../../src/encoder/frame-encoder.js';
import { runBareFfmpeg } from './bare-ffmpeg.js';
import { median, round, timed } from './statistics.js';

const SIZE = 192;

/** Receives batches of frames as the product decodes them, and discards them. */
const takesFrames: FrameEncoder = {
  id: 'nothing',
  inputWidth: SIZE,
  inputHeight: SIZE,
  pictureFit: 'fill',
  featureSize: 1,
  encode: (_pixels, numFrames) => Promise.resolve(new Float32Array(numFrames)),
  dispose: () => undefined,
};

/**
 * Decodes into batches as labeling does, and with ffmpeg alone, in turns.
 *
 * @returns The median ratio of ffmpeg's time to ours, and the median times.
 */
export async function measureDecodeRatio(
  video: string,
  frameRate: number | 'source',
  numRounds: number,
): Promise<{ ratio: number; oursSec: number; bareSec: number }> {
  const ours = async () => {
    for await (const batch of encodeVideo(video, takesFrames, { frameRate })) void batch;
  };
  const bare = () => runBareFfmpeg(video, { size: SIZE, frameRate });
  await ours(); // warms up
  const seconds: { ours: number; bare: number }[] = [];
  for (let turn = 0; turn < numRounds; turn++)
    seconds.push({ ours: await timed(ours), bare: await timed(bare) });
  return {
    ratio: round(median(seconds.map((each) => each.bare / each.ours))),
    oursSec: median(seconds.map((each) => each.ours)),
    bareSec: median(seconds.map((each) => each.bare)),
  };
}
