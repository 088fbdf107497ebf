import { z } from 'zod';
import { UsageError } from '../errors.js';

/** The inputs that a network can have, each as wide as the features. */
export const INPUT_KINDS = ['features', 'difference', 'magnitude', 'motion'] as const;
export type InputKind = (typeof INPUT_KINDS)[number];

/** The recurrences that a network can have. With none it labels each frame by that frame's inputs alone. */
const LABELER_CELLS = ['none', 'rnn', 'gru', 'lstm'] as const;

/** What a labeler's network looks like; `network` in a model's `model.json`. */
export const labelerConfigSchema = z
  .strictObject({
    /** The recurrence of every layer; with `none`, `units` and `layers` say nothing. */
    cell: z.enum(LABELER_CELLS).default('gru'),
    /** Width of each recurrent layer. */
    units: z.int().min(1).max(4096).default(64),
    /** How many recurrent layers stand on each other. */
    layers: z.int().min(1).max(8).default(1),
    /**
     * Whether each layer has a second recurrence, with weights of its own, that walks the frames backwards. Such a network
     * needs the video's end before it labels the first frame: it is for whole videos, not for streams.
     *
     * @see Schuster and Paliwal 1997, "Bidirectional recurrent neural networks".
     */
    bidirectional: z.boolean().default(false),
    /** Width to which a frame's features are brought before the first recurrent layer. */
    projectionUnits: z.int().min(1).max(4096).default(64),
    /** Share of the values that training drops before each recurrent layer, or else before the logits, 0 to below 1. */
    dropout: z.number().min(0).lt(1).default(0.3),
    /**
     * What the network sees of a frame, side by side: its features, their difference to the frame before (which way
     * things change), the difference's magnitude (how much they change), the motion (how much they changed lately, the
     * magnitude's running mean). The last two alone know nothing of what is in the picture, which is what small datasets
     * overfit to.
     */
    inputs: z
      .array(z.enum(INPUT_KINDS))
      .min(1)
      .refine((kinds) => new Set(kinds).size === kinds.length, 'an input occurs twice')
      .default(['features', 'difference']),
    /** Time constant of the input `motion`, in frames: what was so long ago weighs a third of what is now. */
    motionFrames: z.number().min(1).max(1_000_000).default(15),
    /**
     * Frames that the network sees beyond the one it labels. What begins is often clear only a moment later; a stream's
     * labels come by as many frames later.
     */
    lookahead: z.int().min(0).max(1000).default(0),
    featureSize: z.int().min(1).max(65_536),
    numLabels: z.int().min(2).max(65_536),
  })
  .refine(({ bidirectional, cell }) => !bidirectional || cell !== 'none', {
    path: ['bidirectional'],
    message:
      'only a recurrence has a direction, and cell is none; choose another cell, or leave bidirectional out',
  })
  .refine(({ bidirectional, lookahead }) => !bidirectional || lookahead === 0, {
    path: ['lookahead'],
    message: 'a bidirectional network sees all frames to come; expected 0 with it',
  });

/** A complete description of a network. */
export type LabelerConfig = z.output<typeof labelerConfigSchema>;

/** The same, where what has a default may be left out. */
export type LabelerOptions = z.input<typeof labelerConfigSchema>;

/**
 * Gives a network's options what they leave out.
 *
 * @throws {UsageError} If the network cannot be built.
 */
export function labelerConfigOf(options: LabelerOptions): LabelerConfig {
  const parsed = labelerConfigSchema.safeParse(options);
  if (parsed.success) return parsed.data;
  throw new UsageError(`The labeler's network cannot be built: ${firstIssue(parsed.error)}.`);
}

/** The first thing that a schema found wrong, as one line: which field, and what is the matter with it. */
export function firstIssue({ issues: [issue] }: z.ZodError): string {
  if (issue === undefined) return 'not valid';
  return issue.path.length > 0 ? `${issue.path.join('.')}: ${issue.message}` : issue.message;
}
