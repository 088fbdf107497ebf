import * as Plot from '@observablehq/plot';
import { drawChart } from './draw-chart.js';
import { html, type Html } from '../../view/html.js';
import type { CurvePoint, LearningCurves } from './learning-curves.js';

const WIDTH = 460;
const HEIGHT = 230;

/** Name of a curve, and its color as a variable of the page's style sheet. */
interface Series {
  name: string;
  color: string;
}

/** Draws loss, scores, gradient norm and learning rate over the epochs. */
export function drawLearning(curves: LearningCurves): Html {
  return html`<div class="charts">
    ${drawLoss(curves)} ${drawScores(curves)} ${drawGradient(curves)} ${drawLearningRate(curves)}
  </div>`;
}

function drawLoss(curves: LearningCurves): Html {
  const { epochs, stepLoss } = curves;
  const training = { name: 'training', color: 'var(--series-1)' };
  const validation = { name: 'validation', color: 'var(--series-2)' };
  const validated = epochs.filter((epoch) => typeof epoch.validation?.loss === 'number');
  const chart = draw(curves, 'Loss over epochs', { label: 'nats per frame', zero: true }, [
    band(stepLoss, training),
    ...line(
      epochs,
      training,
      ({ epoch }) => epoch,
      ({ trainingLoss }) => trainingLoss,
    ),
    ...line(
      validated,
      validation,
      ({ epoch }) => epoch,
      (epoch) => epoch.validation!.loss!,
    ),
  ]);
  const shown = validated.length > 0 ? [training, validation] : [training];
  return figure('Loss', shown, chart, stepLoss.length > 0 && 'The band is the range of single steps.');
}

function drawScores(curves: LearningCurves): Html | undefined {
  const scores = [
    { name: 'frame accuracy', color: 'var(--series-1)', of: 'frameAccuracy' as const },
    { name: 'clip accuracy', color: 'var(--series-2)', of: 'clipAccuracy' as const },
    { name: 'edit', color: 'var(--series-3)', of: 'edit' as const },
    { name: 'F1@50', color: 'var(--series-4)', of: 'f1' as const },
  ].map(({ of, ...series }) => ({
    ...series,
    points: curves.epochs.flatMap(({ epoch, validation }) => {
      const score = of === 'f1' ? validation?.f1[50] : validation?.[of];
      return typeof score === 'number' ? [{ epoch, score }] : [];
    }),
  }));
  const shown = scores.filter(({ points }) => points.length > 0);
  if (shown.length === 0) return undefined;
  const chart = draw(
    curves,
    'Validation scores over epochs',
    { label: 'percent', domain: [0, 100] },
    shown.flatMap(({ points, ...series }) =>
      line(
        points,
        series,
        ({ epoch }) => epoch,
        ({ score }) => score,
      ),
    ),
  );
  return figure('Validation scores', shown, chart);
}

function drawGradient(curves: LearningCurves): Html {
  const before = { name: 'before clipping', color: 'var(--series-2)' };
  const after = { name: 'after', color: 'var(--series-1)' };
  // A norm of 0 cannot be drawn on a logarithmic scale.
  const isPositive = ({ low }: CurvePoint): boolean => low > 0;
  const [norms, clipped] = [
    curves.of('gradientNorm').filter(isPositive),
    curves.of('clippedGradientNorm').filter(isPositive),
  ];
  const chart = draw(
    curves,
    'Gradient norm before and after clipping',
    { label: 'norm', type: 'log', ticks: 4, tickFormat: '~g' },
    [
      band(norms, before),
      band(clipped, after),
      ...line(
        norms,
        before,
        ({ epoch }) => epoch,
        ({ mean }) => mean,
        false,
      ),
      ...line(
        clipped,
        after,
        ({ epoch }) => epoch,
        ({ mean }) => mean,
        false,
      ),
    ],
  );
  return figure(
    'Gradient',
    [before, after],
    chart,
    'Lines are means; bands reach from the lowest to the highest value.',
  );
}

function drawLearningRate(curves: LearningCurves): Html {
  const series = { name: 'learning rate', color: 'var(--series-1)' };
  const points = curves.of('learningRate');
  const chart = draw(
    curves,
    'Learning rate over epochs',
    { label: 'step size', zero: true, tickFormat: '~g', ticks: 5 },
    line(
      points,
      series,
      ({ epoch }) => epoch,
      ({ mean }) => mean,
      false,
    ),
  );
  return figure('Learning rate', [], chart);
}

function draw(
  { epochs, bestEpoch }: LearningCurves,
  description: string,
  y: Plot.ScaleOptions,
  marks: readonly Plot.Markish[],
): Html {
  return drawChart(description, {
    width: WIDTH,
    height: HEIGHT,
    marginLeft: 48,
    style: { fontSize: '11px' },
    x: {
      label: 'epoch',
      domain: [0, Math.max(1, epochs.length)],
      ticks: wholeEpochs(epochs.length),
      tickFormat: 'd',
    },
    y: { nice: true, grid: true, ...y },
    marks: [
      bestEpoch && Plot.ruleX([bestEpoch.epoch], { stroke: 'var(--muted)', strokeDasharray: '2,3' }),
      bestEpoch &&
        Plot.text([bestEpoch.epoch], {
          x: (epoch: number) => epoch,
          text: () => 'best',
          frameAnchor: 'top',
          dx: 4,
          textAnchor: 'start',
          fill: 'var(--muted)',
          stroke: 'var(--panel)',
          strokeWidth: 4,
        }),
      ...marks,
    ],
  });
}

/** Ticks at whole epochs, at most about ten. */
function wholeEpochs(numEpochs: number): number[] {
  const step = Math.ceil(numEpochs / 10) || 1;
  return Array.from({ length: Math.floor(numEpochs / step) + 1 }, (_, i) => i * step);
}

function band(points: readonly CurvePoint[], { color }: Series): Plot.Markish {
  return Plot.areaY(points, { x: 'epoch', y1: 'low', y2: 'high', fill: color, fillOpacity: 0.15 });
}

function line<Row>(
  rows: readonly Row[],
  { name, color }: Series,
  x: (row: Row) => number,
  y: (row: Row) => number,
  hasDots = true,
): Plot.Markish[] {
  const title = (row: Row): string => `${name}, epoch ${x(row)}: ${Number(y(row).toPrecision(4))}`;
  const dots = Plot.dot(rows, { x, y, r: 2.5, fill: color, title });
  return [Plot.lineY(rows, { x, y, stroke: color, strokeWidth: 2 }), hasDots ? dots : null];
}

function figure(title: string, series: readonly Series[], chart: Html, note?: string | false): Html {
  const legend = series.map(
    ({ name, color }) => html`<span class="key"><i style="background: ${color}"></i>${name}</span>`,
  );
  return html`<figure>
    <figcaption><b>${title}</b> ${legend}</figcaption>
    ${chart} ${note && html`<p class="note">${note}</p>`}
  </figure>`;
}
