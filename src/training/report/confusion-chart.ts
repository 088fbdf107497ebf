import * as Plot from '@observablehq/plot';
import { drawChart } from './draw-chart.js';
import type { Html } from '../../view/html.js';

/** Up to this many labels there is room for numbers in the cells; with more, faint cells are left out. */
export const MAX_NUMBERED_LABELS = 20;
/** Share of its row below which a cell is faint. */
export const FAINT_SHARE = 0.01;
/** Names longer than this are cut, in characters. */
const MAX_NAME_LENGTH = 22;

/**
 * Draws a confusion matrix: a row a true label, its frames spread over what they were called.
 *
 * @param confusion - Frames of each true label (row) that were given each label (column), `[labels][labels]`.
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

/** Of a cell with that share of its row. Even a single frame must be seen. */
function shade(color: string, share: number): string {
  return `color-mix(in srgb, ${color} ${Math.round(8 + 92 * share)}%, var(--panel))`;
}

function shorten(name: string): string {
  return name.length > MAX_NAME_LENGTH ? `${name.slice(0, MAX_NAME_LENGTH - 1)}…` : name;
}

function compact(count: number): string {
  return count < 10_000 ? String(count) : `${Math.round(count / 1000)}k`;
}
