/**
 * Measures the recurrent layers on the WebAssembly backend or another one, compared with the same networks of tf.layers and with
 * their matrix products alone. First, both sides get the same weights and must give the same outputs. The variants take turns,
 * so that a busy machine slows all alike. Each figure is the median over the rounds. Calls are timed, so backends whose calls
 * return before the result is computed cannot be measured.
 *
 *     npm run bench:recurrent [-- --backend tensorflow] [--json]
 *
 * The last line is a JSON object. A speedup is the time of tf.layers divided by ours, with the same weights, activations and
 * optimizer: of a training step (forward, backward, Adam; 8 sequences of 64 steps, 1024 inputs, 256 units), of the forward
 * pass of the same shape, and of one long sequence forward (2,000 steps, 256 inputs, 128 units). `trainToMatmulBound` is the
 * LSTM's training step divided by its matrix products, `streamingStepUs` one step of 1280 inputs and 128 units.
 */
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { gru, lstm, simpleRNN } from '../../src/recurrent/index.js';
import { startBackend } from '../../src/runtime/backend.js';

const NUM_ROUNDS = 7;
const NUM_WARM_UPS = 2;
const BACKENDS = ['wasm', 'tensorflow', 'cpu'] as const;

const { values: flags } = parseArgs({
  options: { json: { type: 'boolean' }, backend: { type: 'string', default: BACKENDS[0] } },
});
const print = (line: string): void => {
  if (!flags.json) console.log(line);
};

interface Shape {
  batchSize: number;
  numSteps: number;
  numFeatures: number;
  units: number;
}
const BATCH: Shape = { batchSize: 8, numSteps: 64, numFeatures: 1024, units: 256 };
const LONG: Shape = { batchSize: 1, numSteps: 2000, numFeatures: 256, units: 128 };
const STREAM: Shape = { batchSize: 1, numSteps: 1, numFeatures: 1280, units: 128 };

const LAYERS = {
  lstm: { ours: lstm, theirs: tfl.layers.lstm, gates: 4 },
  gru: { ours: gru, theirs: tfl.layers.gru, gates: 3 },
  rnn: { ours: simpleRNN, theirs: tfl.layers.simpleRNN, gates: 1 },
};
type Kind = keyof typeof LAYERS;

/** The same network twice, with the same weights. */
function createNetworks(kind: Kind, { batchSize, numSteps, numFeatures, units }: Shape) {
  const config = {
    units,
    returnSequences: true,
    // The default of tf.layers does not run in Node. The shared weights replace it anyway.
    recurrentInitializer: 'glorotNormal' as const,
    inputShape: [numSteps, numFeatures],
    // The two have different defaults. These are Keras's gates and the reset convention of tf.layers.
    ...(kind !== 'rnn' ? { recurrentActivation: 'sigmoid' as const } : {}),
  };
  const theirs = tfl.sequential({ layers: [LAYERS[kind].theirs(config)] });
  const ours = tfl.sequential({
    layers: [LAYERS[kind].ours({ ...config, ...(kind === 'gru' ? { resetAfter: false } : {}) })],
  });
  ours.setWeights(theirs.getWeights());
  const inputs = tf.randomNormal<tf.Rank.R3>([batchSize, numSteps, numFeatures], 0, 1, 'float32', 1);
  const difference = tf.tidy(() => {
    const [a, b] = [ours, theirs].map((model) => model.apply(inputs) as Tensor);
    return tf.max(tf.abs(tf.sub(a!, b!))).dataSync<'float32'>()[0]!;
  });
  if (!(difference < 1e-4)) throw new Error(`The two ${kind} networks differ by ${difference}.`);
  return { ours, theirs, inputs };
}

function trainingStep(model: tfl.Sequential, inputs: Tensor3D): Variant {
  const optimizer = tf.train.adam(1e-4);
  const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const loss = (): tf.Scalar => tf.mean(tf.square(model.apply(inputs, { training: true }) as Tensor));
  return { run: () => void optimizer.minimize(loss, false, variables) };
}

function forwardPass(model: tfl.Sequential, inputs: Tensor): Variant {
  return { run: () => tf.tidy(() => void model.apply(inputs)) };
}

/** What is timed, and its preparation, which is not. */
interface Variant {
  prepare?: () => void;
  run: () => void;
}

/**
 * The matrix products that a training step of an LSTM needs, of all steps at once if possible. The right operands are weights and
 * gradients, which are new in each step. They are new in each run here, too, because the backend keeps the packed form of an
 * operand that it has seen, and packing is part of the product.
 */
function productsOf({ batchSize, numSteps, numFeatures, units }: Shape, gates: number): Variant {
  const [rows, width] = [batchSize * numSteps, gates * units];
  const matrix = (rows: number, columns: number) => tf.randomNormal<tf.Rank.R2>([rows, columns]);
  const inputs = matrix(rows, numFeatures);
  const transposedInputs = matrix(numFeatures, rows);
  const state = matrix(batchSize, units);
  const stepGradient = matrix(batchSize, width);
  const transposedStates = matrix(units, rows);
  const made = {
    kernel: matrix(numFeatures, width),
    recurrentKernel: matrix(units, width),
    transposedKernel: matrix(width, units),
    gradients: matrix(rows, width),
  };
  const multiply = (a: Tensor2D, b: Tensor2D) => tf.matMul(a, b).dispose();
  return {
    prepare() {
      for (const name of Object.keys(made) as (keyof typeof made)[]) {
        const anew = tf.add<Tensor2D>(made[name], 0);
        made[name].dispose();
        made[name] = anew;
      }
    },
    run() {
      multiply(inputs, made.kernel);
      for (let step = 0; step < numSteps; step++) multiply(state, made.recurrentKernel);
      for (let step = 0; step < numSteps; step++) multiply(stepGradient, made.transposedKernel);
      multiply(transposedInputs, made.gradients);
      multiply(transposedStates, made.gradients);
    },
  };
}

/** Lets the variants take turns. @returns Milliseconds of each round by variant. */
function takeTurns<Name extends string>(
  variants: Record<Name, Variant>,
  repetitions = 1,
): Record<Name, number[]> {
  const names = Object.keys(variants) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = -NUM_WARM_UPS; round < NUM_ROUNDS; round++) {
    for (const name of names) {
      const { prepare, run } = variants[name];
      prepare?.();
      const begin = performance.now();
      for (let repetition = 0; repetition < repetitions; repetition++) run();
      if (round >= 0) times[name].push((performance.now() - begin) / repetitions);
    }
  }
  return times;
}

/** Median over the rounds of the ratio of two variants' times in the same round. */
function ratio(numerator: readonly number[], denominator: readonly number[]): number {
  return rounded(median(numerator.map((ms, round) => ms / denominator[round]!)));
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

function report(name: string, times: Record<string, number[]>, figure: number): number {
  const medians = Object.entries(times).map(([variant, ms]) => `${variant} ${median(ms).toPrecision(4)} ms`);
  print(`${name.padEnd(22)} ${String(figure).padStart(6)}   ${medians.join(', ')}`);
  return figure;
}

const backend = BACKENDS.find((name) => name === flags.backend);
if (!backend) throw new Error(`--backend is "${flags.backend}"; expected one of ${BACKENDS.join(', ')}.`);
await startBackend(backend);
const results: Record<string, number> = {};

for (const kind of Object.keys(LAYERS) as Kind[]) {
  const { ours, theirs, inputs } = createNetworks(kind, BATCH);
  const forward = takeTurns({ ours: forwardPass(ours, inputs), theirs: forwardPass(theirs, inputs) });
  const training = takeTurns({
    ours: trainingStep(ours, inputs),
    theirs: trainingStep(theirs, inputs),
    products: productsOf(BATCH, LAYERS[kind].gates),
  });
  const names = [`${kind}TrainSpeedup`, `${kind}InferenceSpeedup`] as const;
  results[names[0]] = report(names[0], training, ratio(training.theirs, training.ours));
  results[names[1]] = report(names[1], forward, ratio(forward.theirs, forward.ours));
  if (kind === 'lstm') {
    const bound = { ours: training.ours, products: training.products };
    results.trainToMatmulBound = report('trainToMatmulBound', bound, ratio(bound.ours, bound.products));
  }
}

const long = createNetworks('lstm', LONG);
const longTimes = takeTurns({
  ours: forwardPass(long.ours, long.inputs),
  theirs: forwardPass(long.theirs, long.inputs),
});
results.longSequenceSpeedup = report(
  'longSequenceSpeedup',
  longTimes,
  ratio(longTimes.theirs, longTimes.ours),
);

const stream = createNetworks('lstm', STREAM);
const streamTimes = takeTurns(
  { ours: forwardPass(stream.ours, stream.inputs), theirs: forwardPass(stream.theirs, stream.inputs) },
  200,
);
results.streamingStepUs = rounded(1000 * median(streamTimes.ours));
results.streamingStepTfLayersUs = rounded(1000 * median(streamTimes.theirs));
report('streamingStepUs', streamTimes, results.streamingStepUs);

console.log(JSON.stringify({ backend, rounds: NUM_ROUNDS, ...results }));
