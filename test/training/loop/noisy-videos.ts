import { createRandom, type Random } from '../../../src/training/data/random.js';
import type { SequencePrediction } from '../../../src/training/evaluation/score-sequences.js';

/** Standard normal numbers. @see Box and Muller 1958. */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

export function softmax(logits: readonly number[]): number[] {
  const exponentials = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return exponentials.map((value) => value / sum);
}

/** Label 0 lasts about 40 frames, 1 about 12, 2 about 20, and they come in turn: 0, 1, 0, 2, 0, 1 … */
const MEAN_FRAMES = [40, 12, 20] as const;

/**
 * Videos of activities that come in an order and last their time, and a labeler that is right on average but sees each
 * frame through noise.
 *
 * @param noise - Standard deviation of the logits; the true label's is 1 higher.
 */
export function noisyVideos(numVideos: number, seed: number, noise = 1): SequencePrediction[] {
  const random = createRandom(seed);
  return Array.from({ length: numVideos }, (_, video) => {
    const truth: number[] = [];
    for (let segment = 0; segment < 12; segment++) {
      const label = segment % 2 === 0 ? 0 : 1 + (((segment - 1) / 2) % 2);
      const numFrames = Math.round(MEAN_FRAMES[label as 0 | 1 | 2] * Math.exp(0.25 * normal(random)));
      truth.push(...Array<number>(Math.max(numFrames, 1)).fill(label));
    }
    const logits = truth.map((label) =>
      [0, 1, 2].map((other) => (other === label ? 1 : 0) + noise * normal(random)),
    );
    return {
      name: `video ${video}`,
      targets: Int32Array.from(truth),
      isClip: false,
      probabilities: Float32Array.from(logits.flatMap(softmax)),
    };
  });
}
