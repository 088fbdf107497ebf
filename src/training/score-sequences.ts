import { OnlineLabeler } from '../labeler/online-labeler.js';
import type { TemporalLabeler } from '../labeler/temporal-labeler.js';
import { labelClip, labelFrames } from '../timeline/frame-labels.js';
import { SegmentationScorer, type SegmentationScores } from '../timeline/metrics.js';
import { loadFeatures, UNLABELLED, type LabelledSequence } from './sequences.js';

/** How well a model labels a dataset. Percentages, null where undefined. */
export interface DatasetScores extends SegmentationScores {
  /** Clips, out of those that show one label throughout, whose most probable label over all frames is right. */
  clipAccuracy: number | null;
  /** Mean negative log-likelihood of the true label over labelled frames, in nats; null without labelled frames. */
  loss: number | null;
}

/**
 * Runs a labeler over whole sequences and compares with the truth.
 *
 * @param background - Label that means "no activity", left out of edit and F1.
 */
export async function scoreSequences(
  labeler: TemporalLabeler,
  sequences: readonly LabelledSequence[],
  labels: readonly string[],
  background?: string,
): Promise<DatasetScores> {
  const scorer = new SegmentationScorer({
    labels,
    backgroundLabels: background === undefined ? [] : [background],
  });
  const clips = { right: 0, all: 0 };
  const logLikelihood = { sum: 0, frames: 0 };
  for (const { features, targets, numFrames, isClip } of sequences) {
    const probabilities = await labelWhole(labeler, await loadFeatures(features));
    const predicted = labelFrames(labels, probabilities, new Array<number>(numFrames).fill(0));
    scorer.add(
      Array.from(targets, (target) => labels[target]),
      predicted.map(({ label }) => label),
    );
    targets.forEach((target, frame) => {
      if (target === UNLABELLED) return;
      logLikelihood.sum += Math.log(Math.max(probabilities[frame * labels.length + target] as number, 1e-12));
      logLikelihood.frames++;
    });
    if (isClip && numFrames > 0) {
      clips.all++;
      if (labelClip(labels, probabilities).label === labels[targets[0] as number]) clips.right++;
    }
  }
  return {
    ...scorer.result(),
    clipAccuracy: clips.all > 0 ? (100 * clips.right) / clips.all : null,
    loss: logLikelihood.frames > 0 ? -logLikelihood.sum / logLikelihood.frames : null,
  };
}

/** Probabilities of all frames of one video, float32 `[numFrames, numLabels]`. */
async function labelWhole(labeler: TemporalLabeler, features: Float32Array): Promise<Float32Array> {
  const online = new OnlineLabeler(labeler);
  try {
    const [decided, heldBack] = [await online.push(features), await online.finish()];
    const whole = new Float32Array(decided.length + heldBack.length);
    whole.set(decided);
    whole.set(heldBack, decided.length);
    return whole;
  } finally {
    online.dispose();
  }
}
