/** Equal parts of [0, 1] into which confidences are sorted, as many as Guo et al. take. */
const NUM_BINS = 15;

/**
 * Measures whether confidences mean what they say: of the frames labelled with 80 percent, 80 in a hundred should be
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
}
