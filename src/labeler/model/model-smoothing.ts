import { UsageError } from '../../errors.js';
import type { SmoothingOptions } from '../../timeline/smoothing.js';
import type { ModelDescription } from './model-description.js';

/** Ways to calm the labels of a whole video. */
export const SMOOTHING_METHODS = ['viterbi', 'median', 'none'] as const;

/** How the labels of a whole video are to be calmed. */
export interface SmoothingRequest {
  /**
   * `viterbi` finds the most probable segmentation by what the model learned of durations and order; `median` takes each
   * label's median probability over a window. Default: `median` where a window is given, else `viterbi` where the model
   * has learned how, which it keeps only if it helped on validation videos, else `none`.
   */
  method?: (typeof SMOOTHING_METHODS)[number];
  /** Width of the median's window in seconds. Default 1. */
  medianSec?: number;
  /** Seconds that a segment must last after that; shorter ones are absorbed by a neighbor. Default 0. */
  minDurationSec?: number;
}

/** Median window, in seconds, where none is given. */
const DEFAULT_MEDIAN_SEC = 1;

/**
 * Says how a model's labels are smoothed when that is asked for.
 *
 * @throws {UsageError} If the model has not what the method needs, or a window is given that it does not use.
 */
export function smoothingOf(
  { name, segmentPrior }: Pick<ModelDescription, 'name' | 'segmentPrior'>,
  { method, medianSec, minDurationSec }: SmoothingRequest,
): SmoothingOptions {
  const chosen = method ?? (medianSec !== undefined ? 'median' : segmentPrior ? 'viterbi' : 'none');
  if (chosen === 'median') return { medianSec: medianSec ?? DEFAULT_MEDIAN_SEC, minDurationSec };
  if (medianSec !== undefined) {
    throw new UsageError(
      `A median window of ${medianSec} s goes with the smoothing "median", not "${chosen}".`,
    );
  }
  if (chosen === 'none') return { minDurationSec };
  if (!segmentPrior) {
    throw new UsageError(
      `The model "${name}" has not learned how long its labels last, which Viterbi smoothing needs: it was trained ` +
        'without validation videos, or they were labeled better without. Smooth by "median", or train it again.',
    );
  }
  return { prior: segmentPrior, minDurationSec };
}
