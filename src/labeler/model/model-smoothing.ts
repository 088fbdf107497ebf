import { UsageError } from '../../errors.js';
import type { SmoothingOptions } from '../../timeline/smoothing.js';
import type { ModelDescription } from './model-description.js';

/** Methods of smoothing. */
export const SMOOTHING_METHODS = ['viterbi', 'median', 'none'] as const;

/** How to smooth the labels of a whole video. */
export interface SmoothingRequest {
  /**
   * `viterbi` finds the most probable segmentation, given the durations and transitions that the model learned. `median` takes
   * the median probability of each label over a window. Default: `median` if a window is given, else `viterbi` if the model has
   * a prior (it has one only if that helped on the validation videos), else `none`.
   */
  method?: (typeof SMOOTHING_METHODS)[number];
  /** Width of the median's window in seconds. Default 1. */
  medianSec?: number;
  /** Least duration of a segment in seconds. A neighbor absorbs shorter ones. Default 0. */
  minDurationSec?: number;
}

/** Default window of the median in seconds. */
const DEFAULT_MEDIAN_SEC = 1;

/**
 * Decides how the labels of a model are smoothed.
 *
 * @throws {UsageError} If the model has no prior for the method, or a window is given for a method without one.
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
