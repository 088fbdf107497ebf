import { z } from 'zod';
import { BUILTIN_ENCODERS, DEFAULT_ENCODER, encoderSpecSchema } from '../../encoder/encoder-spec.js';
import { INPUT_KINDS, labelerConfigSchema } from '../../labeler/labeler-config.js';
import { BACKEND_NAMES } from '../../runtime/backend.js';
import { amount, flags, GROUPS, regularExpression, videoLimits, wholeNumber } from './option-fields.js';
import { augmentationSchema, optimizerFields, optimizerSchema } from './optimizer-options.js';

export { MONITORS, type Monitor } from './optimizer-options.js';

const { split: SPLIT, network: NETWORK, optimizer: OPTIMIZER } = GROUPS;

/** What the model learns from: videos, their labels, the encoder that turns frames into features, and the split. */
const dataSchema = z.strictObject({
  isStrict: z
    .boolean()
    .default(false)
    .describe('stop at a video that cannot be used (default: leave it out and report it)')
    .register(flags, { flag: '--strict' }),
  background: z
    .string()
    .optional()
    .describe('label for unlabeled frames (default: they are not used)')
    .register(flags, { flag: '--background <label>' }),
  /** 0 trains on all videos and validates on none. */
  folds: wholeNumber(0)
    .default(5)
    .describe('number of equal parts, one of which is held out for validation; 0 trains on all videos')
    .register(flags, { flag: '--folds <n>', group: SPLIT }),
  fold: wholeNumber(0)
    .default(0)
    .describe('number of the held-out part, from 0')
    .register(flags, { flag: '--fold <n>', group: SPLIT }),
  /** Overrides `groupBy`. Videos whose names give the same text in the capture groups are one group. */
  groupPattern: regularExpression()
    .optional()
    .describe('regular expression; videos with the same captured text stay on one side of the split')
    .register(flags, { flag: '--group <pattern>', group: SPLIT }),
  groupBy: z
    .enum(['video', 'folder', 'column'])
    .optional()
    .describe('videos that stay on one side of the split (default: each video by itself)')
    .register(flags, { flag: '--group-by <what>', group: SPLIT }),
  leaveGroupsOut: wholeNumber(1)
    .optional()
    .describe('make folds that hold out n groups each')
    .register(flags, { flag: '--leave-groups-out [n]', group: SPLIT, preset: '1' }),
  validationGroups: z
    .array(z.string())
    .readonly()
    .optional()
    .describe('groups to hold out, separated by commas')
    .register(flags, { flag: '--validate-groups <names>', group: SPLIT }),
  ownSplit: z
    .union([z.boolean(), z.string()], 'expected true, false, or the name of a split')
    .optional()
    .describe('use the split that comes with the dataset')
    .register(flags, { flag: '--own-split [name]', group: SPLIT }),
  encoder: encoderSpecSchema
    .default(DEFAULT_ENCODER)
    .describe(
      `${BUILTIN_ENCODERS.join(', ')}, or a JSON file that describes a model on disk; separate several by commas`,
    )
    .register(flags, { flag: '--encoder <name>', group: NETWORK, defaultText: BUILTIN_ENCODERS[0] }),
  frameRate: amount()
    .default(10)
    .describe('frames per second that the model sees')
    .register(flags, { flag: '--frame-rate <n>', group: NETWORK }),
  /** How large and long a video may be. */
  limits: videoLimits().optional(),
});

const { shape: network } = labelerConfigSchema;

/** The labeler's network. */
const networkSchema = z.strictObject({
  inputs: network.inputs
    .describe(`what the network sees of a frame, some of ${INPUT_KINDS.join(', ')}`)
    .register(flags, { flag: '--inputs <kinds>', group: NETWORK, defaultText: 'features,difference' }),
  motionFrames: network.motionFrames
    .describe('time constant of the input motion, in frames, at least 1')
    .register(flags, { flag: '--motion-frames <n>', group: NETWORK }),
  cell: network.cell.describe('recurrent cell').register(flags, { flag: '--cell <kind>', group: NETWORK }),
  bidirectional: network.bidirectional
    .describe('also run backward in time; such a model labels whole videos, not streams')
    .register(flags, { flag: '--bidirectional', group: NETWORK }),
  units: network.units
    .describe('width of a recurrent layer')
    .register(flags, { flag: '--units <n>', group: NETWORK }),
  layers: network.layers
    .describe('number of recurrent layers')
    .register(flags, { flag: '--layers <n>', group: NETWORK }),
  projectionUnits: network.projectionUnits
    .describe('width of the input projection')
    .register(flags, { flag: '--projection <n>', group: NETWORK }),
  dropout: network.dropout
    .describe('share of values dropped during training')
    .register(flags, { flag: '--dropout <share>', group: NETWORK }),
  lookahead: network.lookahead
    .describe('later frames that the network sees; labels of a stream are delayed by as many')
    .register(flags, { flag: '--lookahead <n>', group: NETWORK }),
});

/** Where and how a training runs. Nothing here but the seed and the backend changes the result. */
const runSchema = z.strictObject({
  outputDir: z
    .string()
    .min(1)
    .optional()
    .describe('folder for the model, its checkpoints and its log')
    .register(flags, { flag: '--output <dir>' }),
  overwrite: z
    .boolean()
    .default(false)
    .describe('replace the model or unfinished training in the output folder')
    .register(flags, { flag: '--overwrite' }),
  resume: z
    .boolean()
    .default(false)
    .describe('continue an unfinished training from its newest checkpoint')
    .register(flags, { flag: '--resume' }),
  checkpointSteps: wholeNumber(1)
    .default(200)
    .describe('steps between checkpoints')
    .register(flags, { flag: '--checkpoint-steps <n>' }),
  name: z
    .string()
    .optional()
    .describe("the model's name (default: the name of the output folder)")
    .register(flags, { flag: '--name <name>' }),
  temperature: amount()
    .optional()
    .describe('temperature of a model that is trained without validation videos (default: 1)')
    .register(flags, { flag: '--temperature <n>', group: SPLIT }),
  seed: wholeNumber(0)
    .default(1)
    .describe('the same seed, data and backend give the same model')
    .register(flags, { flag: '--seed <n>', group: OPTIMIZER }),
  /** Default: the best that this machine has. */
  backend: z.enum(BACKEND_NAMES).optional(),
  /** Threads that encode frames. Default: one per core. */
  workers: wholeNumber(0).optional(),
  /** Folder of cached features; false keeps none. Default: the system's cache folder. */
  cacheDir: z.union([z.string(), z.literal(false)], 'expected a folder, or false').optional(),
});

/** The sections of the options, each with its fields as a configuration file may give them. */
export const SECTIONS = {
  data: dataSchema,
  network: networkSchema,
  optimizer: optimizerFields,
  augmentation: augmentationSchema,
  run: runSchema,
} as const;

/** Options as a configuration file gives them: every section and field may be left out, no other may be there. */
export const configurationSchema = z.strictObject({
  data: dataSchema.optional(),
  network: networkSchema.optional(),
  optimizer: optimizerFields.optional(),
  augmentation: augmentationSchema.optional(),
  run: runSchema.optional(),
});

/** Options with their defaults. */
export const trainingOptionsSchema = z.strictObject({
  data: dataSchema.prefault({}),
  network: networkSchema.prefault({}),
  optimizer: optimizerSchema.prefault({}),
  augmentation: augmentationSchema.prefault({}),
  run: runSchema.prefault({}),
});

/** Videos, labels, encoder and split. */
export type DataOptions = z.input<typeof dataSchema>;
/** The labeler's network. */
export type NetworkOptions = z.input<typeof networkSchema>;
/** Loss, optimizer, truncated backpropagation and early stopping. */
export type OptimizerOptions = z.input<typeof optimizerFields>;
/** How training varies the videos it shows. */
export type AugmentationOptions = z.input<typeof augmentationSchema>;
/** Output folder, checkpoints, seed and machine. */
export type RunOptions = z.input<typeof runSchema>;

/** The settings of a training by concern. What is left out takes its default. */
export interface TrainingOptions {
  data?: DataOptions;
  network?: NetworkOptions;
  optimizer?: OptimizerOptions;
  augmentation?: AugmentationOptions;
  run?: RunOptions;
}

/** {@link TrainingOptions} with every default filled in. */
export type TrainingConfiguration = z.output<typeof trainingOptionsSchema>;
