import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeFrames, type EncodeFramesOptions } from '../../../src/encoder/features/encode-frames.js';
import type { EncodedFrames } from '../../../src/encoder/features/encoded-frames.js';
import { BatchMemory } from '../../../src/encoder/pool/batch-memory.js';
import type { FrameEncoder } from '../../../src/encoder/frame-encoder.js';
import { ShapeError, UsageError } from '../../../src/errors.js';
import type { VideoFrame } from '../../../src/video/video-frame.js';

const unhandled: unknown[] = [];
const record = (reason: unknown): void => void unhandled.push(reason);

beforeEach(() => {
  unhandled.length = 0;
  process.on('unhandledRejection', record);
});
afterEach(async () => {
  await sleep(20);
  process.off('unhandledRejection', record);
  expect(unhandled).toEqual([]);
});

/** Frames of one pixel whose first byte is their index. */
class Source {
  numRead = 0;
  isClosed = false;

  constructor(
    readonly numFrames: number,
    readonly beforeFrame: (index: number) => unknown = () => undefined,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<VideoFrame> {
    try {
      for (let index = 0; index < this.numFrames; index++) {
        await this.beforeFrame(index);
        this.numRead++;
        yield { index: index + 100, timeSec: index / 4, data: Uint8Array.of(index, 0, 0) };
      }
    } finally {
      this.isClosed = true;
    }
  }
}

/** Features are a frame's first byte and its double; each batch takes as long as `delay` says. */
class Encoder implements FrameEncoder {
  readonly id = 'double';
  readonly inputWidth = 1;
  readonly inputHeight = 1;
  readonly pictureFit = 'fill';
  readonly featureSize = 2;
  numRunning = 0;
  mostRunning = 0;

  constructor(
    readonly concurrency: number,
    readonly delay: (firstByte: number) => Promise<unknown> = () => sleep(1),
  ) {}

  async encode(pixels: Uint8Array, numFrames: number): Promise<Float32Array> {
    this.mostRunning = Math.max(this.mostRunning, ++this.numRunning);
    try {
      await this.delay(pixels[0]!);
    } finally {
      this.numRunning--;
    }
    expect(pixels).toHaveLength(3 * numFrames);
    return Float32Array.from(
      { length: 2 * numFrames },
      (_, index) => pixels[3 * (index >> 1)]! * (1 + (index & 1)),
    );
  }

  dispose(): void {}
}

async function collect(
  source: Source,
  encoder: Encoder,
  options?: EncodeFramesOptions,
): Promise<EncodedFrames[]> {
  const all: EncodedFrames[] = [];
  for await (const batch of encodeFrames(source, encoder, options)) all.push(batch);
  return all;
}

describe('encodeFrames', () => {
  it('yields features, times and indices in batches, of which the last may be shorter', async () => {
    expect(await collect(new Source(5), new Encoder(1), { batchSize: 2 })).toEqual([
      { firstIndex: 100, timesSec: Float64Array.of(0, 0.25), features: Float32Array.of(0, 0, 1, 2) },
      { firstIndex: 102, timesSec: Float64Array.of(0.5, 0.75), features: Float32Array.of(2, 4, 3, 6) },
      { firstIndex: 104, timesSec: Float64Array.of(1), features: Float32Array.of(4, 8) },
    ]);
  });

  it.each([0, 1, 8, 16, 17])('loses no frame of %i', async (numFrames) => {
    const batches = await collect(new Source(numFrames), new Encoder(3));
    const firstFeatures = batches.flatMap(({ features }) =>
      [...features].filter((_, index) => index % 2 === 0),
    );
    expect(firstFeatures).toEqual(Array.from({ length: numFrames }, (_, index) => index));
  });

  it('keeps the order if later batches finish first', async () => {
    const encoder = new Encoder(4, (byte) => sleep(byte % 8 === 0 ? 30 : 1));
    const batches = await collect(new Source(20), encoder, { batchSize: 1 });
    expect(batches.map(({ firstIndex }) => firstIndex)).toEqual(
      Array.from({ length: 20 }, (_, index) => 100 + index),
    );
  });

  it('keeps every worker busy and one batch ready', async () => {
    const encoder = new Encoder(3, () => sleep(10));
    await collect(new Source(30), encoder, { batchSize: 2 });
    expect(encoder.mostRunning).toBe(4);
  });

  it('reads no further than maxPending batches ahead of a slow consumer', async () => {
    const source = new Source(100);
    let numYielded = 0;
    for await (const { timesSec } of encodeFrames(source, new Encoder(2), { batchSize: 4, maxPending: 3 })) {
      numYielded += timesSec.length;
      await sleep(3);
      expect(source.numRead - numYielded).toBeLessThanOrEqual(3 * 4);
    }
    expect(numYielded).toBe(100);
  });

  it('yields a batch as soon as it is ready, even if the source has stopped', async () => {
    let release = (): void => undefined;
    const source = new Source(
      2,
      (index) => index === 1 && new Promise<void>((resolve) => (release = resolve)),
    );
    const batches = encodeFrames(source, new Encoder(4), { batchSize: 1 });
    await expect(batches.next()).resolves.toMatchObject({ value: { firstIndex: 100 } });
    release();
    await expect(batches.next()).resolves.toMatchObject({ value: { firstIndex: 101 } });
    await expect(batches.next()).resolves.toMatchObject({ done: true });
  });

  it('closes the source when the consumer stops, and ignores batches that fail later', async () => {
    const source = new Source(100);
    const encoder = new Encoder(3, async (byte) => {
      await sleep(1 + byte);
      if (byte > 0) throw new Error('too late to matter');
    });
    for await (const batch of encodeFrames(source, encoder, { batchSize: 1 })) {
      expect(batch.firstIndex).toBe(100);
      break;
    }
    expect(source.isClosed).toBe(true);
    expect(source.numRead).toBeLessThan(8);
  });

  it('throws an error of the encoder after the batches before it, and closes the source', async () => {
    const source = new Source(100);
    const encoder = new Encoder(3, async (byte) => {
      await sleep(byte === 0 ? 20 : 1);
      if (byte >= 2) throw new Error(`batch ${byte}`);
    });
    const seen: number[] = [];
    const reading = (async () => {
      for await (const { firstIndex } of encodeFrames(source, encoder, { batchSize: 1 }))
        seen.push(firstIndex);
    })();
    await expect(reading).rejects.toThrow('batch 2');
    expect(seen).toEqual([100, 101]);
    expect(source.isClosed).toBe(true);
  });

  it('throws an error of the source', async () => {
    const source = new Source(10, (index) => {
      if (index === 5) throw new Error('stream cut');
    });
    await expect(collect(source, new Encoder(2), { batchSize: 2 })).rejects.toThrow('stream cut');
  });

  it('stops with the reason of its signal, and closes the source', async () => {
    const source = new Source(1000, () => sleep(1));
    const controller = new AbortController();
    const work = collect(source, new Encoder(2), { batchSize: 2, signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 30);
    await expect(work).rejects.toThrow('enough');
    expect(source.isClosed).toBe(true);
    expect(source.numRead).toBeLessThan(1000);
  });

  it('refuses a frame of another size, and names it', async () => {
    const encoder = Object.assign(new Encoder(1), { inputWidth: 2 });
    const error = await collect(new Source(1), encoder).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ShapeError);
    expect((error as ShapeError).message).toBe(
      'Frame 100 at 0 s: expected 6 bytes, [1, 2, 3], received 3 bytes.',
    );
  });

  describe('with skipUnchanged', () => {
    /** Frames of one pixel, all channels of the same level. */
    async function* levels(...values: number[]): AsyncGenerator<VideoFrame> {
      for (const [index, value] of values.entries())
        yield await Promise.resolve({ index, timeSec: index, data: Uint8Array.of(value, value, value) });
    }

    class Counting extends Encoder {
      numEncoded = 0;
      override encode(pixels: Uint8Array, numFrames: number): Promise<Float32Array> {
        this.numEncoded += numFrames;
        return super.encode(pixels, numFrames);
      }
    }

    async function firstFeatures(encoder: Encoder, values: number[], skipUnchanged: number) {
      const all: number[] = [];
      for await (const { timesSec, features } of encodeFrames(levels(...values), encoder, {
        batchSize: 2,
        skipUnchanged,
      })) {
        expect(features).toHaveLength(2 * timesSec.length);
        all.push(...features.filter((_, position) => position % 2 === 0));
      }
      return all;
    }

    it('encodes changed frames, and gives the others the features of the last changed one', async () => {
      const encoder = new Counting(2);
      const values = [10, 12, 20, 21, 19, 40, 40, 10];
      expect(await firstFeatures(encoder, values, 5)).toEqual([10, 10, 20, 20, 20, 40, 40, 10]);
      expect(encoder.numEncoded).toBe(4);
    });

    it('lets slow changes add up, because it compares with the last encoded frame', async () => {
      const encoder = new Counting(1);
      expect(await firstFeatures(encoder, [0, 2, 4, 6, 8, 10], 5)).toEqual([0, 0, 0, 6, 6, 6]);
    });

    it('continues through a still scene of any length, a few frames at a time', async () => {
      const encoder = new Counting(1);
      const values = Array.from({ length: 50 }, () => 7);
      const sizes: number[] = [];
      for await (const { features } of encodeFrames(levels(...values), encoder, {
        batchSize: 2,
        skipUnchanged: 1,
      })) {
        sizes.push(features.length / 2);
        expect([...features].filter((_, position) => position % 2 === 0).every((value) => value === 7)).toBe(
          true,
        );
      }
      expect(sizes).toEqual([8, 8, 8, 8, 8, 8, 2]);
      expect(encoder.numEncoded).toBe(1);
    });

    it('encodes every frame at threshold 0', async () => {
      const encoder = new Counting(1);
      expect(await firstFeatures(encoder, [3, 3, 3], 0)).toEqual([3, 3, 3]);
      expect(encoder.numEncoded).toBe(3);
    });
  });

  it('uses frames that already lie in its memory without a copy, and reuses the memory', async () => {
    const memory = new BatchMemory(3, 2);
    const buffers = new Set<ArrayBufferLike>();
    async function* decoded(): AsyncGenerator<VideoFrame> {
      for (let index = 0; index < 21; index++) {
        const data = memory.newFrame();
        buffers.add(data.buffer);
        data.set([index, 0, 0]);
        yield await Promise.resolve({ index, timeSec: index, data });
      }
    }
    const seen: number[] = [];
    for await (const { features } of encodeFrames(decoded(), new Encoder(2), { batchSize: 2, memory }))
      seen.push(...features.filter((_, position) => position % 2 === 0));
    expect(seen).toEqual(Array.from({ length: 21 }, (_, index) => index));
    expect(buffers.size).toBeLessThan(6);
  });

  it.each([
    { batchSize: 0 },
    { batchSize: 1.5 },
    { maxPending: 0 },
    { skipUnchanged: -1 },
    { skipUnchanged: 256 },
  ])('refuses %o', async (options) => {
    await expect(collect(new Source(1), new Encoder(1), options)).rejects.toBeInstanceOf(UsageError);
  });
});
