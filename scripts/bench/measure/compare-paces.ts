import { BATCH_SIZES, PARTS, type Part } from './backend-measures.js';
import { median, round } from './statistics.js';

/** Units per second of each round, by measurement. Empty if a contestant does not have it. */
export type Paces = Record<Part, number[]>;

/** Medians of a contestant, and their ratios to another one's. */
export interface Figures {
  /** By frames per batch. */
  encoderFramesPerSec: Record<string, number>;
  trainingStepsPerSec?: number;
  labelingFramesPerSec?: number;
  /** Labeling divided by decoding alone. */
  labelingOverDecoding?: number;
  overWasm?: Multiples;
  overOnnxruntime?: Multiples;
}

/** Medians over the rounds of the ratio of two paces in the same round. */
type Multiples = Partial<Record<Part | 'bestEncoder', number>>;

export function noPaces(): Paces {
  return Object.fromEntries(PARTS.map((part): [Part, number[]] => [part, []])) as Paces;
}

export function figuresOf(paces: Paces, wasm: Paces | undefined, onnxruntime: Paces | undefined): Figures {
  const { training, labeling, decoding } = paces;
  return {
    encoderFramesPerSec: Object.fromEntries(
      BATCH_SIZES.map((size) => [size, round(median(paces[`encoder${size}`]))]),
    ),
    trainingStepsPerSec: training.length > 0 ? round(median(training)) : undefined,
    labelingFramesPerSec: labeling.length > 0 ? round(median(labeling)) : undefined,
    labelingOverDecoding: labeling.length > 0 ? multipleOf(labeling, decoding) : undefined,
    overWasm: wasm && wasm !== paces ? multiplesOf(paces, wasm) : undefined,
    overOnnxruntime: onnxruntime && onnxruntime !== paces ? multiplesOf(paces, onnxruntime) : undefined,
  };
}

function multiplesOf(paces: Paces, others: Paces): Multiples {
  const multiples: Multiples = {};
  for (const part of PARTS.filter((part) => part !== 'decoding')) {
    const rounds = Math.min(paces[part].length, others[part].length);
    if (rounds > 0) multiples[part] = multipleOf(paces[part], others[part]);
  }
  return { ...multiples, bestEncoder: multipleOf(bestOf(paces), bestOf(others)) };
}

function multipleOf(paces: number[], others: number[]): number {
  const rounds = Math.min(paces.length, others.length);
  return round(median(paces.slice(0, rounds).map((pace, turn) => pace / others[turn]!)));
}

/** The rounds with the fastest batch size of the encoder. */
function bestOf(paces: Paces): number[] {
  const each = BATCH_SIZES.map((size) => paces[`encoder${size}`]);
  return each.reduce((best, rounds) => (median(rounds) > median(best) ? rounds : best));
}
