/**
 * One role of the benchmark, in a process of its own so that its memory can be measured. The result is sent as a message:
 *
 *     training-memory-program.ts write <folder> <videos>    bytes of features written
 *     training-memory-program.ts train <folder> <videos>    peak resident memory, in KiB
 */
import { startBackend } from '../../../src/runtime/backend.js';
import { encodeDataset } from '../../../src/training/data/load-sequences.js';
import { trainLabeler } from '../../../src/training/loop/train-labeler.js';
import { FRAME_RATE, LABELS, STORED_ENCODER, storeIn, videosIn, writeDataset } from './stored-dataset.js';

const [role, folder, numVideos] = process.argv.slice(2) as [string, string, string];
process.send!(await (role === 'write' ? writeDataset : train)(folder, Number(numVideos)));

/** Trains for one epoch and validates on a tenth of the videos, as `framewise train` would. */
async function train(place: string, count: number): Promise<number> {
  await startBackend('wasm');
  const sequences = await encodeDataset(videosIn(place, count), STORED_ENCODER, {
    frameRate: FRAME_RATE,
    labels: LABELS,
    cacheDir: storeIn(place),
  });
  const numValidation = count / 10;
  const { labeler } = await trainLabeler(sequences.slice(numValidation), sequences.slice(0, numValidation), {
    data: { labels: LABELS },
    network: { units: 16, projectionUnits: 16 },
    optimizer: { epochs: 1 },
  });
  labeler.dispose();
  return process.resourceUsage().maxRSS;
}
