/** Number of equal bins of [0, 1], as in Guo et al. */
const NUM_BINS = 15;

/** The frames whose confidence falls into one bin, and how often their labels are correct. */
export interface ReliabilityBin {
  /** The bin is `(from, to]`. */
  from: number;
  to: number;
  numFrames: number;
  /** Mean confidence of the frames, 0 to 1. */
  confidence: number;
  /** Share of the frames that are labeled correctly, 0 to 1. */
  accuracy: number;
}

/**
 * Measures how well confidence matches accuracy: of the frames labeled with confidence 0.8, 80 percent should be
 * correct.
 *
 * @see Naeini et al. 2015, "Obtaining well calibrated probabilities using Bayesian binning"; Guo et al. 2017,
 *   arXiv:1706.04599.
 */
export class CalibrationScorer {
  readonly #bins = Array.from({ length: NUM_BINS }, () => ({ count: 0, right: 0, confidence: 0 }));

  /**
   * Adds one frame.
   *
   * @param confidence - Probability of the label that was given, 0 to 1.
   */
  add(confidence: number, isRight: boolean): void {
    // A bin includes its upper edge, not its lower one.
    const position = Math.min(Math.max(Math.ceil(confidence * NUM_BINS) - 1, 0), NUM_BINS - 1);
    const bin = this.#bins[position] as { count: number; right: number; confidence: number };
    bin.count++;
    bin.confidence += confidence;
    if (isRight) bin.right++;
  }

  /**
   * Expected calibration error in percent: the gap between mean confidence and accuracy, averaged over the bins weighted by
   * their counts; null if nothing was added.
   */
  error(): number | null {
    const total = this.#bins.reduce((sum, { count }) => sum + count, 0);
    const gaps = this.#bins.reduce((sum, { right, confidence }) => sum + Math.abs(right - confidence), 0);
    return total > 0 ? (100 * gaps) / total : null;
  }

  /** The bins that have frames, by confidence, as a reliability diagram shows them. */
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
