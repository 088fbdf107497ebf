import { z } from 'zod';
import { createCell } from '../recurrent/create-cell.js';
import { constant, glorotUniform } from '../recurrent/initializers.js';
import type { WeightSpec } from '../recurrent/initializers.js';

/** The inputs that a network can have, each as wide as the features. */
export const INPUT_KINDS = ['features', 'difference', 'magnitude'] as const;
export type InputKind = (typeof INPUT_KINDS)[number];

/** What a labeler's network looks like; `network` in a model's `model.json`. */
export const labelerConfigSchema = z.strictObject({
  /** The recurrence of every layer. */
  cell: z.enum(['rnn', 'gru', 'lstm']).default('gru'),
  /** Width of each recurrent layer. */
  units: z.int().min(1).max(4096).default(64),
  /** How many recurrent layers stand on each other. */
  layers: z.int().min(1).max(8).default(1),
  /** Width to which a frame's features are brought before the first recurrent layer. */
  projectionUnits: z.int().min(1).max(4096).default(64),
  /** Share of the values that training drops before each recurrent layer, 0 to below 1. */
  dropout: z.number().min(0).lt(1).default(0.3),
  /**
   * What the network sees of a frame, side by side: its features, their difference to the frame before (which way
   * things change), the difference's magnitude (how much they change). The magnitude alone knows nothing of what is in
   * the picture, which is what small datasets overfit to.
   */
  inputs: z
    .array(z.enum(INPUT_KINDS))
    .min(1)
    .refine((kinds) => new Set(kinds).size === kinds.length, 'an input occurs twice')
    .default(['features', 'difference']),
  /**
   * Frames that the network sees beyond the one it labels. What begins is often clear only a moment later; a stream's
   * labels come by as many frames later.
   */
  lookahead: z.int().min(0).max(1000).default(0),
  featureSize: z.int().min(1).max(65_536),
  numLabels: z.int().min(2).max(65_536),
});

/** A complete description of a network. */
export type LabelerConfig = z.output<typeof labelerConfigSchema>;

/** The same, where what has a default may be left out. */
export type LabelerOptions = z.input<typeof labelerConfigSchema>;

/** One of a labeler's tensors. */
export interface LabelerWeightSpec extends WeightSpec {
  name: string;
  /** False for what is computed from data instead. */
  isTrainable: boolean;
}

/** Every tensor of a network, in the order in which a model's `weights.bin` holds them. */
export function labelerWeightSpecs(config: LabelerConfig): LabelerWeightSpec[] {
  const { featureSize, inputs, projectionUnits, units, numLabels } = config;
  const inputSize = inputs.length * featureSize;
  const cell = createCell(config.cell, units);
  const recurrent = Array.from({ length: config.layers }, (_, layer) => {
    const specs = cell.weightSpecs(layer === 0 ? projectionUnits : units);
    return Object.entries(specs).map(([name, spec]) => ({ name: `recurrent.${layer}.${name}`, ...spec }));
  });
  const trainable = [
    { name: 'projection.kernel', shape: [inputSize, projectionUnits], initialize: glorotUniform },
    { name: 'projection.bias', shape: [projectionUnits], initialize: constant(0) },
    ...recurrent.flat(),
    { name: 'output.kernel', shape: [units, numLabels], initialize: glorotUniform },
    { name: 'output.bias', shape: [numLabels], initialize: constant(0) },
  ];
  return [
    { name: 'normalization.mean', shape: [inputSize], initialize: constant(0), isTrainable: false },
    { name: 'normalization.scale', shape: [inputSize], initialize: constant(1), isTrainable: false },
    ...trainable.map((spec) => ({ ...spec, isTrainable: true })),
  ];
}

/** The first thing that a schema found wrong, as one line: which field, and what is the matter with it. */
export function firstIssue({ issues: [issue] }: z.ZodError): string {
  if (issue === undefined) return 'not valid';
  return issue.path.length > 0 ? `${issue.path.join('.')}: ${issue.message}` : issue.message;
}
