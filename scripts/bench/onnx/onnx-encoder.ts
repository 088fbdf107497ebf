import os from 'node:os';
import { Tensor, type InferenceSession, type InferenceSessionFactory } from 'onnxruntime-common';
import { locateMoveNet, type MoveNetEncoder } from '../../../src/encoder/builtin/movenet.js';
import { convertGraph } from './convert-graph.js';
import { encodeOnnxModel } from './onnx-model.js';

/** The network of a built-in encoder in ONNX Runtime, on all cores: the same work from bytes to features. */
export class OnnxEncoder {
  readonly #session: InferenceSession;
  readonly #scale: Float32Array;
  #scaled = new Float32Array(0);

  /** @param scale - The network's input value for each of the 256 byte values. */
  constructor(
    session: InferenceSession,
    readonly inputHeight: number,
    readonly inputWidth: number,
    scale: Float32Array,
  ) {
    this.#session = session;
    this.#scale = scale;
  }

  /** Converts the network with the running backend of TensorFlow.js. */
  static async load(name: MoveNetEncoder): Promise<OnnxEncoder> {
    const spec = locateMoveNet(name);
    const { InferenceSession } = await importOnnxRuntime();
    const session = await InferenceSession.create(encodeOnnxModel(await convertGraph(spec)), {
      executionProviders: ['cpu'],
      graphOptimizationLevel: 'all',
      intraOpNumThreads: os.availableParallelism(),
    });
    const [low, high] = spec.pixelRange;
    const scale = Float32Array.from({ length: 256 }, (_, byte) => low + (byte * (high - low)) / 255);
    return new OnnxEncoder(session, spec.inputHeight, spec.inputWidth, scale);
  }

  /** As `FrameEncoder.encode`: RGB24 `[numFrames, height, width, 3]` to float32 `[numFrames, featureSize]`. */
  async encode(pixels: Uint8Array, numFrames: number): Promise<Float32Array> {
    if (this.#scaled.length !== pixels.length) this.#scaled = new Float32Array(pixels.length);
    for (let place = 0; place < pixels.length; place++) this.#scaled[place] = this.#scale[pixels[place]!]!;
    const pictures = new Tensor('float32', this.#scaled, [numFrames, this.inputHeight, this.inputWidth, 3]);
    const { features } = await this.#session.run({ pictures });
    return features!.data as Float32Array;
  }

  dispose(): Promise<void> {
    return this.#session.release();
  }
}

/**
 * Not a dependency, because its install script downloads hundreds of megabytes of CUDA libraries. `.ci/run` installs it without
 * that script.
 *
 * @throws If it is not installed.
 */
export async function importOnnxRuntime(): Promise<{ InferenceSession: InferenceSessionFactory }> {
  const packageName = 'onnxruntime-node';
  return (await import(packageName)) as { InferenceSession: InferenceSessionFactory };
}
