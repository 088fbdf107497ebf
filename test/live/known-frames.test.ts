import { expect, it } from 'vitest';
import { KnownFrames } from '../../src/live/known-frames.js';
import type { VideoFrame } from '../../src/video/video-frame.js';

/** A connection that gives pictures of these levels, and then ends or fails. */
async function* connection(levels: number[], failure?: Error): AsyncGenerator<VideoFrame> {
  await Promise.resolve();
  for (const [index, level] of levels.entries()) {
    yield { index, timeSec: index / 5, data: new Uint8Array(12).fill(level) };
  }
  if (failure) throw failure;
}

/** The levels and numbers of the frames that are let through, connection by connection, and whether each was a repetition. */
async function pass(...connections: AsyncIterable<VideoFrame>[]) {
  const known = new KnownFrames();
  const passed: { levels: number[]; isRepetition: boolean }[] = [];
  for (const frames of connections) {
    const levels: number[] = [];
    try {
      for await (const { index, data } of known.leaveOut(frames)) {
        expect(index).toBe(levels.length);
        levels.push(data[0]!);
      }
    } catch (error) {
      expect(error).toEqual(new Error('broken'));
    }
    passed.push({ levels, isRepetition: known.isRepetition });
  }
  return passed;
}

const all = (levels: number[]) => ({ levels, isRepetition: false });

it('lets all frames of a source through that goes on', async () => {
  const connections = [connection([1, 2, 3]), connection([4, 5]), connection([4, 6, 5])];
  // What looks the same at first is not, as soon as something differs.
  expect(await pass(...connections)).toEqual([all([1, 2, 3]), all([4, 5]), all([4, 6, 5])]);
});

it('lets a recording go on where it broke, and knows it when it is over', async () => {
  const broken = new Error('broken');
  expect(
    await pass(
      connection([1, 2], broken),
      connection([1, 2, 3, 4]),
      connection([1, 2], broken),
      connection([1, 2, 3]), // broken too, though nobody says so
      connection([1, 2, 3, 4]),
    ),
  ).toEqual([all([1, 2]), all([3, 4]), all([]), all([]), { levels: [], isRepetition: true }]);
});

it('concludes nothing from a picture that stands still', async () => {
  const each = [[0, 0, 0], [0], [0, 0, 0], [0, 0, 0, 7]];
  expect(await pass(...each.map((levels) => connection(levels)))).toEqual(each.map(all));
});
