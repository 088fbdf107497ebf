/** Schedule of the learning rate. */
export interface LearningRateSchedule {
  /** The largest learning rate. */
  learningRate: number;
  /** Share of the training over which it rises from zero to the largest, 0 to below 1. */
  warmup: number;
}

/** Learning rate at the end, as a share of the largest. */
const FINAL_SHARE = 0.1;

/**
 * Rises linearly, then falls along half a cosine to a tenth: small steps while the moments of the optimizer are unreliable, large
 * ones to make progress, small ones to converge.
 *
 * @param progress - Share of the training that is done after this step, above 0 to 1.
 * @see Goyal et al. 2017, arXiv:1706.02677; Loshchilov and Hutter 2017, arXiv:1608.03983.
 */
export function learningRateAt(progress: number, { learningRate, warmup }: LearningRateSchedule): number {
  if (progress < warmup) return learningRate * (progress / warmup);
  const descent = (progress - warmup) / (1 - warmup);
  return learningRate * (FINAL_SHARE + (1 - FINAL_SHARE) * 0.5 * (1 + Math.cos(Math.PI * descent)));
}
