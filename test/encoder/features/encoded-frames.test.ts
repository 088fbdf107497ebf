import { expect, it } from 'vitest';
import { joinBatches, type EncodedFrames } from '../../../src/encoder/features/encoded-frames.js';

/** Batches of these sizes, whose features are the numbers of the frames, twice each. */
async function* batchesOf(...sizes: number[]): AsyncGenerator<EncodedFrames> {
  let firstIndex = 0;
  for (const size of sizes) {
    const indices = Array.from({ length: size }, (_, frame) => firstIndex + frame);
    const features = Float32Array.from(indices.flatMap((index) => [index, index]));
    yield await Promise.resolve({ firstIndex, timesSec: Float64Array.from(indices), features });
    firstIndex += size;
  }
}

async function join(...sizes: number[]): Promise<EncodedFrames[]> {
  const joined: EncodedFrames[] = [];
  for await (const stretch of joinBatches(batchesOf(...sizes), 6)) joined.push(stretch);
  return joined;
}

it('joins batches until there are enough frames, and yields the rest at the end', async () => {
  const stretches = await join(4, 4, 8, 2, 1);
  expect(stretches.map(({ firstIndex }) => firstIndex)).toEqual([0, 8, 16]);
  expect(stretches.map(({ timesSec }) => timesSec.length)).toEqual([8, 8, 3]);
  expect(stretches.flatMap(({ timesSec }) => [...timesSec])).toEqual(Array.from({ length: 19 }, (_, i) => i));
  expect([...stretches[2]!.features]).toEqual([16, 16, 17, 17, 18, 18]);
});

it('yields nothing for an empty source', async () => {
  expect(await join()).toEqual([]);
});
