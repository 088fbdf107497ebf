import type { SequencePrediction } from './score-sequences.js';
import { UNLABELED } from '../data/sequences.js';

/** Bounds of the search. */
const [COLDEST, HOTTEST] = [0.1, 20];

/** Steps of the search. Each keeps 0.618 of the interval, so 30 steps leave 5e-7 of it. */
const NUM_STEPS = 30;

/** Least positive normal float32; an underflowed probability counts as this. */
const MIN_PROBABILITY = 2 ** -126;

/**
 * Finds the temperature that minimizes the mean negative log-likelihood of the true label on held-out videos. Dividing
 * logits or log-probabilities by a temperature gives the same softmax, so probabilities are sufficient input.
 *
 * The loss is convex in the inverse temperature and has one minimum, which golden-section search finds.
 *
 * @param predictions - Predictions for videos that the labeler was not trained on.
 * @param numLabels - Width of the probabilities.
 * @returns Factor for the labeler's temperature. 1 if no frame is labeled or every labeled frame is right: such videos
 *   would ask for unlimited confidence.
 * @see Guo et al. 2017, arXiv:1706.04599.
 */
export function fitTemperature(predictions: readonly SequencePrediction[], numLabels: number): number {
  const frames = labeledFrames(predictions, numLabels);
  if (frames.every(({ target, logits }) => logits[target] === 0)) return 1;
  const lossAt = (logTemperature: number): number => {
    const scale = Math.exp(-logTemperature);
    return frames.reduce((sum, { target, logits }) => sum + crossEntropy(logits, target, scale), 0);
  };
  return Math.exp(lowestPoint(lossAt, Math.log(COLDEST), Math.log(HOTTEST)));
}

/** Applies a temperature to predictions. */
export function applyTemperature(
  predictions: readonly SequencePrediction[],
  numLabels: number,
  temperature: number,
): SequencePrediction[] {
  return predictions.map((prediction) => {
    const probabilities = prediction.probabilities.map((probability) => probability ** (1 / temperature));
    for (let start = 0; start < probabilities.length; start += numLabels) {
      const row = probabilities.subarray(start, start + numLabels);
      const sum = row.reduce((total, value) => total + value, 0);
      row.forEach((value, i) => (row[i] = value / sum));
    }
    return { ...prediction, probabilities };
  });
}

/** The labeled frames with their logits, shifted so that the highest is 0. The shift does not change the softmax. */
function labeledFrames(
  predictions: readonly SequencePrediction[],
  numLabels: number,
): { target: number; logits: Float64Array }[] {
  return predictions.flatMap(({ targets, probabilities }) =>
    Array.from(targets, (target, frame) => {
      const row = probabilities.subarray(frame * numLabels, (frame + 1) * numLabels);
      const highest = row.reduce((most, value) => Math.max(most, value), 0);
      const logits = Float64Array.from(row, (value) => Math.log(Math.max(value, MIN_PROBABILITY) / highest));
      return { target, logits };
    }).filter(({ target }) => target !== UNLABELED),
  );
}

/** −log softmax(scale · logits)[target], for logits whose highest is 0. */
function crossEntropy(logits: Float64Array, target: number, scale: number): number {
  let sum = 0;
  for (const logit of logits) sum += Math.exp(scale * logit);
  return Math.log(sum) - scale * (logits[target] as number);
}

/** Golden-section search. @see Kiefer 1953, "Sequential minimax search for a maximum". */
function lowestPoint(height: (position: number) => number, low: number, high: number): number {
  const share = (Math.sqrt(5) - 1) / 2;
  let [left, right] = [high - share * (high - low), low + share * (high - low)];
  let [leftHeight, rightHeight] = [height(left), height(right)];
  for (let step = 0; step < NUM_STEPS; step++) {
    if (leftHeight <= rightHeight) {
      [high, right, rightHeight] = [right, left, leftHeight];
      left = high - share * (high - low);
      leftHeight = height(left);
    } else {
      [low, left, leftHeight] = [left, right, rightHeight];
      right = low + share * (high - low);
      rightHeight = height(right);
    }
  }
  return (low + high) / 2;
}
