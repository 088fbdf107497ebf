import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  GruCell,
  LstmCell,
  RnnCell,
  step,
  unroll,
  type CellKind,
  type RecurrentCell,
  type RecurrentState,
  type RecurrentWeights,
} from '../../../src/recurrent/index.js';
import '../../../src/tfjs/register-gradients.js';
import { BACKENDS } from '../backends.js';
import { distance, readGolden, tensor, tensors, type GoldenArray } from '../golden.js';

type StateName = 'hiddenState' | 'cellState';

/** One layer as another library computed it; scripts/golden/recurrent.py says how. */
interface GoldenCase {
  name: string;
  kind: CellKind;
  units: number;
  options: ConstructorParameters<typeof GruCell>[1];
  isReversed: boolean;
  mask?: GoldenArray;
  recurrentMask?: GoldenArray;
  /** Whether masked outputs are zero here, where ours repeat the state. */
  zeroOutputForMask?: boolean;
  weights: Record<keyof RecurrentWeights, GoldenArray>;
  inputs: GoldenArray;
  initialState: Record<StateName, GoldenArray>;
  coefficients: GoldenArray;
  stateCoefficients: Record<StateName, GoldenArray>;
  outputs: GoldenArray;
  finalState: Record<StateName, GoldenArray>;
  gradients: Record<string, GoldenArray>;
}

const kerasCases = readGolden<{ cases: GoldenCase[] }>('recurrent-keras').cases;
const pytorchCases = readGolden<{ cases: GoldenCase[] }>('recurrent-pytorch').cases;

const CELLS = { rnn: RnnCell, gru: GruCell, lstm: LstmCell };

const cellOf = ({ kind, units, options }: GoldenCase): RecurrentCell => new CELLS[kind](units, options);

/** Unrolls a case over its own weights, inputs and state, or over others of the same shape. */
function unrollGolden(
  golden: GoldenCase,
  weights: RecurrentWeights,
  inputs: Tensor3D,
  state: RecurrentState,
) {
  const { isReversed, mask, recurrentMask } = golden;
  const unrolled = unroll(cellOf(golden), weights, inputs, state, {
    isReversed,
    mask: mask && tensor<Tensor2D>(mask, 'bool'),
    recurrentMask: recurrentMask && tensor<Tensor2D>(recurrentMask),
  });
  if (!golden.zeroOutputForMask) return unrolled;
  const isShown = tf.expandDims(tensor(golden.mask!), 2);
  return { ...unrolled, outputs: tf.mul<Tensor3D>(unrolled.outputs, isShown) };
}

/** The gradients of Σ outputs·coefficients + Σ finalState·stateCoefficients, by what they are gradients of. */
function gradientsOf(golden: GoldenCase): Record<string, tf.Tensor> {
  const given = tensors({ ...golden.weights, inputs: golden.inputs, ...golden.initialState });
  const names = Object.keys(given);
  const coefficients = tensors(golden.stateCoefficients);
  const loss = (...values: tf.Tensor[]): tf.Scalar => {
    const { kernel, recurrentKernel, bias, inputs, ...state } = Object.fromEntries(
      names.map((name, index) => [name, values[index]!]),
    );
    const { outputs, finalState } = unrollGolden(
      golden,
      { kernel, recurrentKernel, bias } as RecurrentWeights,
      inputs as Tensor3D,
      state as RecurrentState,
    );
    const terms = Object.entries(coefficients).map(([name, coefficient]) =>
      tf.mul(finalState[name as StateName]!, coefficient),
    );
    return tf.addN([tf.mul(outputs, tensor(golden.coefficients)), ...terms].map((term) => tf.sum(term)));
  };
  const gradients = tf.grads(loss)(Object.values(given));
  return Object.fromEntries(names.map((name, index) => [name, gradients[index]!]));
}

function expectAgreement(actual: Record<string, tf.Tensor>, expected: Record<string, GoldenArray>): void {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, array] of Object.entries(expected)) {
    expect(distance(actual[name]!, array), name).toBeLessThan(1e-5);
  }
}

describe.each(BACKENDS)('unroll on %s', (backend) => {
  beforeAll(async () => {
    expect(await tf.setBackend(backend)).toBe(true);
  });

  describe.each([
    { library: 'Keras', cases: kerasCases },
    { library: 'PyTorch', cases: pytorchCases },
  ])('against $library', ({ cases }) => {
    it.each(cases)('has its outputs and final state: $name', (golden) => {
      tf.tidy(() => {
        const { outputs, finalState } = unrollGolden(
          golden,
          tensors(golden.weights) as RecurrentWeights,
          tensor<Tensor3D>(golden.inputs),
          tensors(golden.initialState) as RecurrentState,
        );
        expectAgreement({ outputs, ...finalState }, { outputs: golden.outputs, ...golden.finalState });
      });
    });

    it.each(cases)('has its gradients, through outputs and final state: $name', (golden) => {
      tf.tidy(() => expectAgreement(gradientsOf(golden), golden.gradients));
    });
  });

  const streamable = kerasCases.filter(
    ({ isReversed, mask, recurrentMask }) => !isReversed && !mask && !recurrentMask,
  );

  it.each(streamable)('streams to the outputs of Keras step by step: $name', (golden) => {
    tf.tidy(() => {
      const weights = tensors(golden.weights) as RecurrentWeights;
      const inputs = tf.split(tensor<Tensor3D>(golden.inputs), golden.inputs.shape[1]!, 1);
      let state = tensors(golden.initialState) as RecurrentState;
      const outputs = inputs.map((input) => {
        state = step(cellOf(golden), weights, tf.squeeze<Tensor2D>(input, [1]), state);
        return state.hiddenState;
      });
      expectAgreement({ outputs: tf.stack(outputs, 1) }, { outputs: golden.outputs });
    });
  });
});
