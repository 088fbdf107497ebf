import type { CellKind } from '../../src/recurrent/contract.js';
import { logPlot, STROKES, type Curve, type PlotArea } from './log-plot.js';
import type { Flow, FlowSettings } from './measure-flow.js';
import { text } from './svg-text.js';

export const CELL_NAMES: Record<CellKind, string> = { rnn: 'Vanilla RNN', gru: 'GRU', lstm: 'LSTM' };
/** Colors from small radii (blue) over 1 to large radii (red). */
const COLORS = ['#1b4f9c', '#4a9bd4', '#4d4d4d', '#f08a4b', '#c01f2e'];

const [PLOT_WIDTH, PLOT_HEIGHT] = [330, 250];
const [LEFT, TOP, COLUMN, ROW] = [92, 150, 362, 352];
const WIDTH = LEFT + 3 * COLUMN - (COLUMN - PLOT_WIDTH) + 34;
const CAPTION_TOP = TOP + 2 * ROW - 24;
const RANGE = { minExponent: -12, maxExponent: 10 };

/**
 * Draws all flows as one SVG: one column per cell, one color per radius, before clipping above and after clipping below.
 *
 * @param flows - By cell, then by radius. Every cell has the same radii, at most five.
 */
export function drawFlow(flows: readonly Flow[], settings: FlowSettings): string {
  const kinds = [...new Set(flows.map(({ kind }) => kind))];
  const radii = [...new Set(flows.map(({ radius }) => radius))];
  const caption = captionLines(settings);
  const height = CAPTION_TOP + 19 * caption.length + 16;
  const parts = [
    `<rect width="${WIDTH}" height="${height}" fill="#f7f8fa"/>`,
    text(LEFT, 38, 'How the gradient of the last hidden state flows back through time', {
      size: 21,
      isBold: true,
    }),
    text(LEFT, 62, 'Norm of ∂h_T/∂h_t over t, by the spectral radius of the recurrent kernel', { size: 14 }),
    legend(radii),
  ];
  kinds.forEach((kind, column) => {
    const ofKind = flows.filter((flow) => flow.kind === kind);
    for (const [row, isClipped] of [false, true].entries()) {
      const area: PlotArea = {
        left: LEFT + column * COLUMN,
        top: TOP + row * ROW,
        width: PLOT_WIDTH,
        height: PLOT_HEIGHT,
        numSteps: settings.numSteps,
        isLabeled: column === 0,
        ...RANGE,
      };
      const curves = ofKind.flatMap((flow, index) => curvesOf(flow, COLORS[index]!, isClipped));
      parts.push(
        text(
          area.left,
          area.top - (isClipped ? 32 : 12),
          `${CELL_NAMES[kind]}, ${isClipped ? 'after' : 'before'} clipping`,
          {
            size: 15,
            isBold: true,
          },
        ),
        ...(isClipped ? [factors(area, ofKind)] : []),
        logPlot(area, curves),
        text(area.left + PLOT_WIDTH / 2, area.top + PLOT_HEIGHT + 37, 't (steps)', { anchor: 'middle' }),
      );
      if (column === 0) {
        const middle = area.top + PLOT_HEIGHT / 2;
        const label = isClipped ? '‖∂h_T/∂h_t‖ × factor of clipping' : '‖∂h_T/∂h_t‖';
        parts.push(text(LEFT - 52, middle, label, { anchor: 'middle', isVertical: true }));
      }
    }
  });
  caption.forEach((line, index) => parts.push(text(LEFT, CAPTION_TOP + 19 * index, line, { size: 13 })));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="Helvetica, Arial, 'DejaVu Sans', sans-serif" font-size="13" fill="#22262b">
<title>Gradient flow through RNN, GRU and LSTM</title>
${parts.join('\n')}
</svg>
`;
}

function curvesOf(
  { kind, radius, hiddenState, cellState, clippingFactor }: Flow,
  color: string,
  isClipped: boolean,
) {
  const name = (what: string) => `${kind} ${radius} ${what}`;
  const scale = (norms: readonly number[]) => norms.map((norm) => norm * clippingFactor);
  const curves: Curve[] = [];
  if (isClipped) {
    curves.push(
      { name: name('unclipped'), values: hiddenState, color, style: 'faint' },
      { name: name('clipped'), values: scale(hiddenState), color, style: 'solid' },
    );
    return curves;
  }
  curves.push({ name: name('hidden'), values: hiddenState, color, style: 'solid' });
  if (cellState) curves.push({ name: name('cell'), values: cellState, color, style: 'dashed' });
  if (kind === 'rnn') {
    const values = hiddenState.map((_, t) => radius ** (hiddenState.length - 1 - t));
    curves.push({ name: name('linear'), values, color, style: 'dotted' });
  }
  return curves;
}

function legend(radii: readonly number[]): string {
  const y = 98;
  const parts = [text(LEFT, y, 'Spectral radius')];
  let x = LEFT + 112;
  const entry = (line: string, label: string, width: number): void => {
    parts.push(
      `<line x1="${x}" x2="${x + 26}" y1="${y - 4}" y2="${y - 4}" ${line}/>`,
      text(x + 32, y, label),
    );
    x += width;
  };
  radii.forEach((radius, index) =>
    entry(`stroke="${COLORS[index]}" stroke-width="3"`, radius.toFixed(1), 76),
  );
  x += 26;
  entry(`stroke="#4d4d4d" ${STROKES.solid}`, '∂h_T/∂h_t', 108);
  entry(`stroke="#4d4d4d" ${STROKES.dashed}`, '∂h_T/∂c_t (cell state)', 178);
  entry(`stroke="#4d4d4d" ${STROKES.dotted}`, 'RNN without tanh: radiusᵀ⁻ᵗ', 240);
  return parts.join('\n');
}

/** Factors of clipping, in the colors of the curves. */
function factors({ left, top }: PlotArea, flows: readonly Flow[]): string {
  const parts = flows.map(({ clippingFactor }, index) =>
    text(left + 62 * index, top - 11, `×${shorten(clippingFactor)}`, {
      size: 12,
      isBold: true,
      color: COLORS[index]!,
    }),
  );
  return parts.join('\n');
}

/** Formats a number with two digits, or as a power of ten. */
function shorten(factor: number): string {
  if (factor >= 0.01) return factor.toPrecision(2);
  const [digit, exponent] = factor.toExponential(0).split('e-') as [string, string];
  return `${digit}·10⁻${exponent.replace(/\d/g, (numeral) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(numeral)]!)}`;
}

function captionLines({ units, numSteps, inputDeviation, maxNorm }: FlowSettings): string[] {
  return [
    `Untrained cells of ${units} units reading T = ${numSteps} steps of noise of standard deviation ${inputDeviation}. ` +
      'The norm is the spectral norm: the most by which back-propagation',
    'from h_T to h_t can stretch a gradient. The recurrent kernel is the radius times an orthogonal matrix, for each ' +
      'gate; other weights start as in Keras. Where h_t is',
    'varied, c_t is held, and the other way round.',
    `Clipping scales the gradient of u·h_T by all weights (u a random vector of length 1) to a length of at most ${maxNorm}. ` +
      'That gradient is a sum over t with a factor',
    'of ∂h_T/∂h_t in each summand, so that clipping scales all steps alike, by the factors above the panels: curves move ' +
      'down and keep their slope. Pale: unclipped.',
  ];
}
