import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { takeFrames, takePictures } from '../../src/view/take-frames.js';
import type { ItemProgress } from '../../src/progress.js';
import { makeVideo } from '../video/video-fixtures.js';
import { CLIP } from '../training/report/report-run.js';

const pixelsOf = (uri: string | undefined) =>
  sharp(Buffer.from(uri!.split(',')[1]!, 'base64'))
    .raw()
    .toBuffer({ resolveWithObject: true });

/** Mean brightness of a picture, 0 to 255. */
async function brightness(uri: string | undefined): Promise<number> {
  const { data } = await pixelsOf(uri);
  return data.reduce((sum, value) => sum + value, 0) / data.length;
}

describe('takePictures', () => {
  it('returns small JPEGs with the aspect ratio of the video', async () => {
    const { pictures, aspectRatio, problem } = await takePictures(CLIP, [0, 0.5]);
    expect(problem).toBeUndefined();
    for (const picture of pictures) {
      expect(picture).toMatch(/^data:image\/jpeg;base64,/);
      const { info } = await pixelsOf(picture);
      expect(info.height).toBe(104);
      expect(info.width).toBe(Math.round(104 * aspectRatio));
    }
  });

  it.each([
    { what: 'a short video', seconds: 4 },
    { what: 'a long video, by seeking', seconds: 40 },
  ])('returns the frames at the requested times of $what', async ({ seconds }) => {
    // Black at the start, white at the end.
    const ramp = `color=black:s=64x48:r=5:d=${seconds},geq=lum='255*T/${seconds}':cb=128:cr=128`;
    const video = await makeVideo(`ramp-${seconds}.mp4`, ramp, '-pix_fmt', 'yuvj420p');
    const { pictures } = await takePictures(video, [0.1 * seconds, 0.5 * seconds, 0.9 * seconds]);
    const levels = await Promise.all(pictures.map(brightness));
    for (const [i, share] of [0.1, 0.5, 0.9].entries()) {
      expect(Math.abs(levels[i]! - 255 * share), `${levels[i]} at ${share}`).toBeLessThan(20);
    }
  });

  it('returns no picture but the problem if a video cannot be read', async () => {
    const taken = await takePictures('/nowhere/absent.mp4', [0, 1]);
    expect(taken.pictures).toEqual([undefined, undefined]);
    expect(taken.problem).toContain('/nowhere/absent.mp4');
  });

  it('stops when aborted', async () => {
    await expect(takePictures(CLIP, [0], AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });
});

describe('takeFrames', () => {
  it('reports progress after each frame that it takes from a long video', async () => {
    const video = await makeVideo('progress.mp4', 'color=black:s=64x48:r=5:d=40');
    const counts: number[] = [];
    const onProgress = ({ numDone, numTotal, name }: ItemProgress) => {
      expect([numTotal, name]).toEqual([3, video]);
      counts.push(numDone);
    };
    await takeFrames(video, [1, 20, 39], { height: 24, onProgress });
    expect(counts).toEqual([1, 2, 3]);
  });
});
