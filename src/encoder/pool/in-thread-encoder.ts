import { EncoderError, ShapeError } from '../../errors.js';
import { isOutOfMemory } from '../../tfjs/backend-internals.js';
import type { PictureFit } from '../../video/decode-options.js';
import type { EncoderModel } from '../networks/encoder-model.js';
import { encoderParts } from '../builtin/encoder-parts.js';
import type { EncoderSpec } from '../encoder-spec.js';
import type { FrameEncoder } from '../frame-encoder.js';
import { loadEncoderModel } from '../networks/load-encoder-model.js';
import { PixelScaler } from '../networks/pixel-tensor.js';

/** Encodes on this thread's backend. With WebAssembly and plain JavaScript it blocks the thread while it computes. */
export class InThreadEncoder implements FrameEncoder, Disposable {
  readonly id: string;
  readonly inputWidth: number;
  readonly inputHeight: number;
  readonly pictureFit: PictureFit;
  readonly featureSize: number;
  readonly concurrency = 1;
  readonly parts: readonly FrameEncoder[] | undefined;
  private readonly scaler: PixelScaler;
  /** Settles when the latest call has. */
  private lastRun: Promise<unknown> = Promise.resolve();
  /** Frames that fit into the device's memory at once, as far as is known. */
  private mostFrames = Infinity;
  private isDisposed = false;

  private constructor(
    private readonly model: EncoderModel,
    readonly batchSize: number | undefined,
  ) {
    this.id = model.id;
    this.inputWidth = model.inputWidth;
    this.inputHeight = model.inputHeight;
    this.pictureFit = model.pictureFit;
    this.featureSize = model.featureSize;
    this.scaler = new PixelScaler(model.pixelRange);
    this.parts = encoderParts(this, model.parts, (position, pixels, numFrames) =>
      this.run(model.parts![position]!, pixels, numFrames),
    );
  }

  /**
   * Loads a network onto the running backend.
   *
   * @param batchSize - Frames a batch with which it is quickest there.
   * @throws {EncoderError} If the network cannot be loaded, or is not what the spec declares.
   */
  static async load(spec: EncoderSpec, batchSize?: number): Promise<InThreadEncoder> {
    return new InThreadEncoder(await loadEncoderModel(spec), batchSize);
  }

  encode(pixels: Uint8Array, numFrames: number): Promise<Float32Array> {
    return this.run(this.model, pixels, numFrames);
  }

  /** One call at a time, as they share the scaler. */
  private run(model: EncoderModel, pixels: Uint8Array, numFrames: number): Promise<Float32Array> {
    const features = this.lastRun.then(() => this.encodeAll(model, pixels, numFrames));
    this.lastRun = features.catch(() => undefined); // The caller gets the failure.
    return features;
  }

  /** In as many frames at a time as the device's memory takes. */
  private async encodeAll(model: EncoderModel, pixels: Uint8Array, numFrames: number): Promise<Float32Array> {
    if (this.isDisposed) throw new EncoderError(`Encoder "${this.id}" has been disposed; create another.`);
    checkPixels(this, pixels, numFrames);
    const bytesPerFrame = this.inputHeight * this.inputWidth * 3;
    const features = new Float32Array(numFrames * model.featureSize);
    for (let first = 0, next; first < numFrames; first = next) {
      next = Math.min(first + this.mostFrames, numFrames);
      try {
        const batch = pixels.subarray(first * bytesPerFrame, next * bytesPerFrame);
        features.set(await this.encodeBatch(model, batch, next - first), first * model.featureSize);
      } catch (error) {
        if (!isOutOfMemory(error) || next - first === 1) throw error;
        this.mostFrames = Math.ceil((next - first) / 2);
        next = first;
      }
    }
    return features;
  }

  private async encodeBatch(
    model: EncoderModel,
    pixels: Uint8Array,
    numFrames: number,
  ): Promise<Float32Array> {
    const pictures = this.scaler.toTensor(pixels, [numFrames, this.inputHeight, this.inputWidth, 3]);
    const features = await model.run(pictures).finally(() => pictures.dispose());
    return (await features.data().finally(() => features.dispose())) as Float32Array;
  }

  dispose(): void {
    if (!this.isDisposed) this.model.dispose();
    this.isDisposed = true;
  }

  /** Same as {@link dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** @throws {ShapeError} If a batch's bytes are not `numFrames` pictures of the encoder's size. */
export function checkPixels(
  { inputHeight, inputWidth }: Pick<FrameEncoder, 'inputHeight' | 'inputWidth'>,
  pixels: Uint8Array,
  numFrames: number,
): void {
  const expected = numFrames * inputHeight * inputWidth * 3;
  if (Number.isInteger(numFrames) && numFrames >= 0 && pixels.length === expected) return;
  const shape = `[${numFrames}, ${inputHeight}, ${inputWidth}, 3], which is ${expected} bytes`;
  throw new ShapeError('Pixels to encode', shape, `${pixels.length} bytes`);
}
