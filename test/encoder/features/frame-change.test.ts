import { describe, expect, it } from 'vitest';
import { ChangeDetector } from '../../../src/encoder/features/encode-frames.js';

const WIDTH = 40;
const HEIGHT = 24;

/** A gray picture with a rectangle of another level. */
function picture(rectangle?: { x: number; y: number; size: number; level: number }): Uint8Array {
  const pixels = new Uint8Array(WIDTH * HEIGHT * 3).fill(100);
  if (!rectangle) return pixels;
  const { x, y, size, level } = rectangle;
  for (let row = y; row < y + size; row++)
    pixels.fill(level, 3 * (row * WIDTH + x), 3 * (row * WIDTH + x + size));
  return pixels;
}

describe('ChangeDetector', () => {
  it('detects a small moving object in a large picture', () => {
    const changes = new ChangeDetector(WIDTH, 5);
    expect(changes.isChanged(picture())).toBe(true);
    expect(changes.isChanged(picture())).toBe(false);
    // 16 of a tile's 256 pixels by 100 levels are 6.25 on average, of the whole picture's 960 only 1.7.
    expect(changes.isChanged(picture({ x: 2, y: 2, size: 4, level: 200 }))).toBe(true);
    expect(changes.isChanged(picture({ x: 2, y: 2, size: 4, level: 200 }))).toBe(false);
    expect(changes.isChanged(picture())).toBe(true);
  });

  it('ignores changes below the threshold', () => {
    const changes = new ChangeDetector(WIDTH, 5);
    changes.isChanged(picture());
    expect(changes.isChanged(picture({ x: 2, y: 2, size: 3, level: 200 }))).toBe(false); // 3.5
  });

  it('checks the narrow tiles at the right and lower edges', () => {
    const changes = new ChangeDetector(WIDTH, 5);
    changes.isChanged(picture());
    expect(changes.isChanged(picture({ x: 37, y: 21, size: 3, level: 200 }))).toBe(true); // 9 of 64 pixels
  });

  it('keeps a copy, so that the memory of the frame may be reused', () => {
    const changes = new ChangeDetector(WIDTH, 5);
    const reused = picture();
    changes.isChanged(reused);
    reused.fill(0);
    expect(changes.isChanged(picture())).toBe(false);
  });
});
