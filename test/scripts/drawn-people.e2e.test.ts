import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readLabelFile } from '../../src/annotations/label-files.js';
import { OutputError } from '../../src/errors.js';
import { findFfmpeg } from '../../src/ffmpeg/find-ffmpeg.js';
import { ACTIVITIES, RULES, type Posture } from '../../scripts/fixtures/drawn-people/motion/activities.js';
import { encodeVideo } from '../../scripts/fixtures/drawn-people/encode-video.js';
import { drawFrames } from '../../scripts/fixtures/drawn-people/film.js';
import { pose } from '../../scripts/fixtures/drawn-people/figure/pose.js';
import { Random, videoSeed } from '../../scripts/fixtures/drawn-people/random.js';
import { FRAME_HEIGHT, FRAME_WIDTH } from '../../scripts/fixtures/drawn-people/scene/scene.js';
import {
  FRAME_RATE,
  truthCsv,
  truthOf,
  writeClip,
  writeScreenplay,
  type Screenplay,
} from '../../scripts/fixtures/drawn-people/screenplay.js';
import { placeSkeleton } from '../../scripts/fixtures/drawn-people/figure/skeleton.js';
import { SolidCanvas } from '../../scripts/fixtures/drawn-people/figure/solid-canvas.js';
import { useTemporaryFolder } from '../temporary-folder.js';

const run = promisify(execFile);
const FIXTURES = path.join(import.meta.dirname, '..', '..', 'fixtures', 'drawn-people');
const AVERAGE = { heightM: 1.7, girth: 1, legs: 1, shoulders: 1, hips: 1, head: 1 };

const { inFolder, write } = useTemporaryFolder();

async function collect(screenplay: Screenplay): Promise<Uint8Array[]> {
  const frames: Uint8Array[] = [];
  for await (const frame of drawFrames(screenplay)) frames.push(frame);
  return frames;
}

function digest(frames: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const frame of frames) hash.update(frame);
  return hash.digest('hex');
}

/** Presentation times of a video's frames in seconds, as ffprobe reads them. */
async function frameTimes(file: string): Promise<number[]> {
  const { ffprobePath } = await findFfmpeg();
  const options = [
    '-v',
    'error',
    '-select_streams',
    'v',
    '-show_entries',
    'packet=pts_time',
    '-of',
    'csv=p=0',
  ];
  const { stdout } = await run(ffprobePath, [...options, file]);
  const times = stdout.split(/[\n,]+/).filter((text) => text.trim() !== '');
  return times.map(Number).sort((a, b) => a - b);
}

describe('seeded drawing', () => {
  it('draws the same frames from the same seed and others from another', async () => {
    const [first, again, other] = [7, 7, 8].map((seed) => writeClip(seed, 'jump', 0.4));
    const drawn = digest(await collect(first!));
    expect(digest(await collect(again!))).toBe(drawn);
    expect(digest(await collect(other!))).not.toBe(drawn);
  });

  it('is the mulberry32 generator', () => {
    // From an independent implementation of the published algorithm with 32-bit integers, seed 42.
    const random = new Random(42);
    expect([random.next(), random.next(), random.next()].map((value) => value * 2 ** 32)).toEqual([
      2581720956, 1925393290, 3661312704,
    ]);
  });

  it('keeps the seeds of training, test and committed videos apart', () => {
    expect(videoSeed('train', 999_999)).toBeLessThan(videoSeed('test', 0));
    expect(videoSeed('test', 999_999)).toBeLessThan(videoSeed('committed', 0));
    expect(() => videoSeed('train', 1_000_000)).toThrow(RangeError);
  });
});

describe('screenplays', () => {
  const screenplays = Array.from({ length: 100 }, (_, index) =>
    writeScreenplay(videoSeed('train', index), 12),
  );

  it('label every frame once, with no label twice in a row', () => {
    for (const screenplay of screenplays) {
      const segments = truthOf(screenplay);
      expect(segments[0]?.startFrame).toBe(0);
      for (const [at, segment] of segments.entries()) {
        expect(segment.endFrame - segment.startFrame).toBeGreaterThanOrEqual(1.2 * FRAME_RATE);
        const next = segments[at + 1];
        if (!next) continue;
        expect(next.startFrame).toBe(segment.endFrame);
        expect(next.label).not.toBe(segment.label);
      }
    }
  });

  it('show every activity, with cuts and without', () => {
    const labels = screenplays.flatMap(truthOf).map(({ label }) => label);
    expect(new Set(labels)).toEqual(new Set(ACTIVITIES));
    const shots = screenplays.flatMap((screenplay) => screenplay.shots);
    expect(shots.some(({ takes }) => takes.length > 1)).toBe(true);
    expect(screenplays.some((screenplay) => screenplay.shots.length > 1)).toBe(true);
  });

  it('begin an activity only from a posture that allows it', () => {
    for (const { takes } of screenplays.flatMap((screenplay) => screenplay.shots)) {
      let posture: Posture | undefined;
      for (const { activity } of takes) {
        if (posture) expect(RULES[activity].from).toContain(posture);
        posture = RULES[activity].to;
      }
    }
  });

  it('walk left to the left and right to the right, by the speed of a person', () => {
    for (const { activity, motion } of screenplays
      .flatMap(({ shots }) => shots)
      .flatMap(({ takes }) => takes)) {
      const metresPerSec = motion.travelAt(1)[0];
      if (activity === 'walk left') expect(-metresPerSec).toBeGreaterThan(0.3);
      else if (activity === 'walk right') expect(metresPerSec).toBeGreaterThan(0.3);
      else expect(metresPerSec).toBe(0);
      expect(Math.abs(metresPerSec)).toBeLessThan(1.8);
    }
  });

  it('carry a body into the next activity without a leap', () => {
    for (const { takes } of screenplays.flatMap((screenplay) => screenplay.shots)) {
      for (const [at, { motion, numFrames }] of takes.entries()) {
        const next = takes[at + 1];
        if (!next) continue;
        const last = placeSkeleton(motion.poseAt((numFrames - 1) / FRAME_RATE), AVERAGE);
        const first = placeSkeleton(next.motion.poseAt(0), AVERAGE);
        const leap = Math.hypot(...[0, 1, 2].map((axis) => first.head[axis]! - last.head[axis]!));
        expect(leap).toBeLessThan(0.3);
      }
    }
  });
});

describe('bodies', () => {
  it('stand on the floor at their full height', () => {
    const { head, left, right } = placeSkeleton(pose(), AVERAGE);
    expect(Math.min(left.heel[1], left.toes[1], right.heel[1], right.toes[1])).toBeCloseTo(0, 6);
    expect(head[1] / AVERAGE.heightM).toBeCloseTo(0.93, 1); // Winter: chin 0.870, crown 1.
  });

  it('keep their lengths of bone in every pose', () => {
    const bent = placeSkeleton(
      pose({ lean: 40, both: { hip: 90, knee: 100, swing: 70, elbow: 80 } }),
      AVERAGE,
    );
    const upright = placeSkeleton(pose(), AVERAGE);
    const length = (a: readonly number[], b: readonly number[]): number =>
      Math.hypot(...a.map((coordinate, axis) => coordinate - b[axis]!));
    expect(length(bent.left.hip, bent.left.knee)).toBeCloseTo(0.245 * 1.7, 6);
    expect(length(bent.right.elbow, bent.right.wrist)).toBeCloseTo(
      length(upright.right.elbow, upright.right.wrist),
      6,
    );
    expect(bent.head[1]).toBeLessThan(upright.head[1] - 0.3);
  });
});

describe('the solid canvas', () => {
  const light = { direction: [0, 0, 1], ambient: 0.5, tint: [1, 1, 1] } as const;

  it('shows a ball at the depth of its surface', () => {
    const canvas = new SolidCanvas(41, 41);
    const at = [20.5, -20.5, 3] as const;
    canvas.draw({ from: at, to: at, fromRadius: 10, toRadius: 10, color: [200, 0, 0] }, light);
    expect(canvas.depth[20 * 41 + 20]).toBeCloseTo(13, 5);
    expect(canvas.depth[20 * 41 + 26]).toBeCloseTo(3 + 8, 5); // 6-8-10 triangle
    expect(canvas.depth[20 * 41 + 31]).toBe(-Infinity);
  });

  it('draws a swept ellipsoid at the nearest of its many ellipsoids', () => {
    const solid = {
      from: [14, -12, 2] as const,
      to: [29, -30, 11] as const,
      fromRadius: 8,
      toRadius: 4,
      axes: [
        [0.6, 0.8, 0],
        [-0.8, 0.6, 0],
        [0, 0, 1],
      ] as const,
      stretch: [1, 0.7, 1.3] as const,
      color: [0, 200, 0] as const,
    };
    const swept = new SolidCanvas(41, 41);
    swept.draw(solid, light);
    const stamped = new SolidCanvas(41, 41);
    for (let step = 0; step <= 4000; step++) {
      const t = step / 4000;
      const at = [14 + 15 * t, -12 - 18 * t, 2 + 9 * t] as const;
      stamped.draw({ ...solid, from: at, to: at, fromRadius: 8 - 4 * t, toRadius: 8 - 4 * t }, light);
    }
    const covered = [...stamped.depth.keys()].filter((at) => stamped.depth[at]! > -Infinity);
    expect(covered.length).toBeGreaterThan(200);
    for (const at of covered) expect(swept.depth[at]! - stamped.depth[at]!).toBeLessThan(0.05);
    for (const at of covered) expect(swept.depth[at]!).toBeGreaterThanOrEqual(stamped.depth[at]! - 1e-4);
  });
});

describe('encoded videos', () => {
  it('have a frame for each that was drawn, at k/15 s, and their truth reads back', async () => {
    const screenplay = writeClip(3, 'wave', 1.2);
    const file = inFolder('wave.mp4');
    await encodeVideo(drawFrames(screenplay), file);
    const times = await frameTimes(file);
    expect(times).toHaveLength(18);
    for (const [frame, time] of times.entries()) expect(time).toBeCloseTo(frame / 15, 5);

    const csv = truthCsv([{ video: 'wave.mp4', segments: truthOf(screenplay) }]);
    const labels = await write('labels.csv', csv);
    expect((await readLabelFile(labels)).segments).toMatchObject([
      { video: 'wave.mp4', label: 'wave', startSec: 0, endSec: 1.2 },
    ]);
  });

  it('leave no file when ffmpeg fails', async () => {
    const file = inFolder('broken.mp4');
    await expect(encodeVideo(drawFrames(writeClip(3, 'wave', 0.2)), file, { width: 3 })).rejects.toThrow(
      OutputError,
    );
    expect(await readdir(inFolder())).not.toContain('broken.mp4');
    expect(await readdir(inFolder())).not.toContain('broken.mp4.part');
  });

  it('put the frame at a boundary into the segment that it begins', () => {
    const segments = [
      { label: 'wave', startFrame: 0, endFrame: 20 },
      { label: 'fall', startFrame: 20, endFrame: 41 },
    ] as const;
    const [, first, second] = truthCsv([{ video: 'a.mp4', segments }]).split('\n');
    const [end, start] = [Number(first?.split(',')[3]), Number(second?.split(',')[2])];
    expect(start).toBe(end);
    expect(start).toBeLessThanOrEqual(20 / 15);
    expect(start).toBeGreaterThan(19 / 15);
  });
});

describe('the committed videos', () => {
  it.each(['demo.csv', path.join('stitched', 'labels.csv')])(
    '%s covers each of its videos whole',
    async (name) => {
      const { segments } = await readLabelFile(path.join(FIXTURES, name));
      for (const video of new Set(segments.map((segment) => segment.video))) {
        const times = await frameTimes(path.join(FIXTURES, path.dirname(name), video));
        const own = segments.filter((segment) => segment.video === video);
        expect(own[0]?.startSec).toBe(0);
        expect(own.at(-1)?.endSec).toBeCloseTo(times.length / FRAME_RATE, 5);
      }
    },
  );

  it('are reproducible from their seeds', async () => {
    const truth = await readFile(path.join(FIXTURES, 'stitched', 'labels.csv'), 'utf8');
    const segments = truthOf(writeScreenplay(videoSeed('committed', 1000), 8));
    expect(truth.startsWith(truthCsv([{ video: 'stitched-1.mp4', segments }]))).toBe(true);
  });

  it('have frames of the drawn size', async () => {
    const [frame] = await collect(writeClip(3, 'stand', 1 / FRAME_RATE));
    expect(frame).toHaveLength(FRAME_WIDTH * FRAME_HEIGHT * 3);
  });
});
