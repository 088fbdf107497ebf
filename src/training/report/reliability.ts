/** Confidences of one part of [0, 1], and how often they were right. */
export interface ReliabilityBin {
  /** The part is what is above `from` up to `to`. */
  from: number;
  to: number;
  numFrames: number;
  /** Mean confidence of the frames, 0 to 1. */
  confidence: number;
  /** Share of the frames that are labelled right, 0 to 1. */
  accuracy: number;
}

/** As many as the calibration error has, so that the diagram shows what it averages. */
const NUM_BINS = 15;

/**
 * Sorts frames by their confidence, for a reliability diagram.
 *
 * @returns The bins that hold frames, by confidence.
 * @see Guo et al. 2017, arXiv:1706.04599.
 */
export function reliabilityBins(
  frames: Iterable<{ confidence: number; isRight: boolean }>,
): ReliabilityBin[] {
  const counts = Array.from({ length: NUM_BINS }, () => ({ all: 0, right: 0, confidence: 0 }));
  for (const { confidence, isRight } of frames) {
    const position = Math.min(Math.max(Math.ceil(confidence * NUM_BINS) - 1, 0), NUM_BINS - 1);
    const count = counts[position]!;
    count.all++;
    count.confidence += confidence;
    if (isRight) count.right++;
  }
  return counts
    .map(({ all, right, confidence }, position) => ({
      from: position / NUM_BINS,
      to: (position + 1) / NUM_BINS,
      numFrames: all,
      confidence: confidence / all,
      accuracy: right / all,
    }))
    .filter(({ numFrames }) => numFrames > 0);
}
