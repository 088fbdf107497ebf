import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, it, vi } from 'vitest';
import {
  bidirectional,
  gru,
  GruCell,
  lstm,
  LstmCell,
  RnnCell,
  simpleRNN,
  unroll,
} from '../../../src/recurrent/index.js';
import type { RecurrentCell } from '../../../src/recurrent/index.js';
import { startBackend } from '../../../src/runtime/backend.js';
import { useSoftwareGpu } from '../../software-gpu.js';

const skipReason = useSoftwareGpu();
const [BATCH, TIME, FEATURES, UNITS] = [2, 5, 3, 4];

const cells: Record<string, RecurrentCell> = {
  rnn: new RnnCell(UNITS),
  'rnn, relu': new RnnCell(UNITS, { activation: 'relu' }),
  gru: new GruCell(UNITS),
  'gru, reset before': new GruCell(UNITS, { resetAfter: false }),
  lstm: new LstmCell(UNITS),
  'lstm of tf.layers': new LstmCell(UNITS, { recurrentActivation: 'hardSigmoid' }),
};

/** Smooth numbers, each shape and position others. */
function wave(shape: readonly number[], phase: number): tf.Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return tf.tensor(
    Array.from({ length: size }, (_, index) => 0.5 * Math.sin(0.7 * index + phase)),
    [...shape],
  );
}

/** Outputs, final states and the gradients of all that they can be differentiated by. */
async function computeCell(
  cell: RecurrentCell,
  isReversed: boolean,
  masks: { hasMask?: boolean; hasRecurrentMask?: boolean } = {},
): Promise<Float32Array[]> {
  const { kernel, recurrentKernel, bias } = cell.weightSpecs(FEATURES);
  const weightShapes = [kernel.shape, recurrentKernel.shape, bias.shape, [BATCH, TIME, FEATURES]];
  const states = cell.stateNames.map(() => [BATCH, cell.units]);
  const variables = [...weightShapes, ...states].map(wave);
  const options = {
    isReversed,
    mask: masks.hasMask ? tf.tensor2d([1, 1, 0, 1, 1, 0, 0, 1, 1, 1], [BATCH, TIME], 'bool') : undefined,
    recurrentMask: masks.hasRecurrentMask ? (wave([BATCH, cell.units], 3) as Tensor2D) : undefined,
  };
  const run = (...tensors: tf.Tensor[]) => {
    const [kernel, recurrentKernel, bias, inputs, ...states] = tensors as [
      Tensor2D,
      Tensor2D,
      tf.Tensor,
      Tensor3D,
    ];
    const [hiddenState, cellState] = states as Tensor2D[];
    const initial = { hiddenState: hiddenState!, cellState };
    const { outputs, finalState } = unroll(cell, { kernel, recurrentKernel, bias }, inputs, initial, options);
    return [outputs, ...cell.stateNames.map((name) => finalState[name]!)];
  };
  const loss = (...tensors: tf.Tensor[]) =>
    tf.addN<tf.Scalar>(run(...tensors).map((tensor, index) => tf.sum(tf.mul(tf.square(tensor), index + 1))));
  const results = [...run(...variables), ...tf.grads(loss)(variables)];
  return Promise.all(results.map((tensor) => tensor.data<'float32'>()));
}

function expectAgreement(
  actual: readonly Float32Array[],
  expected: readonly Float32Array[],
  tolerance = 1e-4,
): void {
  expect(actual.map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
  const largest = (values: Float32Array) => values.reduce((most, value) => Math.max(most, value), -Infinity);
  const differences = actual.map((values, tensor) =>
    largest(values.map((value, index) => Math.abs(value - expected[tensor]![index]!))),
  );
  expect(Math.max(...differences)).toBeLessThan(tolerance);
  expect(Math.max(...expected.map(largest))).toBeGreaterThan(0.01);
}

/** The losses of a model of every layer while it learns a small batch by heart, what it predicts, and its weights. */
async function trainLayers(): Promise<Float32Array[]> {
  const model = sequential({
    layers: [
      lstm({ units: UNITS, returnSequences: true, inputShape: [TIME, FEATURES] }),
      bidirectional({ layer: gru({ units: UNITS, returnSequences: true }), mergeMode: 'concat' }),
      simpleRNN({ units: UNITS }),
      layers.dense({ units: 1 }),
    ],
  });
  const [inputs, targets] = [wave([BATCH, TIME, FEATURES], 1), wave([BATCH, 1], 5)];
  model.setWeights(model.getWeights().map(({ shape }, index) => wave(shape, index)));
  // Plain descent: Adam would divide differences of rounding by gradients that are nearly zero.
  model.compile({ optimizer: tf.train.sgd(0.1), loss: 'meanSquaredError' });
  const losses: number[] = [];
  for (let step = 0; step < 3; step++) losses.push((await model.trainOnBatch(inputs, targets)) as number);
  expect(losses[2]).toBeLessThan(losses[0]!);
  const trained = [model.predict(inputs) as tf.Tensor, ...model.getWeights()];
  model.setWeights(model.getWeights()); // of tensors that only the device has
  return [
    Float32Array.from(losses),
    ...(await Promise.all(trained.map((tensor) => tensor.data<'float32'>()))),
  ];
}

/** Directions in which whole sequences run as programs of ours while something works. */
async function programsOf(work: () => Promise<unknown>): Promise<string[]> {
  const backend = tf.backend() as unknown as { runWebGPUProgram(program: { shaderKey: string }): unknown };
  const run = vi.spyOn(backend, 'runWebGPUProgram');
  try {
    await work();
    const keys = run.mock.calls.map(([{ shaderKey }]) => shaderKey.split(';', 1)[0]!);
    return keys.filter((key) => key === 'forward' || key === 'backward');
  } finally {
    run.mockRestore();
  }
}

describe.skipIf(skipReason)(`on webgpu${skipReason}`, () => {
  const masks = [
    {},
    { hasMask: true },
    { hasRecurrentMask: true },
    { hasMask: true, hasRecurrentMask: true },
  ];

  it.each(Object.entries(cells))(
    'a cell gives what it gives on cpu, forwards and backwards: %s',
    async (_, cell) => {
      for (const isReversed of [false, true]) {
        for (const each of masks) {
          await startBackend('cpu');
          const expected = await computeCell(cell, isReversed, each);
          await startBackend('webgpu');
          expectAgreement(await computeCell(cell, isReversed, each), expected);
        }
      }
    },
  );

  it('a thread computes several units if a workgroup has too few threads', async () => {
    const wide = new LstmCell(260);
    await startBackend('cpu');
    const expected = await computeCell(wide, false);
    await startBackend('webgpu');
    expectAgreement(await computeCell(wide, false), expected, 1e-3); // Sums of a thousand products.
  });

  it.each(Object.entries(cells))(
    'a sequence is one program, and its way back another: %s',
    async (_, cell) => {
      await startBackend('webgpu');
      // Computed without gradients, then with.
      expect(await programsOf(() => computeCell(cell, false))).toEqual(['forward', 'forward', 'backward']);
    },
  );

  it('a sequence that does not fit into a device is computed by composed operations, with the same results', async () => {
    const cell = new GruCell(UNITS);
    await startBackend('webgpu');
    const expected = await computeCell(cell, true, { hasMask: true });
    const { device } = tf.backend() as unknown as { device: { limits: object } };
    const small = { maxStorageBuffersPerShaderStage: 8, maxComputeWorkgroupStorageSize: 16 };
    const limits = new Proxy(device.limits, {
      get: (all, name): unknown =>
        name in small ? small[name as keyof typeof small] : Reflect.get(all, name, all),
    });
    vi.spyOn(device, 'limits', 'get').mockReturnValue(limits);
    try {
      let actual: Float32Array[] = [];
      expect(
        await programsOf(async () => (actual = await computeCell(cell, true, { hasMask: true }))),
      ).toEqual([]);
      expectAgreement(actual, expected);
    } finally {
      vi.restoreAllMocks();
    }
  });

  it('a model with all layers learns the same as on cpu', async () => {
    await startBackend('cpu');
    const expected = await trainLayers();
    await startBackend('webgpu');
    expectAgreement(await trainLayers(), expected);
  });
});
