import { describe, expect, it } from 'vitest';
import { UsageError, VideoDecodeError, VideoLimitError, VideoStalledError } from '../../src/errors.js';
import {
  backOffSec,
  KnownFrames,
  LiveClock,
  reconnecting,
  type ConnectionLoss,
} from '../../src/live/reconnect.js';
import type { VideoFrame } from '../../src/video/video-frame.js';

const broken = () => new VideoDecodeError('broken', { path: 'x', exitCode: 1, stderrTail: '' });

/** Connections that each yield some items, and then end or fail. */
function connections(...each: [items: number[], failure?: Error][]) {
  let numConnections = 0;
  async function* connect(): AsyncGenerator<number> {
    const [items, failure] = each[numConnections++] ?? [[], new Error('one connection too many')];
    await Promise.resolve();
    yield* items;
    if (failure) throw failure;
  }
  return { connect, count: () => numConnections };
}

async function collect(items: AsyncIterable<number>): Promise<{ items: number[]; error?: unknown }> {
  const all: number[] = [];
  try {
    for await (const item of items) all.push(item);
  } catch (error) {
    return { items: all, error };
  }
  return { items: all };
}

const defaults = { attempts: Infinity, isFirstRetried: false, isEndless: () => true };

describe('reconnecting', () => {
  it('continues with the next connection, reports each loss, and counts attempts from 1 after each item', async () => {
    const stalled = new VideoStalledError('stalled', 'x', 5);
    const limit = new VideoLimitError('too large', 'x', 'maxPixels', 1);
    const { connect } = connections([[1, 2], stalled], [[3]], [[4], limit]);
    const losses: ConnectionLoss[] = [];
    const result = await collect(reconnecting(connect, { ...defaults, onLoss: (loss) => losses.push(loss) }));
    expect(result).toEqual({ items: [1, 2, 3, 4], error: limit }); // reconnecting cannot fix this error
    expect(losses).toMatchObject([{ error: stalled, attempt: 1 }, { attempt: 1 }]);
    expect(losses[1]).not.toHaveProperty('error');
    for (const { pauseSec } of losses) expect(pauseSec).toBeLessThanOrEqual(1);
  });

  it('throws the last error after the allowed number of attempts', async () => {
    const last = broken();
    const { connect, count } = connections([[1], broken()], [[], last]);
    expect(await collect(reconnecting(connect, { ...defaults, attempts: 1 }))).toEqual({
      items: [1],
      error: last,
    });
    expect(count()).toBe(2);
  });

  it('does not retry a source that has never delivered an item, unless isFirstRetried is set', async () => {
    const refused = connections([[], broken()]);
    expect((await collect(reconnecting(refused.connect, defaults))).error).toBeInstanceOf(VideoDecodeError);
    expect(refused.count()).toBe(1);
    const slow = connections([[], broken()], [[7]], [[], new Error('enough')]);
    const result = await collect(reconnecting(slow.connect, { ...defaults, isFirstRetried: true }));
    expect(result.items).toEqual([7]);
  });

  it('ends or fails together with a source that is not endless', async () => {
    const file = { ...defaults, isEndless: () => false };
    expect(await collect(reconnecting(connections([[1, 2]]).connect, file))).toEqual({ items: [1, 2] });
    const { error } = await collect(reconnecting(connections([[1], broken()]).connect, file));
    expect(error).toBeInstanceOf(VideoDecodeError);
  });

  it('ends without an error if the connection of an endless source ended and no attempt is left', async () => {
    const { connect } = connections([[1]]);
    expect(await collect(reconnecting(connect, { ...defaults, attempts: 0 }))).toEqual({ items: [1] });
  });

  it('ends a pause when the signal is aborted, and throws its reason', async () => {
    const abort = new AbortController();
    const reason = new Error('the user left');
    const onLoss = () => setImmediate(() => abort.abort(reason));
    const { connect } = connections([[1], broken()]);
    const result = await collect(reconnecting(connect, { ...defaults, onLoss, signal: abort.signal }));
    expect(result).toEqual({ items: [1], error: reason });
  });

  it('refuses a negative number of attempts', async () => {
    const { error } = await collect(reconnecting(connections().connect, { ...defaults, attempts: -1 }));
    expect(error).toBeInstanceOf(UsageError);
  });
});

it('backOffSec returns 1, 2, 4, … up to 30 seconds, half of it random', () => {
  const longest = [0, 1, 2, 3, 4, 5, 6, 2000].map((numFailures) => backOffSec(numFailures, () => 1));
  expect(longest).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
  expect([0, 1, 5].map((numFailures) => backOffSec(numFailures, () => 0))).toEqual([0.5, 1, 15]);
});

describe('LiveClock', () => {
  it('keeps the times of the first connection, independent of arrival times', () => {
    const clock = new LiveClock(0.2);
    clock.beginConnection();
    expect([0, 0.2, 0.4].map((timeSec, i) => clock.timeOf(timeSec, 5000 + 900 * i))).toEqual([0, 0.2, 0.4]);
  });

  it('places the next connection by its arrival time', () => {
    const clock = new LiveClock(0.2);
    clock.beginConnection();
    clock.timeOf(2, 10_000);
    clock.timeOf(2.2, 10_200);
    clock.beginConnection();
    expect(clock.timeOf(0.4, 17_000)).toBeCloseTo(9, 9); // 7 s after the first frame, which was at 2 s
    expect(clock.timeOf(0.6, 17_900)).toBeCloseTo(9.2, 9);
  });

  it('never goes back in time if the previous connection was ahead of its arrival times', () => {
    const clock = new LiveClock(0.2);
    clock.beginConnection();
    clock.timeOf(0, 1000);
    clock.timeOf(8, 1100); // eight seconds of video arrived at once
    clock.beginConnection();
    expect(clock.timeOf(0, 3000)).toBeCloseTo(8.2, 9);
  });
});

/** A connection that yields pictures of these gray levels, and then ends or fails. */
async function* framesOf(levels: number[], failure?: Error): AsyncGenerator<VideoFrame> {
  await Promise.resolve();
  for (const [index, level] of levels.entries()) {
    yield { index, timeSec: index / 5, data: new Uint8Array(12).fill(level) };
  }
  if (failure) throw failure;
}

/** The gray levels of the frames that pass, and whether the connection was a repetition, for each connection. */
async function passAll(...connections: AsyncIterable<VideoFrame>[]) {
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

describe('KnownFrames', () => {
  it('passes all frames of a source that continues', async () => {
    const connections = [framesOf([1, 2, 3]), framesOf([4, 5]), framesOf([4, 6, 5])];
    // The last two connections start with the same frame, but differ later.
    expect(await passAll(...connections)).toEqual([all([1, 2, 3]), all([4, 5]), all([4, 6, 5])]);
  });

  it('continues a recording where the connection broke, and detects when it is over', async () => {
    const broken = new Error('broken');
    expect(
      await passAll(
        framesOf([1, 2], broken),
        framesOf([1, 2, 3, 4]),
        framesOf([1, 2], broken),
        framesOf([1, 2, 3]), // also broken, but without an error
        framesOf([1, 2, 3, 4]),
      ),
    ).toEqual([all([1, 2]), all([3, 4]), all([]), all([]), { levels: [], isRepetition: true }]);
  });

  it('does not judge a connection that shows a still picture', async () => {
    const each = [[0, 0, 0], [0], [0, 0, 0], [0, 0, 0, 7]];
    expect(await passAll(...each.map((levels) => framesOf(levels)))).toEqual(each.map(all));
  });
});
