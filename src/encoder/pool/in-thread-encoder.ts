import { EncoderError } from '../../errors.js';
import { isOutOfMemory } from '../../tfjs/backend-internals.js';
import type { PictureFit } from '../../video/decode-options.js';
import { HandPoseEncoder } from '../builtin/hand-pose-encoder.js';
import { JoinedEncoder } from '../builtin/joined-encoder.js';
import { locateMoveNet } from '../builtin/movenet.js';
import type { EncoderSpec, SingleEncoderSpec } from '../encoder-spec.js';
import { checkPixels, encoderParts, type FrameEncoder } from '../frame-encoder.js';
import type { EncoderModel } from '../networks/encoder-model.js';
import { loadNetworkEncoder } from '../networks/network-encoder.js';
import { PixelScaler } from '../networks/pixel-tensor.js';

/** Encodes on this thread's backend. On the backends `wasm` and `cpu`, it blocks the thread while it computes. */
export class InThreadEncoder implements FrameEncoder, Disposable {
  readonly id: string;
  readonly inputWidth: number;
  readonly inputHeight: number;
  readonly pictureFit: PictureFit;
  readonly featureSize: number;
  readonly concurrency = 1;
  readonly parts: readonly FrameEncoder[] | undefined;
  readonly #model: EncoderModel;
  readonly #scaler: PixelScaler;
  /** Settles when the latest call does. */
  #lastRun: Promise<unknown> = Promise.resolve();
  /** The number of frames that fit into the device's memory at once, as far as is known. */
  #mostFrames = Infinity;
  #isDisposed = false;

  private constructor(
    model: EncoderModel,
    readonly batchSize: number | undefined,
  ) {
    this.#model = model;
    this.id = model.id;
    this.inputWidth = model.inputWidth;
    this.inputHeight = model.inputHeight;
    this.pictureFit = model.pictureFit;
    this.featureSize = model.featureSize;
    this.#scaler = new PixelScaler(model.pixelRange);
    this.parts = encoderParts(this, model.parts, (position, pixels, numFrames) =>
      this.#run(model.parts![position]!, pixels, numFrames),
    );
  }

  /**
   * Loads a network onto the running backend.
   *
   * @param batchSize - The fastest number of frames per batch on that backend.
   * @throws {EncoderError} If the network cannot be loaded, or does not match the spec.
   */
  static async load(spec: EncoderSpec, batchSize?: number): Promise<InThreadEncoder> {
    return new InThreadEncoder(await loadEncoderModel(spec), batchSize);
  }

  encode(pixels: Uint8Array, numFrames: number): Promise<Float32Array> {
    return this.#run(this.#model, pixels, numFrames);
  }

  /** One call at a time, because calls share the scaler. */
  #run(model: EncoderModel, pixels: Uint8Array, numFrames: number): Promise<Float32Array> {
    const features = this.#lastRun.then(() => this.#encodeAll(model, pixels, numFrames));
    this.#lastRun = features.catch(() => undefined); // The caller gets the failure.
    return features;
  }

  /** Encodes as many frames at a time as fit into the device's memory. */
  async #encodeAll(model: EncoderModel, pixels: Uint8Array, numFrames: number): Promise<Float32Array> {
    if (this.#isDisposed) throw new EncoderError(`Encoder "${this.id}" has been disposed; create another.`);
    checkPixels(this, pixels, numFrames);
    const bytesPerFrame = this.inputHeight * this.inputWidth * 3;
    const features = new Float32Array(numFrames * model.featureSize);
    for (let first = 0, next; first < numFrames; first = next) {
      next = Math.min(first + this.#mostFrames, numFrames);
      try {
        const batch = pixels.subarray(first * bytesPerFrame, next * bytesPerFrame);
        features.set(await this.#encodeBatch(model, batch, next - first), first * model.featureSize);
      } catch (error) {
        if (!isOutOfMemory(error) || next - first === 1) throw error;
        this.#mostFrames = Math.ceil((next - first) / 2);
        next = first;
      }
    }
    return features;
  }

  async #encodeBatch(model: EncoderModel, pixels: Uint8Array, numFrames: number): Promise<Float32Array> {
    const pictures = this.#scaler.toTensor(pixels, [numFrames, this.inputHeight, this.inputWidth, 3]);
    const features = await model.run(pictures).finally(() => pictures.dispose());
    return (await features.data().finally(() => features.dispose())) as Float32Array;
  }

  dispose(): void {
    if (!this.#isDisposed) this.#model.dispose();
    this.#isDisposed = true;
  }

  /** Same as {@link dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * Loads the networks of a spec onto the running backend.
 *
 * @throws {EncoderError} If a file is missing or damaged, a node is missing, or an input or output has another shape.
 */
function loadEncoderModel(spec: EncoderSpec): Promise<EncoderModel> {
  return spec.kind === 'joined' ? loadJoined(spec.encoders) : loadSingle(spec);
}

async function loadJoined(specs: SingleEncoderSpec[]): Promise<EncoderModel> {
  const parts: EncoderModel[] = [];
  try {
    for (const spec of specs) parts.push(await loadSingle(spec));
  } catch (error) {
    for (const part of parts) part.dispose();
    throw error;
  }
  return new JoinedEncoder(parts);
}

function loadSingle(spec: SingleEncoderSpec): Promise<EncoderModel> {
  if (spec.kind !== 'builtin') return loadNetworkEncoder(spec);
  if (spec.name === 'hand-pose') return HandPoseEncoder.load();
  return loadNetworkEncoder(locateMoveNet(spec.name), spec.name);
}
