import { z } from 'zod';
import { encoderSpecSchema } from '../../encoder/encoder-spec.js';
import { labelerConfigSchema } from '../labeler-config.js';

/** Value of `format` in a `model.json`. */
export const MODEL_FORMAT = 'framewise-model';

/**
 * The version of model folders that this framewise writes. Earlier versions are read too. Any new or changed field makes a
 * new version. Version 2 added `temperature` and `segmentPrior`; version 3 added bidirectional networks, networks without
 * a cell, and the input `motion`; version 4 moved the weights from `weights.bin` to `weights.safetensors`.
 */
export const MODEL_FORMAT_VERSION = 4;

/** The first version whose weights are a safetensors file. */
export const SAFETENSORS_VERSION = 4;

const distinct = (names: string[]) => new Set(names).size === names.length;

const probability = z.number().min(0).max(1);

/** Durations and transitions of segments; see `SegmentPrior`. */
const segmentPriorSchema = z.strictObject({
  weight: z.number().min(0),
  initial: z.array(probability),
  transitions: z.array(z.array(probability)),
  durations: z.array(z.strictObject({ logMean: z.number(), logDeviation: z.number().positive() })),
});

/** Schema of a `model.json`. */
export const modelDescriptionSchema = z
  .strictObject({
    format: z.literal(MODEL_FORMAT),
    formatVersion: z.int().min(1).max(MODEL_FORMAT_VERSION),
    name: z.string().min(1),
    /** In the order of the network's outputs. */
    labels: z
      .array(z.string().regex(/\S/, 'a label is blank'))
      .min(2)
      .refine(distinct, 'a label occurs twice'),
    /** The label that means "no activity", or null. */
    background: z.string().nullable(),
    /** The encoder. In the file, its path is relative to the model's folder. */
    encoder: encoderSpecSchema,
    /** Id of the encoder whose features the network was trained on. */
    encoderId: z.string().min(1),
    /** Frames per second at which the model samples a video. */
    frameRate: z.number().positive().max(1000),
    network: labelerConfigSchema,
    /** Number by which logits are divided, found on validation videos. */
    temperature: z.number().positive().default(1),
    /** Prior of Viterbi smoothing, from the training videos. Absent if it did not help on the validation videos. */
    segmentPrior: segmentPriorSchema.optional(),
    /**
     * Before version 4: the tensors of `weights.bin`, which holds their values without a header, float32 little-endian, in
     * this order. Since then, the header of `weights.safetensors` lists them.
     */
    weights: z.array(z.strictObject({ name: z.string(), shape: z.array(z.int().positive()) })).optional(),
    /** SHA-256 of the file with the weights. */
    checksum: z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hexadecimal digits'),
    /** Origin of the model for people: dataset, metrics, seed, versions. The program does not use it. */
    training: z.record(z.string(), z.unknown()),
  })
  .refine(({ formatVersion, weights }) => formatVersion < SAFETENSORS_VERSION === (weights !== undefined), {
    path: ['weights'],
    message: `expected in versions before ${SAFETENSORS_VERSION}, and only there`,
  })
  .refine(({ labels, network }) => labels.length === network.numLabels, {
    path: ['labels'],
    message: 'not as many as network.numLabels',
  })
  .refine(({ labels, segmentPrior }) => !segmentPrior || hasSize(segmentPrior, labels.length), {
    path: ['segmentPrior'],
    message: 'not of as many labels as the model',
  })
  .refine(({ labels, background }) => background === null || labels.includes(background), {
    path: ['background'],
    message: 'not one of the labels',
  });

function hasSize(
  { initial, transitions, durations }: z.output<typeof segmentPriorSchema>,
  size: number,
): boolean {
  return [initial, transitions, durations, ...transitions].every(({ length }) => length === size);
}

/** A model without its weights. */
export type ModelDescription = z.output<typeof modelDescriptionSchema>;
