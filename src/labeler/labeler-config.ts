import { z } from 'zod';
import { UsageError } from '../errors.js';

/** Inputs of the network. Each is as wide as the features. */
export const INPUT_KINDS = ['features', 'difference', 'magnitude', 'motion'] as const;
export type InputKind = (typeof INPUT_KINDS)[number];

/** Kinds of recurrent layers. With `none`, the label of a frame depends only on the inputs of that frame. */
const LABELER_CELLS = ['none', 'rnn', 'gru', 'lstm'] as const;

/** The network of a labeler, `network` in a model's `model.json`. */
export const labelerConfigSchema = z
  .strictObject({
    /** Cell of every recurrent layer. With `none`, `units` and `layers` have no effect. */
    cell: z.enum(LABELER_CELLS).default('gru'),
    /** Width of each recurrent layer. */
    units: z.int().min(1).max(4096).default(64),
    /** Number of stacked recurrent layers. */
    layers: z.int().min(1).max(8).default(1),
    /**
     * Whether each layer also runs backwards in time, with weights of its own. Such a network needs the end of the video before
     * it labels the first frame, so it is for whole videos and not for streams.
     *
     * @see Schuster and Paliwal 1997, "Bidirectional recurrent neural networks".
     */
    bidirectional: z.boolean().default(false),
    /** Width of the projection of the inputs, before the first recurrent layer. */
    projectionUnits: z.int().min(1).max(4096).default(64),
    /** Share of values that training drops before each recurrent layer, or before the logits without one, 0 to below 1. */
    dropout: z.number().min(0).lt(1).default(0.3),
    /**
     * Inputs for each frame, concatenated: `features`; `difference`, the change since the frame before; `magnitude`, the absolute
     * value of that change; `motion`, the running mean of the magnitude. `magnitude` and `motion` do not depend on what is in the
     * picture, which is what a network overfits to on a small dataset.
     */
    inputs: z
      .array(z.enum(INPUT_KINDS))
      .min(1)
      .refine((kinds) => new Set(kinds).size === kinds.length, 'an input occurs twice')
      .default(['features', 'difference']),
    /** Time constant of the input `motion`, in frames. A change this many frames ago has a third of the weight of a new one. */
    motionFrames: z.number().min(1).max(1_000_000).default(15),
    /**
     * Number of later frames that the network sees before it labels a frame. The beginning of an activity is often clear only a
     * moment later. The labels of a stream are delayed by this many frames.
     */
    lookahead: z.int().min(0).max(1000).default(0),
    featureSize: z.int().min(1).max(65_536),
    numLabels: z.int().min(2).max(65_536),
  })
  .refine(({ bidirectional, cell }) => !bidirectional || cell !== 'none', {
    path: ['bidirectional'],
    message: 'it needs a recurrent cell, and cell is none; choose another cell, or leave bidirectional out',
  })
  .refine(({ bidirectional, lookahead }) => !bidirectional || lookahead === 0, {
    path: ['lookahead'],
    message: 'a bidirectional network already sees all later frames; expected 0',
  });

/** A complete description of a network. */
export type LabelerConfig = z.output<typeof labelerConfigSchema>;

/** A description in which every field with a default may be absent. */
export type LabelerOptions = z.input<typeof labelerConfigSchema>;

/**
 * Fills in the defaults of a network's options.
 *
 * @throws {UsageError} If the network cannot be built.
 */
export function labelerConfigOf(options: LabelerOptions): LabelerConfig {
  const parsed = labelerConfigSchema.safeParse(options);
  if (parsed.success) return parsed.data;
  throw new UsageError(`The labeler's network cannot be built: ${firstIssue(parsed.error)}.`);
}

/** Formats the first problem that a schema found as one line: the field and the problem. */
export function firstIssue({ issues: [issue] }: z.ZodError): string {
  if (issue === undefined) return 'not valid';
  return issue.path.length > 0 ? `${issue.path.join('.')}: ${issue.message}` : issue.message;
}
