import { z } from 'zod';
import { amount, flags, GROUPS, readLabelWeights, share, wholeNumber } from './option-fields.js';

const { optimizer: OPTIMIZER, loss: LOSS } = GROUPS;

/** What can decide which epoch is the best: the validation loss or a validation score. */
export const MONITORS = ['loss', 'frameAccuracy', 'clipAccuracy', 'edit', 'f1@10', 'f1@25', 'f1@50'] as const;
export type Monitor = (typeof MONITORS)[number];

/** Fields of {@link optimizerSchema} before the rules that join two of them. */
export const optimizerFields = z.strictObject({
  epochs: wholeNumber(1)
    .default(30)
    .describe('passes over the data')
    .register(flags, { flag: '--epochs <n>', group: OPTIMIZER }),
  monitor: z
    .enum(MONITORS)
    .default('loss')
    .describe('validation score that decides which epoch is best')
    .register(flags, { flag: '--monitor <score>', group: OPTIMIZER }),
  patience: wholeNumber(1)
    .default(8)
    .describe('epochs without a better one before training stops')
    .register(flags, { flag: '--patience <n>', group: OPTIMIZER }),
  learningRate: amount()
    .default(0.001)
    .describe('peak learning rate of AdamW')
    .register(flags, { flag: '--learning-rate <n>', group: OPTIMIZER }),
  /** Afterwards the learning rate falls to a tenth along half a cosine. */
  warmup: share()
    .default(0.05)
    .describe('share of the training over which the learning rate rises')
    .register(flags, { flag: '--warmup <share>', group: OPTIMIZER }),
  weightDecay: amount({ orZero: true })
    .default(0.01)
    .describe('weight decay of AdamW')
    .register(flags, { flag: '--weight-decay <n>', group: OPTIMIZER }),
  maxGradientNorm: amount()
    .default(1)
    .describe('gradient norm above which the gradient is scaled down')
    .register(flags, { flag: '--max-gradient-norm <n>', group: OPTIMIZER }),
  numLanes: wholeNumber(1)
    .default(8)
    .describe('videos side by side in a batch')
    .register(flags, { flag: '--lanes <n>', group: OPTIMIZER }),
  /** k1 of truncated backpropagation. */
  chunkLength: wholeNumber(1)
    .default(32)
    .describe('frames per training step (k1)')
    .register(flags, { flag: '--chunk <n>', group: OPTIMIZER }),
  /** k2 of truncated backpropagation. */
  gradientLength: wholeNumber(1)
    .optional()
    .describe(
      'frames through which gradients flow back (k2), a multiple of --chunk (default: the same as --chunk)',
    )
    .register(flags, { flag: '--gradient-length <n>', group: OPTIMIZER }),
  isClipMode: z
    .boolean()
    .default(false)
    .describe('train on whole videos instead of chunks; for short clips')
    .register(flags, { flag: '--clip-mode', group: OPTIMIZER }),
  labelWeights: z
    .union(
      [z.enum(['none', 'balanced']), z.record(z.string(), z.number().min(0)).readonly()],
      'expected none, balanced, or weights of labels as in fall=4,walk=0.5',
    )
    .default('balanced')
    .describe('weight of each label in the loss: none, balanced, or as in fall=4,walk=0.5')
    .register(flags, { flag: '--label-weights <weights>', group: LOSS, read: readLabelWeights }),
  labelSmoothing: share()
    .default(0)
    .describe('share of the truth that is spread over all labels')
    .register(flags, { flag: '--label-smoothing <share>', group: LOSS }),
  /** As in MS-TCN; see `smoothnessLoss`. */
  smoothness: amount({ orZero: true })
    .default(0.15)
    .describe('weight of the loss term that keeps labels from flickering')
    .register(flags, { flag: '--smoothness <n>', group: LOSS }),
});

/** How the network learns: loss, optimizer, truncated backpropagation and early stopping. */
export const optimizerSchema = optimizerFields
  .check(({ value: { chunkLength, gradientLength = chunkLength }, issues }) => {
    if (gradientLength >= chunkLength && gradientLength % chunkLength === 0) return;
    const message = `expected the chunkLength of ${chunkLength}, or a multiple of it`;
    issues.push({ code: 'custom', path: ['gradientLength'], input: gradientLength, message });
  })
  .transform(({ gradientLength, ...others }) => ({
    ...others,
    gradientLength: gradientLength ?? others.chunkLength,
  }));

/** How training varies the videos it shows. Everything is off by default. */
export const augmentationSchema = z.strictObject({
  /** Standard deviation of the noise, as a share of a feature's usual change from frame to frame. */
  featureNoise: amount({ orZero: true })
    .default(0)
    .describe('noise added to features, as a share of their change from frame to frame')
    .register(flags, { flag: '--feature-noise <n>', group: LOSS }),
  /** Speeds are drawn from 1 / (1 + jitter) to 1 + jitter; features between frames are interpolated. */
  speedJitter: amount({ orZero: true })
    .default(0)
    .describe('play videos faster or slower by up to this share')
    .register(flags, { flag: '--speed-jitter <share>', group: LOSS }),
  mirror: z
    .boolean()
    .default(false)
    .describe('mirror videos every other time')
    .register(flags, { flag: '--mirror', group: LOSS }),
});
