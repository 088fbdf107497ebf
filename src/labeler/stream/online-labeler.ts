import { concatenate } from './concatenate.js';
import { labelProjected, projectFeatures } from './label-features.js';
import { disposeState, type LabelerState } from '../labeler-state.js';
import type { TemporalLabeler } from '../temporal-labeler.js';

/**
 * Labels one video as its frames come. Where the network looks ahead, the label of a frame is known only when the
 * frames it looks at have come, so it holds some back; after the last frame it shows the network a picture that stands
 * still. Where the network is bidirectional, every label is known only after the last frame: it keeps a projection of each
 * frame until then. How the frames are cut into pieces changes nothing.
 */
export class OnlineLabeler implements Disposable {
  #state: LabelerState | undefined;
  #lastFrame: Float32Array | undefined;
  /** Steps whose probabilities belong to frames before the first. */
  #numToSkip: number;
  /** What a bidirectional network has seen, float32 `[numFrames, projectionUnits]` in pieces. */
  #projected: Float32Array[] = [];

  /** @param labeler - Stays the caller's; several videos can share it. */
  constructor(private readonly labeler: TemporalLabeler) {
    this.#numToSkip = labeler.config.lookahead;
  }

  /**
   * @param features - The next frames, float32 `[numFrames, featureSize]`.
   * @returns Probabilities of the frames that are now decided, in order, float32 `[numDecided, numLabels]`.
   * @throws {ShapeError} If the features are not whole frames.
   */
  async push(features: Float32Array): Promise<Float32Array> {
    const { featureSize, numLabels, bidirectional } = this.labeler.config;
    if (bidirectional) {
      const { projected, state } = await projectFeatures(this.labeler, features, this.#state);
      this.#goOnFrom(state);
      this.#projected.push(projected);
      return new Float32Array(0);
    }
    const { probabilities, state } = await this.labeler.label(features, this.#state);
    this.#goOnFrom(state);
    if (features.length > 0) this.#lastFrame = features.slice(-featureSize);
    const numSkipped = Math.min(this.#numToSkip, probabilities.length / numLabels);
    this.#numToSkip -= numSkipped;
    return probabilities.subarray(numSkipped * numLabels);
  }

  /** @returns Probabilities of the frames that were held back, float32 `[numHeldBack, numLabels]`. */
  async finish(): Promise<Float32Array> {
    const { lookahead, bidirectional } = this.labeler.config;
    if (bidirectional) return this.#labelProjected();
    const last = this.#lastFrame;
    if (!last || lookahead === 0) return new Float32Array(0);
    const still = new Float32Array(lookahead * last.length);
    for (let frame = 0; frame < lookahead; frame++) still.set(last, frame * last.length);
    return this.push(still);
  }

  /** Frees the state. */
  dispose(): void {
    this.#goOnFrom(undefined);
  }

  /** Same as {@link dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  async #labelProjected(): Promise<Float32Array> {
    if (!this.#state) return new Float32Array(0);
    const projected = concatenate(this.#projected);
    this.#projected = [];
    const { probabilities, state } = await labelProjected(this.labeler, projected, this.#state);
    this.#goOnFrom(state);
    return probabilities;
  }

  #goOnFrom(state: LabelerState | undefined): void {
    if (this.#state) disposeState(this.#state);
    this.#state = state;
  }
}
