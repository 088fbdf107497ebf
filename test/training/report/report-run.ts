import path from 'node:path';
import {
  reportData,
  type ReportDataOptions,
  type TrainingReport,
} from '../../../src/training/report/report-data.js';
import type { SequencePrediction } from '../../../src/training/evaluation/score-sequences.js';
import type { TrainingRecord } from '../../../src/training/loop/training-log.js';

/** Names as a hostile or a careless person would give them. */
export const LABELS = ['rest', 'wave <script>alert("label")</script>', `it's "A&amp;B"`];

/** A clip that can be read. */
export const CLIP = path.join(import.meta.dirname, '../../../fixtures/drawn-people/clips/wave/1.mp4');

/** Three labels at two frames a second; each row is a frame's target and its probabilities in percent. */
export function prediction(
  name: string,
  frames: readonly [target: number, ...percent: number[]][],
): SequencePrediction {
  return {
    name,
    isClip: false,
    targets: Int32Array.from(frames, ([target]) => target),
    probabilities: Float32Array.from(frames.flatMap(([, ...percent]) => percent.map((value) => value / 100))),
  };
}

/**
 * Eight labeled frames, six of them right: the last two of the first video's truth are called rest, and are its and the
 * dataset's hardest segment.
 */
export const PREDICTIONS = [
  prediction('<img src=x onerror=alert(1)>.mp4', [
    [0, 90, 5, 5],
    [0, 80, 10, 10],
    [-1, 20, 70, 10],
    [1, 10, 70, 20],
    [1, 10, 80, 10],
    [2, 75, 5, 20],
    [2, 65, 25, 10],
  ]),
  prediction('street.mp4', [
    [0, 95, 2.5, 2.5],
    [2, 2, 3, 95],
  ]),
];

export const OPTIONS: ReportDataOptions = {
  labels: LABELS,
  background: 'rest',
  frameRate: 2,
  paths: new Map([
    [PREDICTIONS[0]!.name, '/nowhere/absent.mp4'],
    ['street.mp4', CLIP],
  ]),
};

/** Two epochs of three steps. */
export function records(): TrainingRecord[] {
  const results = reportData(PREDICTIONS, OPTIONS);
  const step = (number: number, epoch: number, gradientNorm: number) =>
    ({
      kind: 'step',
      step: number,
      epoch,
      loss: 2 / number,
      learningRate: 0.001 * number,
      gradientNorm,
      clippedGradientNorm: Math.min(1, gradientNorm),
    }) as const;
  const epoch = (number: number, trainingLoss: number, loss: number, isBest: boolean) =>
    ({
      kind: 'epoch',
      step: 3 * number,
      epoch: number,
      epochs: 5,
      trainingLoss,
      learningRate: 0.003 * number,
      gradientNorm: 2,
      clippedGradientNorm: 1,
      validation: { ...results.scores, loss },
      isBest,
    }) as const;
  return [
    ...[step(1, 1, 8), step(2, 1, 0.5), step(3, 1, 4), epoch(1, 1.2, 0.9, true)],
    ...[step(4, 2, 2), step(5, 2, 1), step(6, 2, 0.25), epoch(2, 0.4, 0.95, false)],
  ];
}

/** A whole run. */
export function trainingReport(): TrainingReport {
  return {
    name: 'fights & <b>falls</b>',
    command: ['framewise', 'train', 'my clips', '--output', 'fights'],
    records: records(),
    results: reportData(PREDICTIONS, OPTIONS),
    dataset: {
      source: 'my clips',
      hash: 'c0ffee'.repeat(10) + 'cafe',
      numTraining: 31,
      numValidation: 2,
      labels: [
        { label: LABELS[0]!, numSegments: 17, numVideos: 12, labelledSec: 90 },
        { label: LABELS[1]!, numSegments: 23, numVideos: 9, labelledSec: 30 },
      ],
      notes: ['left out: broken.mp4'],
    },
    settings: { cell: 'gru', units: 64, inputs: ['features', 'difference'] },
  };
}
