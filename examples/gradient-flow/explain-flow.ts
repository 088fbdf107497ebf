import Table from 'cli-table3';
import { CELL_NAMES } from './draw-flow.js';
import type { Flow, FlowSettings } from './measure-flow.js';

/** A gradient counts as vanished below the first norm, and as exploded above the second. */
const [VANISHED, EXPLODED] = [1e-6, 1e6];

/** Describes the picture in words and measured numbers. */
export function explainFlow(flows: readonly Flow[], { units, numSteps, maxNorm }: FlowSettings): string {
  const wildest = flows.reduce((a, b) => (b.gradientNorm > a.gradientNorm ? b : a));
  const faintest = flows.reduce((a, b) => (b.hiddenState[0]! < a.hiddenState[0]! ? b : a));
  const factor = number(wildest.clippingFactor);
  return `How the gradient of h_T, the last hidden state, flows back over ${numSteps} steps of an untrained cell of ${units} units

${flowTable(flows)}
factor a step   by which the norm of ∂h_T/∂h_t changes with each step back, on average; the last step left out
below, above    steps back from T until that norm is below ${power(VANISHED)}, above ${power(EXPLODED)}
length          of the gradient of u·h_T by all weights, which clipping bounds by ${maxNorm}; u is a random unit vector

Before clipping
- Each step back multiplies by the Jacobian of one step. Norms fall or grow exponentially: straight lines in the picture.
- Vanilla RNN: without tanh the factor would be the radius (dotted). The slope of tanh, below 1 wherever a unit is
  driven, takes from it: little at small radii, most where large ones drive the units.
- GRU: as long as states are small the factor is at most 1/2 + radius/4. Both gates start half open; half of the old
  state is passed on untouched, and a quarter of what the recurrent kernel makes of it is added.
- LSTM: as long as states are small the factor is at most σ(1) + radius/4, and σ(1) is 0.73: the forget gate's bias of
  one keeps most of the cell state, whatever the kernel does. The last step is a step down, as h acts on the next h
  through half-open gates alone; the cell state (dashed) is the road that stays open.

After clipping
- It bounds the step: the longest gradient, of the ${name(wildest)}, is cut from ${number(wildest.gradientNorm)} to ${number(wildest.gradientNorm * wildest.clippingFactor)}.
- It does not balance what the step is made of. All summands are multiplied by ${factor} there; h_0 weighs up to
  ${number(wildest.hiddenState[0]!)} times as much as h_T, before and after. What recent steps had to say is kept at ${factor} of its size.
- It brings back nothing that has vanished: of the ${name(faintest)}, ${number(faintest.hiddenState[0]!)} arrives from ${numSteps} steps
  away, and no factor of at most 1 makes that more. Another radius, another bias or another cell does.`;
}

function flowTable(flows: readonly Flow[]): string {
  const table = new Table({
    head: [
      'cell',
      'radius',
      '‖∂h_T/∂h_0‖',
      'factor a step',
      `below ${power(VANISHED)}`,
      `above ${power(EXPLODED)}`,
      'length',
      'clipped',
    ],
    style: { head: [], border: [], compact: true },
  });
  for (const { kind, radius, hiddenState, gradientNorm, clippingFactor } of flows) {
    table.push([
      CELL_NAMES[kind],
      radius,
      number(hiddenState[0]!),
      factorPerStep(hiddenState).toFixed(3),
      stepsBack(hiddenState, (norm) => norm < VANISHED),
      stepsBack(hiddenState, (norm) => norm > EXPLODED),
      number(gradientNorm),
      `×${number(clippingFactor)}`,
    ]);
  }
  return table.toString();
}

/** Geometric mean of the factors from one step to the step before it, without the last step. */
export function factorPerStep(norms: readonly number[]): number {
  const numFactors = norms.length - 2;
  return (norms[0]! / norms[numFactors]!) ** (1 / numFactors);
}

/** Number of steps from the end back to the first norm that meets the condition. */
function stepsBack(norms: readonly number[], condition: (norm: number) => boolean): string {
  const last = norms.findLastIndex(condition);
  return last < 0 ? 'never' : String(norms.length - 1 - last);
}

const name = ({ kind, radius }: Flow): string => `${CELL_NAMES[kind]} at radius ${radius}`;
const power = (value: number): string => value.toExponential(0).replace('+', '');

/** Formats a number with two significant digits. */
function number(value: number): string {
  const isPlain = value >= 0.01 && value < 1000;
  return isPlain ? String(Number(value.toPrecision(2))) : value.toExponential(1).replace('+', '');
}
