import * as Plot from '@observablehq/plot';
import type { ReliabilityBin } from '../../timeline/calibration-error.js';
import type { Html } from '../../view/html.js';
import { drawChart } from './draw-chart.js';

/** Cells show numbers up to this many labels. With more labels, faint cells are left out. */
export const MAX_NUMBERED_LABELS = 20;
/** Share of its row below which a cell is faint. */
export const FAINT_SHARE = 0.01;
/** Longer names are cut, in characters. */
const MAX_NAME_LENGTH = 22;

/**
 * Draws a confusion matrix with one row per true label and one column per predicted label.
 *
 * @param confusion - Number of frames by true label (row) and predicted label (column), `[labels][labels]`.
 */
export function drawConfusion(labels: readonly string[], confusion: readonly (readonly number[])[]): Html {
  const isNumbered = labels.length <= MAX_NUMBERED_LABELS;
  const cells = confusion.flatMap((row, truth) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row
      .map((count, given) => ({ truth, given, count, share: count / total, isRight: truth === given }))
      .filter(({ count, share }) => count > 0 && (isNumbered || share >= FAINT_SHARE));
  });
  const cellSize = isNumbered ? Math.max(36, Math.min(90, 380 / labels.length)) : 16;
  const nameSize = 14 + 6.6 * Math.min(MAX_NAME_LENGTH, Math.max(...labels.map(({ length }) => length)));
  const positions = labels.map((_, position) => position);
  const nameOf = (position: number): string => shorten(labels[position]!);
  const isTurned = 6.6 * MAX_NAME_LENGTH > cellSize && nameSize > cellSize + 14;
  return drawChart('Confusion matrix: true labels in rows, given labels in columns', {
    width: nameSize + labels.length * cellSize + 28,
    height: (isTurned ? nameSize : 30) + labels.length * cellSize + 26,
    marginLeft: nameSize + 18,
    marginRight: 10,
    marginTop: (isTurned ? nameSize : 30) + 18,
    marginBottom: 8,
    style: { fontSize: '11px' },
    padding: 0.04,
    x: {
      domain: positions,
      axis: 'top',
      label: 'given',
      tickFormat: nameOf,
      tickRotate: isTurned ? -90 : 0,
      tickSize: 0,
      labelAnchor: 'left',
      labelArrow: 'right',
    },
    y: { domain: positions, label: 'true', tickFormat: nameOf, tickSize: 0, labelArrow: 'down' },
    color: { type: 'identity' },
    marks: [
      Plot.gridX({ stroke: 'var(--line)' }),
      Plot.gridY({ stroke: 'var(--line)' }),
      Plot.cell(cells, {
        x: 'given',
        y: 'truth',
        rx: 2,
        fill: ({ share, isRight }: Cell) => shade(isRight ? 'var(--accent)' : 'var(--wrong)', share),
        title: ({ truth, given, count, share }: Cell) =>
          `${labels[truth]} called ${labels[given]}: ${count} frames, ${(100 * share).toFixed(1)} %`,
      }),
      !isNumbered
        ? null
        : Plot.text(cells, {
            x: 'given',
            y: 'truth',
            fill: ({ share }: Cell) => (share > 0.55 ? 'var(--on-accent)' : 'var(--text)'),
            text: ({ count }: Cell) => compact(count),
            pointerEvents: 'none',
          }),
    ],
  });
}

interface Cell {
  truth: number;
  given: number;
  count: number;
  share: number;
  isRight: boolean;
}

/** Color of a cell by its share of the row. Even a single frame is visible. */
function shade(color: string, share: number): string {
  return `color-mix(in srgb, ${color} ${Math.round(8 + 92 * share)}%, var(--panel))`;
}

function shorten(name: string): string {
  return name.length > MAX_NAME_LENGTH ? `${name.slice(0, MAX_NAME_LENGTH - 1)}…` : name;
}

function compact(count: number): string {
  return count < 10_000 ? String(count) : `${Math.round(count / 1000)}k`;
}

/** Draws accuracy over confidence. On the diagonal, confidence equals accuracy. */
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
