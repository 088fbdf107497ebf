/** What Chromium and Node both compute, so that a test can compare their numbers. */
import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-webgl';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import {
  bidirectional,
  gru,
  GruCell,
  lstm,
  LstmCell,
  RnnCell,
  simpleRNN,
  unroll,
} from '../../src/recurrent/index.js';
import type { RecurrentCell, UnrollOptions } from '../../src/recurrent/index.js';

/** Numbers by what they are. */
export type Results = Record<string, number[]>;

const [BATCH, TIME, FEATURES, UNITS] = [2, 5, 3, 4];

/** @returns The backend that computes from now on; not the one asked for, if that cannot start. */
export async function startBackend(name: string): Promise<string> {
  if (tf.env().getBool('IS_BROWSER')) setWasmPaths('/');
  await tf.setBackend(name);
  return tf.getBackend();
}

/** The outputs, final states and gradients of every cell, on the backend that runs. */
export function computeCells(): Results {
  const cells = {
    rnn: new RnnCell(UNITS),
    gru: new GruCell(UNITS),
    'gru, reset before': new GruCell(UNITS, { resetAfter: false }),
    lstm: new LstmCell(UNITS),
  };
  return tf.tidy(() => {
    const mask = tf.tensor2d([1, 1, 0, 1, 1, 1, 1, 1, 1, 0], [BATCH, TIME], 'bool');
    return merged(
      Object.entries<RecurrentCell>(cells).flatMap(([name, cell]) => [
        [name, computeCell(cell)],
        [`${name}, masked and reversed`, computeCell(cell, { mask, isReversed: true })],
      ]),
    );
  });
}

function computeCell(cell: RecurrentCell, options?: UnrollOptions): Results {
  const inputs = wave([BATCH, TIME, FEATURES], 1);
  const specs = Object.values(cell.weightSpecs(FEATURES));
  const weights = specs.map(({ shape }, index) => wave(shape, 2 + index));
  const run = (...tensors: tf.Tensor[]) => {
    const [inputs, kernel, recurrentKernel, bias] = tensors as [Tensor3D, Tensor2D, Tensor2D, tf.Tensor];
    return unroll(cell, { kernel, recurrentKernel, bias }, inputs, cell.initialState(BATCH), options);
  };
  const loss = (...tensors: tf.Tensor[]): tf.Scalar => tf.sum(tf.square(run(...tensors).outputs));

  const { outputs, finalState } = run(inputs, ...weights);
  const [dInputs, dKernel, dRecurrentKernel, dBias] = tf.grads(loss)([inputs, ...weights]);
  const tensors = { outputs, ...finalState, dInputs, dKernel, dRecurrentKernel, dBias } as tf.NamedTensorMap;
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, numbers(tensor)]));
}

/** The losses of a model of every layer while it learns a small batch by heart, and what it then predicts. */
export async function trainLayers(): Promise<Results> {
  const model = sequential({
    layers: [
      lstm({ units: UNITS, returnSequences: true, inputShape: [TIME, FEATURES] }),
      bidirectional({ layer: gru({ units: UNITS, returnSequences: true }), mergeMode: 'concat' }),
      simpleRNN({ units: UNITS }),
      layers.dense({ units: 1 }),
    ],
  });
  const weights = model.getWeights().map(({ shape }, index) => wave(shape as number[], index));
  const [inputs, targets] = [wave([BATCH, TIME, FEATURES], 1), wave([BATCH, 1], 5)];
  model.setWeights(weights);
  // Plain descent: Adam would divide differences of rounding by gradients that are nearly zero.
  model.compile({ loss: 'meanSquaredError', optimizer: tf.train.sgd(0.1) });
  const { history } = await model.fit(inputs, targets, { epochs: 10, verbose: 0 });
  const predictions = model.predict(inputs) as tf.Tensor;
  const results = { losses: history.loss as number[], predictions: numbers(predictions) };
  tf.dispose([inputs, targets, predictions, ...weights]);
  model.dispose();
  return results;
}

/** Values in ±0.8 that are the same wherever they are computed, and others for every `seed`. */
function wave(shape: number[], seed: number): tf.Tensor {
  const values = Float32Array.from(
    { length: tf.util.sizeFromShape(shape) },
    (_, index) => 0.8 * Math.sin(seed + 2.3 * index),
  );
  return tf.tensor(values, shape);
}

const numbers = (tensor: tf.Tensor): number[] => [...tensor.dataSync()];

/** Results by what they are of and what they are: `lstm outputs`. */
const merged = (parts: [string, Results][]): Results =>
  Object.fromEntries(
    parts.flatMap(([of, results]) =>
      Object.entries(results).map(([name, array]) => [`${of} ${name}`, array] as const),
    ),
  );
