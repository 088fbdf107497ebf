import { rotate, roll } from './geometry.js';
import { figureSolids, projectSolids, shadowSolids } from './figure.js';
import { Random } from './random.js';
import { FRAME_HEIGHT, FRAME_WIDTH, MARGIN, renderBackground, shakeAt } from './scene.js';
import { FRAME_RATE } from './screenplay.js';
import type { Screenplay, Shot } from './screenplay.js';
import { placeSkeleton } from './skeleton.js';
import { SolidCanvas } from './solid-canvas.js';
import type { Solid } from './solid-canvas.js';

/** The figure is drawn at this many pixels to a pixel, each way, and averaged: smooth edges. */
const OVERSAMPLING = 2;

/** The shadow is drawn at half the size, and blurred. */
const SHADOW_SCALE = 0.5;

/** Length of the table of noise, a prime, so that its use does not repeat with the rows. */
const NOISE_LENGTH = 65_537;

/**
 * Draws a screenplay.
 *
 * @returns Frames in order, RGB24 `[FRAME_HEIGHT, FRAME_WIDTH, 3]`. Each has memory of its own.
 */
export async function* drawFrames({ shots }: Screenplay): AsyncGenerator<Uint8Array> {
  const figure = new SolidCanvas(OVERSAMPLING * FRAME_WIDTH, OVERSAMPLING * FRAME_HEIGHT);
  const shadow = new SolidCanvas(SHADOW_SCALE * FRAME_WIDTH, SHADOW_SCALE * FRAME_HEIGHT);
  for (const shot of shots) {
    const background = await renderBackground(shot.scene);
    const random = new Random(shot.noiseSeed);
    const noise = Float32Array.from(
      { length: NOISE_LENGTH },
      () => shot.scene.camera.noise * random.normal(),
    );
    let frameInShot = 0;
    for (const take of shot.takes) {
      for (let frame = 0; frame < take.numFrames; frame++, frameInShot++) {
        const shake = shakeAt(shot.scene.camera, frameInShot / FRAME_RATE);
        const pixels = cropBackground(background, shake);
        drawPerson(shot, take, frame / FRAME_RATE, shake, figure, shadow);
        castShadow(pixels, shadow, shot.scene.floorLine + shake[1]);
        pasteFigure(pixels, figure);
        addNoise(pixels, noise, random.integer(0, NOISE_LENGTH - 1));
        yield pixels;
      }
    }
  }
}

/** Draws the person and the shadow on canvases of their own. */
function drawPerson(
  { person, scene, pixelsPerMetre, origin }: Shot,
  { motion, place }: Shot['takes'][number],
  timeSec: number,
  shake: readonly [number, number],
  figure: SolidCanvas,
  shadow: SolidCanvas,
): void {
  const view = roll(scene.camera.tiltDegrees);
  const travelled = motion.travelAt(timeSec);
  const [x, y] = rotate(view, [place[0] + travelled[0], 0, place[2] + travelled[2]]);
  const foot = [
    origin[0] + shake[0] + x * pixelsPerMetre,
    -origin[1] - shake[1] + y * pixelsPerMetre,
  ] as const;
  const solids = figureSolids(person, placeSkeleton(motion.poseAt(timeSec), person.build));
  const draw = (canvas: SolidCanvas, factor: number, shapes: readonly Solid[]): void => {
    canvas.clear();
    const at = [factor * foot[0], factor * foot[1], 0] as const;
    for (const solid of projectSolids(shapes, view, factor * pixelsPerMetre, at))
      canvas.draw(solid, scene.light);
  };
  draw(figure, OVERSAMPLING, solids);
  draw(shadow, SHADOW_SCALE, shadowSolids(solids, scene.light.direction));
}

/** The part of the background that the shaken camera sees, between pixels where it must be. */
function cropBackground(background: Uint8Array, [shakeX, shakeY]: readonly [number, number]): Uint8Array {
  const stride = 3 * (FRAME_WIDTH + 2 * MARGIN);
  const [left, top] = [MARGIN - shakeX, MARGIN - shakeY];
  const [column, row] = [Math.floor(left), Math.floor(top)];
  const [partX, partY] = [left - column, top - row];
  const [nw, ne, sw, se] = [
    (1 - partX) * (1 - partY),
    partX * (1 - partY),
    (1 - partX) * partY,
    partX * partY,
  ] as const;
  const pixels = new Uint8Array(3 * FRAME_WIDTH * FRAME_HEIGHT);
  for (let y = 0, to = 0; y < FRAME_HEIGHT; y++) {
    let from = (row + y) * stride + 3 * column;
    for (let x = 0; x < 3 * FRAME_WIDTH; x++, from++, to++) {
      pixels[to] =
        nw * background[from]! +
        ne * background[from + 3]! +
        sw * background[from + stride]! +
        se * background[from + stride + 3]! +
        0.5;
    }
  }
  return pixels;
}

/** Darkens the floor, and only the floor, where the shadow falls. */
function castShadow(pixels: Uint8Array, { width, height, depth }: SolidCanvas, floorLine: number): void {
  const cover = blur(
    blur(
      Float32Array.from(depth, (nearness) => (nearness > -Infinity ? 1 : 0)),
      width,
    ),
    width,
  );
  const firstRow = Math.max(0, Math.ceil(SHADOW_SCALE * floorLine));
  for (let row = firstRow; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const covered = cover[row * width + column]!;
      if (covered < 0.01) continue;
      for (const y of [2 * row, 2 * row + 1]) {
        const at = 3 * (y * FRAME_WIDTH + 2 * column);
        for (let i = at; i < at + 6; i++) pixels[i]! *= 1 - 0.48 * covered;
      }
    }
  }
}

/** Averages each cell with its eight neighbours. */
function blur(cells: Float32Array, width: number): Float32Array {
  const alongRows = cells.map((cell, at) => (cell + (cells[at - 1] ?? 0) + (cells[at + 1] ?? 0)) / 3);
  return alongRows.map(
    (cell, at) => (cell + (alongRows[at - width] ?? 0) + (alongRows[at + width] ?? 0)) / 3,
  );
}

/** Lays the figure over the picture, averaging its finer pixels. */
function pasteFigure(pixels: Uint8Array, { width, depth, pixels: fine }: SolidCanvas): void {
  for (let y = 0, to = 0; y < FRAME_HEIGHT; y++) {
    for (let x = 0; x < FRAME_WIDTH; x++, to += 3) {
      const first = OVERSAMPLING * (y * width + x);
      let [covered, red, green, blue] = [0, 0, 0, 0];
      for (const at of [first, first + 1, first + width, first + width + 1]) {
        if (depth[at] === -Infinity) continue;
        covered += 0.25;
        red += 0.25 * fine[3 * at]!;
        green += 0.25 * fine[3 * at + 1]!;
        blue += 0.25 * fine[3 * at + 2]!;
      }
      if (covered === 0) continue;
      pixels[to] = (1 - covered) * pixels[to]! + red;
      pixels[to + 1] = (1 - covered) * pixels[to + 1]! + green;
      pixels[to + 2] = (1 - covered) * pixels[to + 2]! + blue;
    }
  }
}

function addNoise(pixels: Uint8Array, noise: Float32Array, offset: number): void {
  for (let i = 0, at = offset; i < pixels.length; i++) {
    const noisy = pixels[i]! + noise[at]!;
    pixels[i] = noisy < 0 ? 0 : noisy > 255 ? 255 : noisy;
    if (++at === noise.length) at = 0;
  }
}
