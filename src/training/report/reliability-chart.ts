import * as Plot from '@observablehq/plot';
import { drawChart } from './draw-chart.js';
import type { Html } from '../../view/html.js';
import type { ReliabilityBin } from '../../timeline/calibration-error.js';

/** Draws how often frames of each confidence are right; on the diagonal confidences mean what they say. */
export function drawReliability(bins: readonly ReliabilityBin[]): Html {
  const numFrames = bins.reduce((sum, bin) => sum + bin.numFrames, 0);
  const percent = (share: number): string => `${Math.round(100 * share)} %`;
  return drawChart('Reliability: share of right frames over confidence', {
    width: 380,
    height: 330,
    marginLeft: 48,
    style: { fontSize: '11px' },
    x: { label: 'confidence', domain: [0, 1], tickFormat: percent, ticks: 5 },
    y: { label: 'right', domain: [0, 1], tickFormat: percent, ticks: 5, grid: true },
    r: { type: 'sqrt', domain: [0, 1], range: [2, 16] },
    marks: [
      Plot.rect(bins, {
        x1: 'from',
        x2: 'to',
        y1: () => 0,
        y2: 'accuracy',
        inset: 0.5,
        fill: 'var(--accent)',
        fillOpacity: 0.25,
      }),
      Plot.line(
        [
          [0, 0],
          [1, 1],
        ],
        { stroke: 'var(--muted)', strokeDasharray: '4,4' },
      ),
      Plot.link(bins, { x: 'confidence', y1: 'confidence', y2: 'accuracy', stroke: 'var(--wrong)' }),
      Plot.dot(bins, {
        x: 'confidence',
        y: 'accuracy',
        r: (bin: ReliabilityBin) => bin.numFrames / numFrames,
        fill: 'var(--accent)',
        stroke: 'var(--panel)',
        title: (bin: ReliabilityBin) =>
          `${bin.numFrames} frames of ${percent(bin.from)} to ${percent(bin.to)}: ` +
          `confidence ${(100 * bin.confidence).toFixed(1)} %, right ${(100 * bin.accuracy).toFixed(1)} %`,
      }),
    ],
  });
}
