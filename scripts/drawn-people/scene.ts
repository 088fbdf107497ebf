import sharp from 'sharp';
import { normalize } from './geometry.js';
import type { Random } from './random.js';
import { SETTINGS, paintScenery } from './scenery.js';
import type { Light } from './solid-canvas.js';

/** Width of every drawn frame, in pixels. */
export const FRAME_WIDTH = 320;
/** Height of every drawn frame, in pixels. */
export const FRAME_HEIGHT = 240;

/** Pixels painted beyond each edge of the frame, for the camera to shake into. */
export const MARGIN = 12;

/** A camera held by hand. */
export interface Camera {
  /** Degrees by which it looks down. */
  tiltDegrees: number;
  /** Furthest that its shaking moves the picture, in pixels. */
  shake: number;
  /** Standard deviation of the sensor's noise, in 8-bit steps. */
  noise: number;
  /** Shaking in cycles a second and phase, two waves for each direction. */
  waves: readonly { perSec: number; phase: number }[];
}

/** A place, its light and the camera that sees it. */
export interface Scene {
  scenery: string;
  /** Row of the frame at which the floor begins. */
  floorLine: number;
  light: Light;
  camera: Camera;
}

/** Builds one place. */
export function createScene(random: Random): Scene {
  const floorLine = random.between(0.56, 0.74) * FRAME_HEIGHT;
  const area = {
    width: FRAME_WIDTH + 2 * MARGIN,
    height: FRAME_HEIGHT + 2 * MARGIN,
    floorLine: floorLine + MARGIN,
  };
  const warmth = random.between(-0.07, 0.07);
  const exposure = random.between(0.85, 1.08);
  return {
    scenery: paintScenery(random.pick(SETTINGS), area, random.fork()),
    floorLine,
    light: {
      direction: normalize([random.between(-0.8, 0.8), random.between(0.7, 1.1), random.between(0.35, 0.9)]),
      ambient: random.between(0.5, 0.75),
      tint: [exposure * (1 + warmth), exposure, exposure * (1 - warmth)],
    },
    camera: {
      tiltDegrees: random.between(5, 15),
      shake: random.chance(0.3) ? 0 : random.between(0.3, 3),
      noise: random.between(1, 6),
      waves: Array.from({ length: 4 }, () => ({
        perSec: random.between(0.4, 3.2),
        phase: random.between(0, 6),
      })),
    },
  };
}

/** Paints the place without its people: RGB, `[FRAME_HEIGHT + 2·MARGIN, FRAME_WIDTH + 2·MARGIN, 3]`. */
export async function renderBackground({ scenery, light }: Scene): Promise<Uint8Array> {
  return sharp(Buffer.from(scenery))
    .removeAlpha()
    .linear([...light.tint], [0, 0, 0])
    .raw()
    .toBuffer();
}

/** How far the shaking camera has moved the picture, in pixels. */
export function shakeAt({ shake, waves }: Camera, timeSec: number): [x: number, y: number] {
  const swing = waves.map(({ perSec, phase }) => Math.sin(2 * Math.PI * perSec * timeSec + phase));
  const [a = 0, b = 0, c = 0, d = 0] = swing;
  return [(shake * (a + b)) / 2, (shake * (c + d)) / 2];
}
