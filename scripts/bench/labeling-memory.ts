/**
 * Measures whether the memory of a labeling process grows with the number of videos. Labels a thousand copies of the demo
 * video, of each only the beginning, in one process with two encoder threads, and compares its resident memory after 50 videos
 * with that after all. The temporary folder is deleted.
 *
 *     npm run bench:labeling-memory [-- --videos 1000] [--json]
 *
 * The last line is a JSON object: `residentMiB` after some numbers of videos, and `growth`, the median of the last hundred
 * videos divided by the median of the fifty from the 25th to the 75th.
 */
import { copyFile, link, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ActivityRecognizer, labelVideos } from '../../src/index.js';
import { median } from './measure/statistics.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DEMO = path.join(ROOT, 'fixtures/drawn-people/demo.mp4');
const MIB = 2 ** 20;
/** Short, so that opening and closing videos outweighs encoding. */
const DURATION_SEC = 0.3;

const { values } = parseArgs({
  options: { videos: { type: 'string', default: '1000' }, json: { type: 'boolean', default: false } },
});
const numVideos = Number(values.videos);

const folder = await mkdtemp(path.join(tmpdir(), 'framewise-labeling-memory-'));
try {
  const residentMiB = await labelCopies(await linkCopies(folder), folder);
  const early = median(residentMiB.slice(25, 75));
  const late = median(residentMiB.slice(-100));
  const shown = [1, 50, 100, 250, 500, numVideos].filter((count) => count <= numVideos);
  const after = Object.fromEntries(shown.map((count) => [count, Math.round(residentMiB[count - 1]!)]));
  const growth = Number((late / early).toFixed(3));
  if (!values.json)
    console.log(`From ${Math.round(early)} MiB to ${Math.round(late)} MiB: ${growth} times as much.`);
  console.log(JSON.stringify({ numVideos, residentMiB: after, growth }));
} finally {
  await rm(folder, { recursive: true });
}

async function linkCopies(place: string): Promise<string[]> {
  await mkdir(path.join(place, 'videos'));
  const videos = Array.from({ length: numVideos }, (_, index) => path.join(place, 'videos', `${index}.mp4`));
  const original = path.join(place, 'original.mp4');
  await copyFile(DEMO, original); // Links must be on one disk.
  for (const video of videos) await link(original, video);
  return videos;
}

/** @returns Resident memory of this process after each video. */
async function labelCopies(videos: readonly string[], place: string): Promise<number[]> {
  await using recognizer = await ActivityRecognizer.load(path.join(ROOT, 'models/drawn-people'), {
    workers: 2,
  });
  const residentMiB: number[] = [];
  const summary = await labelVideos(recognizer, videos, {
    outputDir: path.join(place, 'labels'),
    durationSec: DURATION_SEC,
    onOutcome: () => void residentMiB.push(process.memoryUsage.rss() / MIB),
  });
  if (summary.numFailed > 0) throw new Error(`${summary.numFailed} videos failed.`);
  return residentMiB;
}
