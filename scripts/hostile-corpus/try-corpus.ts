import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { findFfmpeg } from '../../src/runtime/ffmpeg.js';
import { placeCanary } from './canary.js';
import { decodeCorpus, type HostileOutcome } from './decode-corpus.js';
import { makeCorpus } from './make-corpus.js';
import { watchResources, type ResourceUse } from './watch-resources.js';

/** What came of a corpus. */
export interface CorpusTrial {
  outcomes: HostileOutcome[];
  use: ResourceUse;
  /** What was asked of the canary's server. */
  requests: string[];
}

/** How a corpus is tried. */
export interface TrialOptions {
  /** Default 1. */
  seed?: number;
  /** One in so many inputs is decoded. Default 1, all. */
  every?: number;
  onOutcome?: (outcome: HostileOutcome) => void;
}

/** Makes the corpus in a temporary folder, decodes it there, and removes it. */
export async function tryCorpus({ seed = 1, every = 1, onOutcome }: TrialOptions = {}): Promise<CorpusTrial> {
  const { ffmpegPath } = await findFfmpeg();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'framewise-hostile-'));
  const before = process.cwd();
  const canary = await placeCanary(ffmpegPath, path.join(folder, 'canary'));
  try {
    const inputs = await makeCorpus(ffmpegPath, folder, canary, seed);
    const chosen = inputs.filter((_, position) => position % every === 0);
    process.chdir(folder); // odd names begin where a path does not
    await decodeCorpus(inputs.slice(0, 1)); // what is opened once and for all is open then
    const stopWatching = watchResources();
    const outcomes = await decodeCorpus(chosen, onOutcome);
    return { outcomes, use: stopWatching(), requests: canary.requests };
  } finally {
    process.chdir(before);
    canary.close();
    await rm(folder, { recursive: true, force: true });
  }
}
