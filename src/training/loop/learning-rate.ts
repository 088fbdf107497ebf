/** How the step size changes over a training. */
export interface LearningRateSchedule {
  /** The largest step size. */
  learningRate: number;
  /** Share of the training over which it rises to there from zero, 0 to below 1. */
  warmup: number;
}

/** What is left of the step size at the end. */
const FINAL_SHARE = 0.1;

/**
 * A straight line up, then half a cosine down to a tenth: small steps while the optimizer's moments are still guesses,
 * large ones to get somewhere, small ones to settle.
 *
 * @param progress - Share of the training that is done with this step, above 0 to 1.
 * @see Goyal et al. 2017, arXiv:1706.02677; Loshchilov and Hutter 2017, arXiv:1608.03983.
 */
export function learningRateAt(progress: number, { learningRate, warmup }: LearningRateSchedule): number {
  if (progress < warmup) return learningRate * (progress / warmup);
  const descent = (progress - warmup) / (1 - warmup);
  return learningRate * (FINAL_SHARE + (1 - FINAL_SHARE) * 0.5 * (1 + Math.cos(Math.PI * descent)));
}
