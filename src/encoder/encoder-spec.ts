import { z } from 'zod';

const pixels = z.int().min(1).max(8192);

const modelOnDisk = {
  /** Path of the model's `model.json`; a relative one starts at the working directory. */
  path: z.string().min(1),
  inputWidth: pixels,
  inputHeight: pixels,
  /** What the bytes 0 and 255 become, such as `[-1, 1]` or `[0, 255]`. */
  pixelRange: z.tuple([z.number(), z.number()]),
  /**
   * How an output `[batch, height, width, channels]` becomes a vector: the mean of each channel, or of each channel,
   * as of a heatmap, where its peak is and how high. The mean where absent.
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
    /** Node that takes the pictures; the model's only input where absent. */
    inputNode: z.string().min(1).exactOptional(),
    /** Node that gives the features; the model's first output where absent. */
    outputNode: z.string().min(1).exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('layers'),
    ...modelOnDisk,
    /** Layer whose output gives the features; the model's only output where absent. */
    outputNode: z.string().min(1).exactOptional(),
  }),
]);

/** What encodes frames and how it is fed, as `model.json` stores it. Strict: unknown fields are refused. */
export const encoderSpecSchema = z.discriminatedUnion('kind', [
  singleEncoderSchema,
  z.strictObject({
    kind: z.literal('joined'),
    /** Encoders that look at the same picture; their features stand one behind another in this order. */
    encoders: z.array(singleEncoderSchema).min(2),
  }),
]);

/**
 * What encodes frames. `builtin` ships with framewise; `graph` is a TensorFlow.js graph model, `layers` a TensorFlow.js
 * layers model, whose output is `[batch, features]`, or `[batch, height, width, channels]`, which is pooled over space.
 * `joined` are several of them side by side.
 */
export type EncoderSpec = z.infer<typeof encoderSpecSchema>;

/** Name of an encoder that ships with framewise. */
export type BuiltinEncoder = (typeof BUILTIN_ENCODERS)[number];

/** One encoder, not several joined. */
export type SingleEncoderSpec = z.infer<typeof singleEncoderSchema>;

/** A network in files, fed as declared. */
export type ModelOnDiskSpec = Exclude<SingleEncoderSpec, { kind: 'builtin' }>;

/** What encodes where nothing else is asked for. */
export const DEFAULT_ENCODER: EncoderSpec = { kind: 'builtin', name: 'movenet-lightning' };
