/**
 * Measures the backends of this machine against each other and against ONNX Runtime, which runs the same encoder network.
 *
 *     npm run bench:backends [-- --only wasm,tensorflow] [--software] [--rounds n] [--seconds n] [--json]
 *
 * The last line is a JSON object keyed by contestant. Of a backend it has
 * - `encoderFramesPerSec`: from bytes to features, by frames per batch, as the product encodes: `wasm` and `cpu` on one thread per
 *   core, each with its own batch, the others with one batch at a time;
 * - `trainingStepsPerSec`: forward, backward and Adam of an LSTM (8 sequences of 64 steps, 1024 inputs, 256 units);
 * - `labelingFramesPerSec`: from a video file to labels, by the model surveillance-fights, and `labelingOverDecoding`, this
 *   divided by the frames per second of decoding alone (1 if decoding is the bottleneck);
 * - `overWasm` and `overOnnxruntime`: the same as multiples of the two in the same rounds, and `bestEncoder`, each with its fastest
 *   batches (target: `tensorflow` at least 3 times `wasm`).
 * Contestants take turns in separate processes, so that a busy machine slows all alike. Figures are medians over the rounds. Slow
 * contestants (`cpu`, and with `--software` a `webgpu` without a GPU) have one round of single runs.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeBackends } from '../../src/runtime/backend-report.js';
import { PARTS, type Contestant } from './measure/backend-measures.js';
import { figuresOf, noPaces, type Paces } from './measure/compare-paces.js';
import { importOnnxRuntime } from './onnx/onnx-encoder.js';
import { loopVideo } from './measure/looped-video.js';
import { MeasuredProcess } from './measure/measured-process.js';

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    software: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
  },
});
const print = (line: string): void => {
  if (!flags.json) console.log(line);
};
const SAMPLE = fileURLToPath(new URL('../../fixtures/drawn-people/demo.mp4', import.meta.url));
/** Seconds of video that are labeled, long enough that starting the decoder does not matter. */
const STRETCH_SEC = { gpu: 60, cpu: 10, slow: 1 };

interface Entry {
  process: MeasuredProcess;
  isSlow: boolean;
  paces: Paces;
}

const folder = await mkdtemp(path.join(os.tmpdir(), 'framewise-bench-'));
const video = await loopVideo(SAMPLE, STRETCH_SEC.gpu, path.join(folder, 'sample.mp4'));
const entries = new Map<Contestant, Entry>();
const result: Partial<Record<Contestant, object>> = {};
try {
  await enterBackends();
  if (await isOnnxRuntimeInstalled()) await enter('onnxruntime', 'cpu');
  else
    leaveOut(
      'onnxruntime',
      'it is not installed: npm install --no-save --ignore-scripts onnxruntime-node@1.30',
    );
  for (let turn = -1; turn < Number(flags.rounds); turn++) await takeTurns(turn);
  const [wasm, peer] = [entries.get('wasm')?.paces, entries.get('onnxruntime')?.paces];
  for (const [contestant, { paces }] of entries) result[contestant] = figuresOf(paces, wasm, peer);
} finally {
  for (const { process } of entries.values()) process.end();
  await rm(folder, { recursive: true });
}
for (const [contestant, figures] of Object.entries(result)) print(`${contestant} ${JSON.stringify(figures)}`);
console.log(JSON.stringify(result));

function isOnnxRuntimeInstalled(): Promise<boolean> {
  return importOnnxRuntime().then(
    () => true,
    () => false,
  );
}

async function enterBackends(): Promise<void> {
  for (const { name, isAvailable, device, deviceName, reason } of await describeBackends()) {
    if (flags.only && !flags.only.split(',').includes(name)) continue;
    const isSoftware = name === 'webgpu' && device === 'cpu';
    if (!isAvailable) leaveOut(name, reason!);
    else if (isSoftware && !flags.software)
      leaveOut(name, `it is in software (${deviceName}), see --software`);
    else await enter(name, isSoftware || name === 'cpu' ? 'slow' : device!);
  }
}

function leaveOut(name: Contestant, reason: string): void {
  print(`${name} is left out: ${reason}`);
  result[name] = { leftOut: reason };
}

async function enter(contestant: Contestant, kind: keyof typeof STRETCH_SEC): Promise<void> {
  const process = await MeasuredProcess.start(contestant, { video, durationSec: STRETCH_SEC[kind] });
  entries.set(contestant, { process, isSlow: kind === 'slow', paces: noPaces() });
}

/** One round before the first warms up. */
async function takeTurns(turn: number): Promise<void> {
  for (const part of PARTS) {
    for (const [contestant, { process, isSlow, paces }] of entries) {
      if (isSlow && turn !== 0) continue;
      const seconds = isSlow || turn < 0 ? 0 : Number(flags.seconds);
      const pace = await process.take({ part, seconds });
      if (pace === null || turn < 0) continue;
      paces[part].push(pace);
      print(`round ${turn + 1}  ${part.padEnd(10)} ${contestant.padEnd(12)} ${pace.toPrecision(4)} a second`);
    }
  }
}
