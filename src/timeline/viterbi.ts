import { ShapeError } from '../errors.js';
import { durationScores, type DurationScores, type SegmentPrior } from './segment-prior.js';

/** Least probability that counts, so that one frame the network is wrong about cannot forbid a label. */
const MIN_PROBABILITY = 1e-6;

/** What is known of one label while the frames are walked. */
interface LabelTrack extends DurationScores {
  /** Sum of the label's log-probabilities over the frames before each, `[numFrames + 1]`. */
  evidence: Float64Array;
  /** Best score of a segment of the label that starts at each frame and all before, less `evidence`, `[numFrames]`. */
  gain: Float64Array;
  /** Label of the segment before the one that starts at each frame, −1 for none, `[numFrames]`. */
  previous: Int32Array;
  /** Start of the best segment of the label that ends before each frame, `[numFrames + 1]`. */
  start: Int32Array;
  /** The best `gain` that is at least the longest tabulated duration back. */
  longGain: number;
  longStart: number;
  /** Score of the best segmentation of the frames so far whose last segment has the label. */
  best: number;
}

/**
 * Finds the most probable segmentation of a whole video: the one that maximises
 *
 *   Σ frames log p(label | frame) + weight · (log initial + Σ log transition + Σ log duration density)
 *
 * exactly, by dynamic programming over segments (Viterbi's algorithm for semi-Markov chains). It needs the whole video,
 * for what comes later changes what came before, so a stream cannot have it. Time grows with frames times the sum of
 * the labels' longest tabulated durations, memory with frames times labels.
 *
 * @param probabilities - Probability of each label, `[labels]`, a frame.
 * @returns Label index of each frame.
 * @throws {ShapeError} If the prior is of another number of labels.
 * @see Viterbi 1967; Yu 2010, "Hidden semi-Markov models".
 */
export function viterbiLabels(probabilities: readonly Float32Array[], prior: SegmentPrior): number[] {
  const numFrames = probabilities.length;
  const { weight, initial } = prior;
  if (numFrames === 0) return [];
  if (probabilities[0]?.length !== initial.length) {
    throw new ShapeError(
      'Probabilities of a frame',
      `${initial.length}, as the prior`,
      `${probabilities[0]?.length}`,
    );
  }
  // What has no weight forbids nothing.
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

/** Finds the best start of a segment that ends before the frame `end`. */
function endSegment(track: LabelTrack, end: number, isLast: boolean): void {
  const { gain, cut } = track;
  const scores = isLast ? cut : track.whole;
  const longest = scores.length - 1;
  const newlyLong = end - longest;
  if (newlyLong > 0 && (gain[newlyLong] as number) > track.longGain) {
    track.longGain = gain[newlyLong] as number;
    track.longStart = newlyLong;
  }
  // A segment from the video's start may have begun before it.
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

/** Finds the best label before a segment that starts at the frame `start`. */
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
