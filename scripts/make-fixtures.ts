/**
 * Draws the people that framewise is tested and shown with, and those that its model `drawn-people` learns
 * from.
 *
 * tsx scripts/make-fixtures.ts committed                                  the files of fixtures/drawn-people
 * tsx scripts/make-fixtures.ts dataset --output DIR --videos N            videos and labels.csv to train on
 * tsx scripts/make-fixtures.ts dataset --output DIR --videos N --split test    unseen ones to evaluate on tsx
 * scripts/make-fixtures.ts sheet --output FILE.png                    a picture of every activity in time
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { writeFileAtomic } from '../src/runtime/output-file.js';
import { ACTIVITIES } from './drawn-people/activities.js';
import type { Activity } from './drawn-people/activities.js';
import { drawContactSheet } from './drawn-people/contact-sheet.js';
import { encodeVideo } from './drawn-people/encode-video.js';
import type { EncodeOptions } from './drawn-people/encode-video.js';
import { drawFrames } from './drawn-people/film.js';
import { Random } from './drawn-people/random.js';
import { FRAME_RATE, truthOf, writeClip, writeScreenplay } from './drawn-people/screenplay.js';
import type { Screenplay } from './drawn-people/screenplay.js';
import { videoSeed } from './drawn-people/seeds.js';
import type { Split } from './drawn-people/seeds.js';
import { truthCsv } from './drawn-people/truth-csv.js';
import type { VideoTruth } from './drawn-people/truth-csv.js';

const FIXTURES = path.join(import.meta.dirname, '..', 'fixtures', 'drawn-people');

/** Activities of the tiny training set: two that only time tells apart, and one that a single frame shows. */
const CLIP_CLASSES: readonly Activity[] = ['squat down', 'stand up', 'wave'];
const CLIPS_PER_CLASS = 4;

/** Shortest and longest length at which a stitched video ends with its next segment, in seconds. */
const VIDEO_SEC = [9.5, 15] as const;

/** Encodes one video and tells its truth. */
async function shoot(screenplay: Screenplay, file: string, options?: EncodeOptions): Promise<VideoTruth> {
  await encodeVideo(drawFrames(screenplay), file, options);
  return { video: path.basename(file), segments: truthOf(screenplay) };
}

async function makeDataset(options: {
  output: string;
  videos: number;
  seed: number;
  split: Split;
}): Promise<void> {
  const truths: VideoTruth[] = [];
  for (let index = options.seed; index < options.seed + options.videos; index++) {
    const seed = videoSeed(options.split, index);
    const screenplay = writeScreenplay(seed, new Random(seed).between(...VIDEO_SEC));
    truths.push(await shoot(screenplay, path.join(options.output, `${options.split}-${seed}.mp4`)));
    console.error(`${truths.length}/${options.videos} videos`);
  }
  await writeFileAtomic(path.join(options.output, 'labels.csv'), truthCsv(truths));
}

async function makeCommitted(): Promise<void> {
  for (const name of ['stitched', 'clips'])
    await rm(path.join(FIXTURES, name), { recursive: true, force: true });
  const demo = await shoot(chooseDemo(), path.join(FIXTURES, 'demo.mp4'));
  await writeFileAtomic(path.join(FIXTURES, 'demo.csv'), truthCsv([demo]));
  console.error('demo.mp4');

  const stitched: VideoTruth[] = [];
  for (let index = 0; index < 3; index++) {
    const screenplay = writeScreenplay(videoSeed('committed', 1000 + index), 8);
    stitched.push(await shoot(screenplay, path.join(FIXTURES, 'stitched', `stitched-${index + 1}.mp4`)));
  }
  await writeFileAtomic(path.join(FIXTURES, 'stitched', 'labels.csv'), truthCsv(stitched));
  console.error('stitched');

  for (const [row, activity] of CLIP_CLASSES.entries()) {
    for (let clip = 0; clip < CLIPS_PER_CLASS; clip++) {
      const screenplay = writeClip(videoSeed('committed', 2000 + 100 * row + clip), activity, 1.2);
      await shoot(screenplay, path.join(FIXTURES, 'clips', activity, `${clip + 1}.mp4`), { width: 160 });
    }
  }
  console.error('clips');
}

/** The first screenplay of 20 to 24 seconds that shows every label. */
function chooseDemo(): Screenplay {
  for (let index = 0; ; index++) {
    const screenplay = writeScreenplay(videoSeed('committed', index), 20);
    const segments = truthOf(screenplay);
    const numLabels = new Set(segments.map(({ label }) => label)).size;
    const lengthSec = (segments.at(-1)?.endFrame ?? 0) / FRAME_RATE;
    if (numLabels === ACTIVITIES.length && lengthSec <= 24) return screenplay;
  }
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Expected a whole number from 0.');
  return Number(text);
}

const program = new Command('make-fixtures').description('Draws videos of people with exact labels.');
program.command('committed').description('remake fixtures/drawn-people').action(makeCommitted);
program
  .command('dataset')
  .description('draw stitched videos and their labels.csv')
  .requiredOption('--output <folder>', 'where to write')
  .requiredOption('--videos <number>', 'how many', wholeNumber)
  .option('--seed <number>', 'number of the first video within its split', wholeNumber, 0)
  .addOption(new Option('--split <name>', 'which seeds').choices(['train', 'test']).default('train'))
  .action(makeDataset);
program
  .command('sheet')
  .description('draw every activity in time, as one picture')
  .requiredOption('--output <file>', 'PNG to write')
  .option('--seed <number>', 'number of the first clip', wholeNumber, 0)
  .action(({ output, seed }: { output: string; seed: number }) =>
    drawContactSheet(output, videoSeed('test', seed)),
  );
await program.parseAsync();
