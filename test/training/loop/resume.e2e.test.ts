import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, truncate } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TrainingError, UsageError } from '../../../src/errors.js';
import { startBackend } from '../../../src/runtime/backend.js';
import { trainLabeler } from '../../../src/training/loop/train-labeler.js';
import type { NetworkOptions, OptimizerOptions } from '../../../src/training/options/training-options.js';
import { drawWaves, WAVE_LABELS, WAVE_NETWORK } from './waves.js';

const PROGRAM = fileURLToPath(new URL('training-program.ts', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'framewise-resume-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** Trains in a process of its own and kills it after `killAfter` steps. Returns the weights if it ended before. */
function train(runDir: string, backend: string, killAfter = Infinity): Promise<string | undefined> {
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, runDir, backend, '4'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (output.split('step\n').length > killAfter) child.kill('SIGKILL');
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(/weights (.*)\n/.exec(output)?.[1]);
      else if (signal === 'SIGKILL') resolve(undefined);
      else reject(new Error(`The training ended with code ${code}.`));
    });
  });
}

describe.each(['wasm', 'cpu'])('a training on %s that is killed', (backend) => {
  it('ends with the same weights as an undisturbed one, wherever it was killed', async () => {
    const whole = await train(path.join(folder, `${backend} whole`), backend);
    expect(whole).toMatch(/^[\w+/]{1000}/);
    const runDir = path.join(folder, `${backend} killed`);
    let weights: string | undefined;
    let numKills = 0;
    // Before the first checkpoint, after it in the middle of an epoch, at an epoch's end, and where it goes on.
    for (const killAfter of [3, 11, 40, 1, 55, Infinity]) {
      weights ??= await train(runDir, backend, killAfter);
      if (weights === undefined) numKills++;
    }
    expect(numKills).toBeGreaterThanOrEqual(3);
    expect(weights === whole).toBe(true);
    // The log tells of each step and epoch once, as if nothing had happened.
    const log = (run: string) => readFile(path.join(folder, `${backend} ${run}`, 'metrics.jsonl'), 'utf8');
    expect(await log('killed')).toBe(await log('whole'));
  });
});

/** What a run of these tests changes. */
interface RunOptions extends OptimizerOptions {
  resume?: boolean;
  network?: NetworkOptions;
}

describe('resuming', () => {
  let runDir: string;
  let reference: Float32Array[];
  const warnings: string[] = [];
  const onWarning = (message: string) => warnings.push(message);
  const training = drawWaves(5, 1);

  /** Trains, and interrupts the training after `stopAfter` steps. */
  const run = async (more: RunOptions, sequences = training, stopAfter = Infinity) => {
    warnings.length = 0;
    const controller = new AbortController();
    let numSteps = 0;
    const onStep = () => {
      if (++numSteps === stopAfter) controller.abort(new Error('interrupted'));
    };
    const { signal } = controller;
    const { resume, network = WAVE_NETWORK, ...optimizer } = more;
    const { labeler } = await trainLabeler(sequences, [], {
      ...{ network, signal, onStep, onWarning },
      data: { labels: WAVE_LABELS },
      optimizer: { epochs: 4, chunkLength: 8, numLanes: 2, ...optimizer },
      run: { outputDir: runDir, checkpointSteps: 3, resume },
    });
    const weights = [...(await labeler.exportWeights()).values()];
    labeler.dispose();
    return { weights, numSteps };
  };
  const checkpoints = async () => (await readdir(path.join(runDir, 'checkpoint'))).sort();
  const damage = (name: string) => truncate(path.join(runDir, 'checkpoint', name), 100);

  beforeAll(async () => {
    await startBackend('wasm');
    runDir = path.join(folder, 'reference');
    reference = (await run({})).weights;
    runDir = path.join(folder, 'run');
    await expect(run({}, training, 17)).rejects.toThrow('interrupted');
  });

  it('refuses another dataset, with other labels or other features', async () => {
    const [first, ...others] = training as [(typeof training)[0], ...typeof training];
    const relabeled = { ...first, targets: first.targets.map((target) => (target === 0 ? 1 : target)) };
    const altered = { ...first, features: first.features.map((value, i) => (i === 7 ? value + 1 : value)) };
    for (const changed of [relabeled, altered]) {
      const resumed = run({ resume: true }, [changed, ...others]);
      await expect(resumed).rejects.toThrow(/of another dataset/);
      await expect(resumed).rejects.toThrow(UsageError);
    }
  });

  it('refuses other settings and names them', async () => {
    const resumed = run({ resume: true, epochs: 5, network: { ...WAVE_NETWORK, units: 9 } });
    await expect(resumed).rejects.toThrow(/epochs was 4 and is 5; network.units was 8 and is 9/);
    await expect(resumed).rejects.toThrow(UsageError);
  });

  it('falls back to the checkpoint before a damaged one, and ends with the same weights', async () => {
    const [, newest] = await checkpoints();
    await damage(newest!);
    const { weights } = await run({ resume: true });
    expect(warnings).toEqual([expect.stringContaining(`${newest}" is damaged`)]);
    expect(weights).toEqual(reference);
  });

  it('returns the same weights if all was done', async () => {
    const { weights, numSteps } = await run({ resume: true });
    expect(weights).toEqual(reference);
    expect(numSteps).toBe(0);
  });

  it('stops if both checkpoints are damaged, and starts again only on request', async () => {
    for (const name of await checkpoints()) await damage(name);
    await expect(run({ resume: true })).rejects.toThrow(TrainingError);
    expect((await run({})).weights).toEqual(reference);
    expect(warnings).toEqual([]);
  });

  it.each([
    ['in clip mode', { isClipMode: true }],
    ['with a lane for each video', { numLanes: 8 }],
    ['in both directions', { network: { ...WAVE_NETWORK, layers: 2, bidirectional: true } }],
    ['without recurrence', { network: { ...WAVE_NETWORK, cell: 'none' as const } }],
  ])(
    'comes to the same weights %s, where each epoch shows another video at the same place',
    async (name, more) => {
      runDir = path.join(folder, `whole ${name}`);
      const whole = await run({ ...more, epochs: 6 });
      runDir = path.join(folder, `stopped ${name}`);
      await expect(run({ ...more, epochs: 6 }, training, whole.numSteps - 4)).rejects.toThrow('interrupted');
      expect((await run({ ...more, epochs: 6, resume: true })).weights).toEqual(whole.weights);
    },
  );

  it('starts at the beginning if there is no checkpoint yet', async () => {
    runDir = path.join(folder, 'new');
    expect((await run({ resume: true })).weights).toEqual(reference);
    expect(warnings).toEqual([expect.stringContaining('There is no checkpoint')]);
  });
});
