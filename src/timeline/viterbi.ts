import { ShapeError } from '../errors.js';

/**
 * What a labeler knows about segments before it sees a video: which label comes first, which label follows which, and
 * how long each lasts. It is a semi-Markov chain: durations are log-normal, and a segment is followed by one of another
 * label.
 *
 * @see Yu 2010, "Hidden semi-Markov models"; for activities, with a network as the observation model, Richard et al.
 *   2018, arXiv:1805.06875.
 */
export interface SegmentPrior {
  /** Weight of the prior relative to the frames, 0 or more. Usually above 1, because neighboring frames look alike. */
  weight: number;
  /** Probability that a video begins with each label, `[labels]`. */
  initial: number[];
  /** Probability that a segment of the row's label is followed by one of the column's, `[labels, labels]`. */
  transitions: number[][];
  /** Mean and standard deviation of ln(frames of a segment) at the model's frame rate, `[labels]`. */
  durations: { logMean: number; logDeviation: number }[];
}

/** Longest tabulated duration in frames; it bounds the work. Longer segments score as this one does. */
const MAX_DURATION_FRAMES = 1000;

/** Smallest probability that counts, so that one frame the network gets wrong cannot rule out a label. */
const MIN_PROBABILITY = 1e-6;

/** Scores in nats by a segment's number of frames. The last entry holds for all longer segments; entry 0 is unused. */
interface DurationScores {
  /** For a segment whose two ends are inside the video. */
  whole: Float64Array;
  /** For a segment that the start or end of the video cuts: the best score of any duration it may really have. */
  cut: Float64Array;
}

/** The state of one label during the pass over the frames. */
interface LabelTrack extends DurationScores {
  /** Sum of the label's log-probabilities over the frames before each, `[numFrames + 1]`. */
  evidence: Float64Array;
  /** Best score of everything up to a segment of the label that starts at each frame, minus `evidence`, `[numFrames]`. */
  gain: Float64Array;
  /** Label of the segment before the one that starts at each frame, −1 for none, `[numFrames]`. */
  previous: Int32Array;
  /** Start of the best segment of the label that ends before each frame, `[numFrames + 1]`. */
  start: Int32Array;
  /** The best `gain` at least the longest tabulated duration back. */
  longGain: number;
  longStart: number;
  /** Score of the best segmentation of the frames so far whose last segment has the label. */
  best: number;
}

/**
 * Finds the most probable segmentation of a whole video. It maximizes
 *
 *   Σ frames log p(label | frame) + weight · (log initial + Σ log transition + Σ log duration density)
 *
 * exactly, by dynamic programming over segments (Viterbi's algorithm for semi-Markov chains). It needs the whole video,
 * because later frames change the labels of earlier ones, so streams cannot use it. Time grows with frames times the
 * sum of the labels' longest tabulated durations, memory with frames times labels.
 *
 * @param probabilities - Probability of each label, one array `[labels]` per frame.
 * @returns Label index of each frame, `[numFrames]`.
 * @throws {ShapeError} If the prior has another number of labels.
 * @see Viterbi 1967; Yu 2010, "Hidden semi-Markov models".
 */
export function viterbiLabels(probabilities: readonly Float32Array[], prior: SegmentPrior): number[] {
  const numFrames = probabilities.length;
  const { weight, initial } = prior;
  if (numFrames === 0) return [];
  if (probabilities[0]?.length !== initial.length) {
    throw new ShapeError(
      'Probabilities of a frame',
      `${initial.length}, as in the prior`,
      `${probabilities[0]?.length}`,
    );
  }
  // With weight 0 even an impossible transition must not rule out a label: 0 · log 0 would be NaN.
  const weighed = (probability: number): number => (weight > 0 ? weight * Math.log(probability) : 0);
  const logTransitions = prior.transitions.map((row) => row.map(weighed));
  const tracks = initial.map((probability, label) => {
    const track = startTrack(probabilities, label, durationScores(prior.durations[label]!, weight));
    track.gain[0] = weighed(probability);
    return track;
  });
  for (let end = 1; end <= numFrames; end++) {
    for (const track of tracks) endSegment(track, end, end === numFrames);
    if (end < numFrames)
      tracks.forEach((track, label) => startSegment(track, label, end, tracks, logTransitions));
  }
  return trackBack(tracks, numFrames);
}

function startTrack(
  probabilities: readonly Float32Array[],
  label: number,
  scores: DurationScores,
): LabelTrack {
  const numFrames = probabilities.length;
  const evidence = new Float64Array(numFrames + 1);
  probabilities.forEach((row, frame) => {
    evidence[frame + 1] =
      (evidence[frame] as number) + Math.log(Math.max(row[label] as number, MIN_PROBABILITY));
  });
  return {
    ...scores,
    evidence,
    gain: new Float64Array(numFrames),
    previous: new Int32Array(numFrames).fill(-1),
    start: new Int32Array(numFrames + 1),
    longGain: -Infinity,
    longStart: 0,
    best: -Infinity,
  };
}

/** Finds the best start of a segment that ends before frame `end`. */
function endSegment(track: LabelTrack, end: number, isLast: boolean): void {
  const { gain, cut } = track;
  const scores = isLast ? cut : track.whole;
  const longest = scores.length - 1;
  const newlyLong = end - longest;
  if (newlyLong > 0 && (gain[newlyLong] as number) > track.longGain) {
    track.longGain = gain[newlyLong] as number;
    track.longStart = newlyLong;
  }
  // A segment at the start of the video may have begun before it.
  let best = (gain[0] as number) + (cut[Math.min(end, longest)] as number);
  let bestStart = 0;
  const longBest = track.longGain + (scores[longest] as number);
  if (longBest > best) [best, bestStart] = [longBest, track.longStart];
  for (let start = Math.max(1, newlyLong + 1); start < end; start++) {
    const score = (gain[start] as number) + (scores[end - start] as number);
    if (score > best) {
      best = score;
      bestStart = start;
    }
  }
  track.best = best + (track.evidence[end] as number);
  track.start[end] = bestStart;
}

/** Finds the best label to precede a segment that starts at frame `start`. */
function startSegment(
  track: LabelTrack,
  label: number,
  start: number,
  tracks: readonly LabelTrack[],
  logTransitions: readonly (readonly number[])[],
): void {
  let best = -Infinity;
  tracks.forEach((other, otherLabel) => {
    if (otherLabel === label) return;
    const score = other.best + (logTransitions[otherLabel]?.[label] as number);
    if (score <= best) return;
    best = score;
    track.previous[start] = otherLabel;
  });
  track.gain[start] = best - (track.evidence[start] as number);
}

function trackBack(tracks: readonly LabelTrack[], numFrames: number): number[] {
  const labels = new Array<number>(numFrames);
  let label = tracks.reduce((best, track, i) => (track.best > tracks[best]!.best ? i : best), 0);
  for (let end = numFrames; end > 0;) {
    const { start, previous } = tracks[label]!;
    const begin = start[end] as number;
    labels.fill(label, begin, end);
    label = previous[begin] as number;
    end = begin;
  }
  return labels;
}

/**
 * Tabulates the log-density of each duration of one label. The table ends two standard deviations above the mean: the
 * density is nearly flat there, and a long segment should not be split just for being long.
 */
function durationScores(
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
