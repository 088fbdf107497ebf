/**
 * Shows gradients vanish and explode: draws the norm of ∂h_T/∂h_t over t for RNN, GRU and LSTM at several spectral radii
 * of the recurrent kernel, before and after clipping, and says what the picture shows.
 *
 *     npx tsx examples/gradient-flow.ts [--output gradient-flow.svg]
 *
 * @see Bengio et al. 1994, "Learning long-term dependencies with gradient descent is difficult"; Pascanu et al. 2013,
 *   arXiv:1211.5063.
 */
import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { OutputError } from '../src/errors.js';
import { startBackend } from '../src/runtime/backend.js';
import { drawFlow } from './gradient-flow/draw-flow.js';
import { explainFlow } from './gradient-flow/explain-flow.js';
import { measureFlow, type Flow, type FlowSettings } from './gradient-flow/measure-flow.js';

const RADII = [0.5, 0.9, 1, 1.2, 2];
const SETTINGS: FlowSettings = {
  units: 32,
  numFeatures: 8,
  numSteps: 100,
  inputDeviation: 0.1,
  maxNorm: 1,
  seed: 1,
};

const program = new Command('gradient-flow')
  .option('--output <file>', 'SVG file to write', 'gradient-flow.svg')
  .allowExcessArguments(false)
  .parse();
const { output } = program.opts<{ output: string }>();

await startBackend('wasm');
const flows: Flow[] = [];
for (const kind of ['rnn', 'gru', 'lstm'] as const) {
  for (const radius of RADII) {
    flows.push(await measureFlow(kind, radius, SETTINGS));
    process.stderr.write('.');
  }
}
process.stderr.write('\n');
console.log(explainFlow(flows, SETTINGS));
try {
  await writeFile(output, drawFlow(flows, SETTINGS));
  console.log(`\nPicture: ${output}`);
} catch (error) {
  const { message } = new OutputError(`Cannot write "${output}": ${String(error)}.`, output, {
    cause: error,
  });
  console.error(`error: ${message}`);
  process.exitCode = 1;
}
