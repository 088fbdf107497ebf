import { disposeState, type LabelerState } from './labeler-state.js';
import type { TemporalLabeler } from './temporal-labeler.js';

/**
 * Labels one video as its frames come. Where the network looks ahead, the label of a frame is known only when the
 * frames it looks at have come, so it holds some back; after the last frame it shows the network a picture that stands
 * still. How the frames are cut into pieces changes nothing.
 */
export class OnlineLabeler {
  #state: LabelerState | undefined;
  #lastFrame: Float32Array | undefined;
  /** Steps whose probabilities belong to frames before the first. */
  #numToSkip: number;

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
    const { featureSize, numLabels } = this.labeler.config;
    const { probabilities, state } = await this.labeler.label(features, this.#state);
    if (this.#state) disposeState(this.#state);
    this.#state = state;
    if (features.length > 0) this.#lastFrame = features.slice(-featureSize);
    const numSkipped = Math.min(this.#numToSkip, probabilities.length / numLabels);
    this.#numToSkip -= numSkipped;
    return probabilities.subarray(numSkipped * numLabels);
  }

  /** @returns Probabilities of the frames that were held back, float32 `[numHeldBack, numLabels]`. */
  async finish(): Promise<Float32Array> {
    const { lookahead } = this.labeler.config;
    const last = this.#lastFrame;
    if (!last || lookahead === 0) return new Float32Array(0);
    const still = new Float32Array(lookahead * last.length);
    for (let frame = 0; frame < lookahead; frame++) still.set(last, frame * last.length);
    return this.push(still);
  }

  /** Frees the state. */
  dispose(): void {
    if (this.#state) disposeState(this.#state);
    this.#state = undefined;
  }
}
