import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.js';
import { FrameIntake } from '../../src/live/frame-intake.js';
import type { VideoFrame } from '../../src/video/video-frame.js';

/** A source that delivers one frame per turn of the event loop, and counts them. */
function makeSource(numFrames: number) {
  const state = { numGiven: 0, isClosed: false };
  async function* frames(): AsyncGenerator<VideoFrame> {
    try {
      for (let index = 0; index < numFrames; index++) {
        await turn();
        state.numGiven = index + 1;
        yield { index, timeSec: index / 5, data: new Uint8Array(3) };
      }
    } finally {
      state.isClosed = true;
    }
  }
  return { state, frames };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turn();
}

describe('FrameIntake', () => {
  it('keeps the newest frames with their times if the consumer is slow', async () => {
    const { state, frames } = makeSource(100);
    const intake = new FrameIntake({ maxWaiting: 3, mayDrop: () => true });
    const received: VideoFrame[] = [];
    for await (const frame of intake.receive(frames())) {
      received.push(frame);
      // The consumer holds the first frame until the source has delivered 50, and the second until it has ended.
      await until(
        () =>
          state.numGiven >= (received.length === 1 ? 50 : 100) && (received.length === 1 || state.isClosed),
      );
    }
    expect(received).toHaveLength(5);
    const [first, second] = received;
    expect(first?.index).toBe(0);
    expect([47, 48]).toContain(second?.index); // the source may be one frame ahead of the queue
    expect(received.slice(2).map(({ index }) => index)).toEqual([97, 98, 99]);
    for (const { index, timeSec } of received) expect(timeSec).toBe(index / 5);
    expect(intake.numReceived).toBe(100);
  });

  it('makes the source wait if no frame may be dropped', async () => {
    const { state, frames } = makeSource(30);
    const intake = new FrameIntake({ maxWaiting: 4, mayDrop: () => false });
    const indices: number[] = [];
    for await (const { index } of intake.receive(frames())) {
      indices.push(index);
      for (let i = 0; i < 20; i++) await turn();
      // The consumer has one frame, four wait, and one is about to enter the queue.
      expect(state.numGiven - index).toBeLessThanOrEqual(6);
    }
    expect(indices).toEqual([...Array(30).keys()]);
  });

  it('returns the time at which a frame arrived, not the time at which it was taken', async () => {
    const { state, frames } = makeSource(2);
    const intake = new FrameIntake({ maxWaiting: 4, mayDrop: () => true });
    const begin = performance.now();
    for await (const { index } of intake.receive(frames())) {
      await until(() => state.isClosed);
      const arrivalMs = intake.takeArrivalMs(index);
      expect(arrivalMs).toBeGreaterThanOrEqual(begin);
      expect(arrivalMs).toBeLessThanOrEqual(performance.now());
    }
  });

  it('yields the waiting frames before it throws the error of the source', async () => {
    async function* failing(): AsyncGenerator<VideoFrame> {
      yield* makeSource(3).frames();
      throw new Error('the camera fell');
    }
    const indices: number[] = [];
    const consume = async () => {
      const intake = new FrameIntake({ maxWaiting: 8, mayDrop: () => true });
      for await (const { index } of intake.receive(failing())) {
        indices.push(index);
        for (let i = 0; i < 10; i++) await turn();
      }
    };
    await expect(consume()).rejects.toThrow('the camera fell');
    expect(indices).toEqual([0, 1, 2]);
  });

  it.each([true, false])('closes the source when the consumer leaves (dropping: %s)', async (mayDrop) => {
    const { state, frames } = makeSource(1000);
    const intake = new FrameIntake({ maxWaiting: 2, mayDrop: () => mayDrop });
    for await (const { index } of intake.receive(frames())) if (index >= 1) break;
    expect(state.isClosed).toBe(true);
    expect(state.numGiven).toBeLessThan(1000);
  });

  it.each([0, 1.5, NaN])('refuses maxWaiting %s', (maxWaiting) => {
    expect(() => new FrameIntake({ maxWaiting, mayDrop: () => true })).toThrow(UsageError);
  });
});
