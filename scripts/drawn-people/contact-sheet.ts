import sharp from 'sharp';
import type { OverlayOptions } from 'sharp';
import { ACTIVITIES } from './activities.js';
import { drawFrames } from './film.js';
import { FRAME_HEIGHT, FRAME_WIDTH } from './scene.js';
import { FRAME_RATE, writeClip } from './screenplay.js';

const COLUMNS = 7;
const CLIP_SEC = 2;

/**
 * Draws a clip of every activity, a row each, frames from left to right in time: the quick way to judge the
 * look.
 */
export async function drawContactSheet(file: string, firstSeed: number): Promise<void> {
  const stride = Math.floor((CLIP_SEC * FRAME_RATE - 1) / (COLUMNS - 1));
  const tiles: OverlayOptions[] = [];
  for (const [row, activity] of ACTIVITIES.entries()) {
    let frame = 0;
    for await (const pixels of drawFrames(writeClip(firstSeed + row, activity, CLIP_SEC))) {
      const column = frame++ / stride;
      if (!Number.isInteger(column) || column >= COLUMNS) continue;
      const raw = { width: FRAME_WIDTH, height: FRAME_HEIGHT, channels: 3 } as const;
      tiles.push({
        input: Buffer.from(pixels.buffer),
        raw,
        left: column * FRAME_WIDTH,
        top: row * FRAME_HEIGHT,
      });
    }
  }
  const [width, height] = [COLUMNS * FRAME_WIDTH, ACTIVITIES.length * FRAME_HEIGHT];
  await sharp({ create: { width, height, channels: 3, background: 'black' } })
    .composite(tiles)
    .png()
    .toFile(file);
}
