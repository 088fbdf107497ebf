/**
 * Measures whether the memory of a training grows with its dataset. Writes random features of a small dataset and of one ten
 * times as large, trains one epoch on each in a process of its own, and compares the peak resident memory. The temporary
 * folder with the features is deleted.
 *
 *     npm run bench:training-memory [-- --json]
 *
 * The last line is a JSON object: `featuresMiB` and `peakMiB` of each dataset, and `peakMemoryGrowthMiB` between them.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./training-memory/training-memory-program.ts', import.meta.url));
/** Videos of one minute each: about 60 and 600 MB of features. */
const NUM_VIDEOS = { small: 20, large: 200 };
const MIB = 2 ** 20;
const isQuiet = process.argv.includes('--json');

const folder = await mkdtemp(path.join(tmpdir(), 'framewise-training-memory-'));
try {
  const small = await measure('small');
  const large = await measure('large');
  console.log(JSON.stringify({ small, large, peakMemoryGrowthMiB: large.peakMiB - small.peakMiB }));
} finally {
  await rm(folder, { recursive: true });
}

async function measure(name: keyof typeof NUM_VIDEOS) {
  const place = path.join(folder, name);
  const featuresMiB = Math.round((await run('write', place, NUM_VIDEOS[name])) / MIB);
  const peakMiB = Math.round((1024 * (await run('train', place, NUM_VIDEOS[name]))) / MIB);
  if (!isQuiet) console.log(`${featuresMiB} MiB of features: at most ${peakMiB} MiB of memory`);
  return { featuresMiB, peakMiB };
}

/** Runs a role in a process of its own and returns the number it sends. */
async function run(role: 'write' | 'train', place: string, numVideos: number): Promise<number> {
  const child = fork(PROGRAM, [role, place, String(numVideos)]);
  const told = once(child, 'message') as Promise<[number]>;
  const ended = once(child, 'exit').then(([exitCode]) => {
    throw new Error(
      `The process for "${role}" ended with exit code ${String(exitCode)} before it sent a result.`,
    );
  });
  const [value] = await Promise.race([told, ended]);
  ended.catch(() => undefined); // The result has arrived, so the exit code does not matter.
  return value;
}
