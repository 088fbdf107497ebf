import { once } from 'node:events';
import { expect, it } from 'vitest';
import { FrameAssembler } from '../../src/video/frame-assembler.js';

const stream = Uint8Array.from({ length: 7 * 100 }, (_, i) => i % 251);

it.each([1, 6, 7, 8, 64, 700])('cuts the same frames from chunks of %i bytes', (chunkBytes) => {
  const assembler = new FrameAssembler(7, () => undefined);
  const frames: Uint8Array[] = [];
  const takeAll = () => {
    for (let frame = assembler.take(); frame; frame = assembler.take()) frames.push(frame);
  };
  for (let offset = 0; offset < stream.length; offset += chunkBytes) {
    assembler.write(stream.subarray(offset, offset + chunkBytes));
    takeAll();
  }
  expect(Buffer.concat(frames)).toEqual(Buffer.from(stream));
  expect(frames.every(({ length }) => length === 7)).toBe(true);
  expect(assembler.partialBytes).toBe(0);
});

it('lets its writer wait while frames wait, and go on when one is taken', () => {
  const assembler = new FrameAssembler(7, () => undefined);
  assembler.write(stream.subarray(0, 7 * 7));
  expect(assembler.isFull).toBe(false);
  assembler.write(stream.subarray(0, 7));
  assembler.write(stream.subarray(0, 3));
  expect([assembler.isFull, assembler.partialBytes]).toEqual([true, 0]);
  assembler.take();
  expect([assembler.isFull, assembler.partialBytes]).toEqual([false, 3]);
});

it('discards everything once it is told to, so that its writer can end', async () => {
  const assembler = new FrameAssembler(7, () => undefined);
  assembler.write(stream);
  assembler.discard();
  assembler.end(stream);
  await once(assembler, 'finish');
  expect(assembler.hasFrame).toBe(false);
});
