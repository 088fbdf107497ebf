import { z } from 'zod';

const pixels = z.int().min(1).max(8192);

const modelOnDisk = {
  /** Path of the model's `model.json`, relative to the working directory. */
  path: z.string().min(1),
  inputWidth: pixels,
  inputHeight: pixels,
  /** What the bytes 0 and 255 become, such as `[-1, 1]` or `[0, 255]`. */
  pixelRange: z.tuple([z.number(), z.number()]),
  /**
   * How an output `[batch, height, width, channels]` becomes a vector. `mean` takes the mean of each channel. `peaks` takes
   * each channel as a heatmap, and gives the position and height of its peak. Default: `mean`.
   */
  pooling: z.enum(['mean', 'peaks']).exactOptional(),
};

/** Encoders that ship with framewise. */
export const BUILTIN_ENCODERS = ['movenet-lightning', 'movenet-middle', 'movenet-pose', 'hand-pose'] as const;

const singleEncoderSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('builtin'), name: z.enum(BUILTIN_ENCODERS) }),
  z.strictObject({
    kind: z.literal('graph'),
    ...modelOnDisk,
    /** Node that takes the pictures. Default: the model's only input. */
    inputNode: z.string().min(1).exactOptional(),
    /** Node that gives the features. Default: the model's first output. */
    outputNode: z.string().min(1).exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('layers'),
    ...modelOnDisk,
    /** Layer whose output is the features. Default: the model's only output. */
    outputNode: z.string().min(1).exactOptional(),
  }),
]);

/** The encoder and its input, as `model.json` stores them. Unknown fields are refused. */
export const encoderSpecSchema = z.discriminatedUnion('kind', [
  singleEncoderSchema,
  z.strictObject({
    kind: z.literal('joined'),
    /** Encoders of the same picture. Their features are concatenated in this order. */
    encoders: z.array(singleEncoderSchema).min(2),
  }),
]);

/**
 * Describes an encoder. `builtin` ships with framewise. `graph` and `layers` are models of TensorFlow.js with an output
 * `[batch, features]`, or `[batch, height, width, channels]`, which is pooled over space. `joined` concatenates the features of
 * several encoders.
 */
export type EncoderSpec = z.infer<typeof encoderSpecSchema>;

/** Name of an encoder that ships with framewise. */
export type BuiltinEncoder = (typeof BUILTIN_ENCODERS)[number];

/** One encoder, not several joined. */
export type SingleEncoderSpec = z.infer<typeof singleEncoderSchema>;

/** A network in files, with the input that it expects. */
export type ModelOnDiskSpec = Exclude<SingleEncoderSpec, { kind: 'builtin' }>;

/** The default encoder. */
export const DEFAULT_ENCODER: EncoderSpec = { kind: 'builtin', name: 'movenet-lightning' };
