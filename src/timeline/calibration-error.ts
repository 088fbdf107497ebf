/** Equal parts of [0, 1] into which confidences are sorted, as many as Guo et al. take. */
const NUM_BINS = 15;

/** Confidences of one part of [0, 1], and how often they were right. */
export interface ReliabilityBin {
  /** The part is what is above `from` up to `to`. */
  from: number;
  to: number;
  numFrames: number;
  /** Mean confidence of the frames, 0 to 1. */
  confidence: number;
  /** Share of the frames that are labeled right, 0 to 1. */
  accuracy: number;
}

/**
 * Measures whether confidences mean what they say: of the frames labeled with 80 percent, 80 in a hundred should be
 * right.
 *
 * @see Naeini et al. 2015, "Obtaining well calibrated probabilities using Bayesian binning"; Guo et al. 2017,
 *   arXiv:1706.04599.
 */
export class CalibrationScorer {
  readonly #bins = Array.from({ length: NUM_BINS }, () => ({ count: 0, right: 0, confidence: 0 }));

  /** @param confidence - Probability of the label that was given, 0 to 1. */
  add(confidence: number, isRight: boolean): void {
    // A bin holds what is above its lower edge up to its upper one.
    const position = Math.min(Math.max(Math.ceil(confidence * NUM_BINS) - 1, 0), NUM_BINS - 1);
    const bin = this.#bins[position] as { count: number; right: number; confidence: number };
    bin.count++;
    bin.confidence += confidence;
    if (isRight) bin.right++;
  }

  /**
   * Expected calibration error in percent: the gap between mean confidence and share of right ones, averaged over the
   * bins by their counts; null where nothing was added.
   */
  error(): number | null {
    const total = this.#bins.reduce((sum, { count }) => sum + count, 0);
    const gaps = this.#bins.reduce((sum, { right, confidence }) => sum + Math.abs(right - confidence), 0);
    return total > 0 ? (100 * gaps) / total : null;
  }
  /** The bins that hold frames, by confidence: what a reliability diagram shows. */
  bins(): ReliabilityBin[] {
    return this.#bins
      .map(({ count, right, confidence }, position) => ({
        from: position / NUM_BINS,
        to: (position + 1) / NUM_BINS,
        numFrames: count,
        confidence: confidence / count,
        accuracy: right / count,
      }))
      .filter(({ numFrames }) => numFrames > 0);
  }
}
