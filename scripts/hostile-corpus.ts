/**
 * Decodes some hundred damaged and adversarial files, made from a fixture, and prints what came of them: frames or an error,
 * never a crash, a hang, a leak, or a look into another file.
 *
 *     npx tsx scripts/hostile-corpus.ts [--seed 1] [--every 1] [--each]
 *
 * `FFMPEG_PATH` and `FFPROBE_PATH` choose another ffmpeg.
 */
import { Command } from 'commander';
import { tryCorpus } from './hostile-corpus/try-corpus.js';
import { sumOutcomes } from './hostile-corpus/sum-outcomes.js';

const program = new Command('hostile-corpus')
  .option('--seed <n>', 'other damage', Number, 1)
  .option('--every <n>', 'decode one in so many inputs', Number, 1)
  .option('--each', 'print a line an input')
  .allowExcessArguments(false)
  .parse();
const { seed, every, each } = program.opts<{ seed: number; every: number; each?: boolean }>();

const { outcomes, use, requests } = await tryCorpus({
  seed,
  every,
  onOutcome({ kind, path, numFrames, message = '', faults }) {
    if (each) console.error(JSON.stringify([kind, path, numFrames, message, ...faults]));
  },
});
console.log(sumOutcomes(outcomes));
console.log(
  `Left behind: ${use.numChildren} processes, ${use.filesLeft.length} open files, ${use.rejections.length} unhandled ` +
    `rejections. Memory at most: ${use.growthMiB.toFixed(0)} MiB more, ${use.largestChildMiB.toFixed(0)} MiB in an ffmpeg. ` +
    `The canary's server was asked ${requests.length} times.`,
);
for (const file of use.filesLeft) console.log(`left open: ${file}`);
for (const { path, faults } of outcomes)
  for (const fault of faults) console.log(`FAULT ${JSON.stringify(path)}: ${fault}`);
const isSafe = use.numChildren + use.rejections.length + requests.length === 0;
if (!isSafe || outcomes.some(({ faults }) => faults.length > 0)) process.exitCode = 1;
