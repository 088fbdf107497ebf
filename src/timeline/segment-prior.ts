/**
 * What a labeler knows of segments before it sees a video: which label comes first, which follows which, and how long
 * each lasts. A semi-Markov chain: durations are log-normal, and a segment is followed by one of another label.
 *
 * @see Yu 2010, "Hidden semi-Markov models"; for activities, with networks in the place of the observation model,
 *   Richard et al. 2018, arXiv:1805.06875.
 */
export interface SegmentPrior {
  /** How much the prior counts against the frames' evidence, from 0; neighboring frames see much the same, so above 1. */
  weight: number;
  /** Probability that a video begins with each label, `[labels]`. */
  initial: number[];
  /** Probability that a segment of the row's label is followed by one of the column's, `[labels, labels]`. */
  transitions: number[][];
  /** Mean and standard deviation of the natural logarithm of a segment's frames, at the model's rate, `[labels]`. */
  durations: { logMean: number; logDeviation: number }[];
}

/** Frames beyond which a longer segment is no less likely; bounds the work. */
const MAX_DURATION_FRAMES = 1000;

/** Scores in nats by a segment's frames; the last holds for all longer ones, the first is void. */
export interface DurationScores {
  /** Of a segment of which both ends are seen. */
  whole: Float64Array;
  /** Of one that the video's start or end cuts: the best of all durations that it may really have. */
  cut: Float64Array;
}

/**
 * Tabulates the log-density of each duration of one label. Two standard deviations above the mean the table ends: the
 * density is nearly flat there, and no long segment should be torn in two for being long.
 */
export function durationScores(
  { logMean, logDeviation }: SegmentPrior['durations'][number],
  weight: number,
): DurationScores {
  const longest = Math.min(Math.max(Math.ceil(Math.exp(logMean + 2 * logDeviation)), 1), MAX_DURATION_FRAMES);
  const whole = Float64Array.from({ length: longest + 1 }, (_, numFrames) => {
    const deviations = (Math.log(numFrames) - logMean) / logDeviation;
    return -weight * (Math.log(numFrames * logDeviation * Math.sqrt(2 * Math.PI)) + deviations ** 2 / 2);
  });
  const cut = whole.slice();
  for (let numFrames = longest - 1; numFrames > 0; numFrames--) {
    cut[numFrames] = Math.max(cut[numFrames] as number, cut[numFrames + 1] as number);
  }
  return { whole, cut };
}
