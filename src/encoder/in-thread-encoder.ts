import * as tf from '@tensorflow/tfjs-core';
import { EncoderError, ShapeError } from '../errors.js';
import type { PictureFit } from '../video/decode-video.js';
import type { EncoderModel } from './encoder-model.js';
import { encoderParts } from './encoder-parts.js';
import type { EncoderSpec } from './encoder-spec.js';
import type { FrameEncoder } from './frame-encoder.js';
import { loadEncoderModel } from './load-encoder-model.js';

/** Encodes on this thread's backend. With WebAssembly and plain JavaScript it blocks the thread while it computes. */
export class InThreadEncoder implements FrameEncoder {
  readonly id: string;
  readonly inputWidth: number;
  readonly inputHeight: number;
  readonly pictureFit: PictureFit;
  readonly featureSize: number;
  readonly concurrency = 1;
  readonly parts: readonly FrameEncoder[] | undefined;
  /** Scaled value of each byte: a table is twice as fast as tensor operations on integers. */
  private readonly scale: Float32Array;
  /** Scaled pictures; kept, as a fresh array costs more than filling it. */
  private scaled = new Float32Array(0);
  private isDisposed = false;

  private constructor(private readonly model: EncoderModel) {
    this.id = model.id;
    this.inputWidth = model.inputWidth;
    this.inputHeight = model.inputHeight;
    this.pictureFit = model.pictureFit;
    this.featureSize = model.featureSize;
    this.parts = encoderParts(this, model.parts, (position, pixels, numFrames) =>
      this.run(model.parts![position]!, pixels, numFrames),
    );
    const [low, high] = model.pixelRange;
    this.scale = Float32Array.from({ length: 256 }, (_, byte) => low + (byte * (high - low)) / 255);
  }

  /**
   * Loads a network onto the running backend.
   *
   * @throws {EncoderError} If the network cannot be loaded, or is not what the spec declares.
   */
  static async load(spec: EncoderSpec): Promise<InThreadEncoder> {
    return new InThreadEncoder(await loadEncoderModel(spec));
  }

  encode(pixels: Uint8Array, numFrames: number): Promise<Float32Array> {
    return this.run(this.model, pixels, numFrames);
  }

  private async run(model: EncoderModel, pixels: Uint8Array, numFrames: number): Promise<Float32Array> {
    if (this.isDisposed) throw new EncoderError(`Encoder "${this.id}" has been disposed; create another.`);
    checkPixels(this, pixels, numFrames);
    if (numFrames === 0) return new Float32Array(0);

    if (this.scaled.length < pixels.length) this.scaled = new Float32Array(pixels.length);
    const scaled = this.scaled.subarray(0, pixels.length);
    for (let position = 0; position < pixels.length; position++) {
      scaled[position] = this.scale[pixels[position]!]!;
    }
    // No await until the network ran: the next call refills the array.
    const features = tf.tidy(() =>
      model.run(tf.tensor4d(scaled, [numFrames, this.inputHeight, this.inputWidth, 3])),
    );
    try {
      const values = (await features.data()) as Float32Array;
      // The cpu backend hands out its own memory, which is ours if the network only reshapes.
      return values.buffer === scaled.buffer ? values.slice() : values;
    } finally {
      features.dispose();
    }
  }

  dispose(): void {
    if (!this.isDisposed) this.model.dispose();
    this.isDisposed = true;
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
