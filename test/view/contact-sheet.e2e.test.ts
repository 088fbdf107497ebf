import { readFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { OutputError } from '../../src/errors.js';
import type { Timeline } from '../../src/timeline/timeline.js';
import { MAX_TILES, writeContactSheet } from '../../src/view/contact-sheet.js';
import { colorsOf } from '../../src/view/timeline-drawing.js';
import { folder, makeVideo } from '../video/video-fixtures.js';
import { colorDistance, LABELS, timelineOf } from './timelines.js';

/** Draws a sheet. @returns Its size, and a function that returns the color of a pixel. */
async function sheetOf(timeline: Timeline) {
  const file = path.join(folder, 'sheet.jpg');
  const { problem } = await writeContactSheet(timeline, file);
  const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
  const pixel = (x: number, y: number) => data.subarray(3 * (y * info.width + x)).subarray(0, 3);
  return { problem, width: info.width, height: info.height, pixel };
}

describe('writeContactSheet', () => {
  it('draws the middle frame of each segment above the color of its label, and a bar of the timeline', async () => {
    const halves = 'color=red:s=320x240:r=10:d=4,drawbox=c=blue:t=fill:enable=gte(t\\,3)';
    const video = await makeVideo('halves.mp4', halves, '-pix_fmt', 'yuv420p');
    const timeline = timelineOf(video, [
      ['walk', 3],
      ['unknown', 4],
    ]);
    const { width, height, pixel, problem } = await sheetOf(timeline);
    expect(problem).toBeUndefined();
    // Two tiles of 200 × 150 pixels with captions of 42, below a header of 92, with margins of 20.
    expect([width, height]).toEqual([640, 92 + 192 + 20]);
    const pictures = [pixel(20 + 100, 92 + 75), pixel(20 + 210 + 100, 92 + 75)];
    expect(colorDistance(pictures[0]!, '#fd0000')).toBeLessThan(12);
    expect(colorDistance(pictures[1]!, '#0000fd')).toBeLessThan(12);
    const { walk, unknown } = {
      walk: colorsOf(timeline).of('walk'),
      unknown: colorsOf(timeline).of('unknown'),
    };
    expect(walk).not.toBe(unknown);
    const captions = [pixel(20 + 195, 92 + 150 + 8), pixel(20 + 210 + 195, 92 + 150 + 8)];
    expect(colorDistance(captions[0]!, walk)).toBeLessThan(12);
    expect(colorDistance(captions[1]!, unknown)).toBeLessThan(12);
    const bar = (timeSec: number) => pixel(20 + Math.round((600 * timeSec) / 4), 92 - 12 - 9);
    for (const timeSec of [0.1, 1.5, 2.9]) expect(colorDistance(bar(timeSec), walk)).toBeLessThan(12);
    for (const timeSec of [3.1, 3.9]) expect(colorDistance(bar(timeSec), unknown)).toBeLessThan(12);
  });

  it('has a bounded size however many segments there are', async () => {
    const many = Array.from({ length: 5000 }, (_, i) => [LABELS[i % 3]!, (i + 1) / 5] as [string, number]);
    const { width, height, problem } = await sheetOf(timelineOf('/nowhere/absent.mp4', many));
    expect(problem).toContain('/nowhere/absent.mp4');
    expect(width).toBeLessThanOrEqual(1700);
    expect(height).toBe(92 + (MAX_TILES / 6) * 202 - 10 + 20);
  });

  it('accepts a video without segments, and labels with characters that XML does not allow', async () => {
    expect(await sheetOf(timelineOf('/nowhere/empty.mp4', []))).toMatchObject({ width: 640 });
    const timeline = timelineOf('/nowhere/<odd> & "names"\u0007.mp4', [['a\u0000\uffff<b>]]>&', 1]]);
    expect(await sheetOf({ ...timeline, labels: ['a\u0000\uffff<b>]]>&'] })).toMatchObject({ width: 640 });
  });

  it('throws OutputError if it cannot be written, and leaves no file if it is aborted', async () => {
    const inside = path.join(folder, 'sheet.jpg', 'inside.jpg'); // the parent is a file, not a folder
    const timeline = timelineOf('/nowhere/absent.mp4', [['walk', 1]]);
    await sheetOf(timeline);
    await expect(writeContactSheet(timeline, inside)).rejects.toThrow(OutputError);
    const stopped = path.join(folder, 'stopped.jpg');
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(writeContactSheet(timeline, stopped, { signal })).rejects.toThrow('enough');
    await expect(readFile(stopped)).rejects.toThrow('ENOENT');
  });
});
