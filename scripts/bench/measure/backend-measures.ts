import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { createFrameEncoder } from '../../../src/encoder/create-frame-encoder.js';
import { DEFAULT_ENCODER } from '../../../src/encoder/encoder-spec.js';
import type { FrameEncoder } from '../../../src/encoder/frame-encoder.js';
import { ActivityRecognizer, type BackendName } from '../../../src/index.js';
import { startBackend } from '../../../src/stages.js';
import { lstm } from '../../../src/recurrent/index.js';
import { decodeFrames } from '../../../src/video/decode-frames.js';
import { OnnxEncoder } from '../onnx/onnx-encoder.js';

/** A backend, or the peer. */
export type Contestant = BackendName | 'onnxruntime';

/** Frames per batch in the measurements of the encoder. */
export const BATCH_SIZES = [1, 8, 32] as const;

/**
 * What is measured: the encoder with batches of a size, training steps of an LSTM, labeling a video file, and decoding it to the
 * input of the encoder.
 */
export const PARTS = [
  ...BATCH_SIZES.map((size) => `encoder${size}` as const),
  'training',
  'labeling',
  'decoding',
] as const;
export type Part = (typeof PARTS)[number];

/** Does some work once. @returns The number of frames or steps. */
export type Measure = () => Promise<number>;

/** Seconds of video per run of labeling. */
export interface Stretch {
  video: string;
  durationSec: number;
}

const MODEL = fileURLToPath(new URL('../../../models/surveillance-fights', import.meta.url));
/** The same training as in `bench:recurrent`. */
const LSTM = { batchSize: 8, numSteps: 64, numFeatures: 1024, units: 256 };

/** The measurements of a contestant. The peer only encodes. */
export async function createMeasures(
  contestant: Contestant,
  stretch: Stretch,
): Promise<Partial<Record<Part, Measure>>> {
  if (contestant === 'onnxruntime') {
    await startBackend('wasm'); // Converts the network, and then does nothing.
    return measureEncoder(await OnnxEncoder.load('movenet-lightning'));
  }
  // As in the product: wasm on one thread per core, the others in one thread.
  const encoder = await createFrameEncoder(DEFAULT_ENCODER, { backend: contestant });
  return {
    ...measureEncoder(encoder),
    training: measureTraining(),
    ...(await measureLabeling(contestant, encoder, stretch)),
  };
}

type Encoder = Pick<FrameEncoder, 'inputWidth' | 'inputHeight' | 'concurrency' | 'encode'>;

/** Batches per run: one per thread. */
function measureEncoder(encoder: Encoder): Partial<Record<Part, Measure>> {
  const { inputWidth, inputHeight, concurrency = 1 } = encoder;
  const measures = BATCH_SIZES.map((size): [Part, Measure] => {
    const pixels = new Uint8Array(new SharedArrayBuffer(size * inputHeight * inputWidth * 3));
    pixels.forEach((_, place) => (pixels[place] = (place * 2654435761) >>> 24));
    const run = async () => {
      await Promise.all(Array.from({ length: concurrency }, () => encoder.encode(pixels, size)));
      return concurrency * size;
    };
    return [`encoder${size}`, run];
  });
  return Object.fromEntries(measures);
}

function measureTraining(): Measure {
  const { batchSize, numSteps, numFeatures, units } = LSTM;
  const layer = lstm({ units, returnSequences: true, inputShape: [numSteps, numFeatures] });
  const model = tfl.sequential({ layers: [layer] });
  const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const inputs = tf.randomNormal([batchSize, numSteps, numFeatures], 0, 1, 'float32', 1);
  const optimizer = tf.train.adam(1e-4);
  const loss = (): tf.Scalar => tf.mean(tf.square(model.apply(inputs, { training: true }) as tf.Tensor));
  return async () => {
    optimizer.minimize(loss, false, variables);
    await variables[0]!.data(); // Updated last, or by then: nothing is done before it is asked for on WebGPU.
    return 1;
  };
}

async function measureLabeling(
  backend: BackendName,
  { inputWidth: width, inputHeight: height, pictureFit: fit }: FrameEncoder,
  { video, durationSec }: Stretch,
): Promise<Partial<Record<Part, Measure>>> {
  const recognizer = await ActivityRecognizer.load(MODEL, { backend });
  const { frameRate } = recognizer.model;
  return {
    labeling: async () => (await recognizer.label(video, { durationSec })).frames.length,
    async decoding() {
      let numFrames = 0;
      const frames = decodeFrames(video, { width, height, fit, frameRate, durationSec });
      while (!(await frames.next()).done) numFrames++;
      return numFrames;
    },
  };
}
