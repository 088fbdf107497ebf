/** A line through one value per step. */
export interface Curve {
  /** Name in the source of the SVG, for readers and tests. */
  name: string;
  values: readonly number[];
  color: string;
  style: 'solid' | 'dashed' | 'dotted' | 'faint';
}

/** Position of a plot in the picture, in pixels, and ranges of its axes. */
export interface PlotArea {
  left: number;
  top: number;
  width: number;
  height: number;
  /** Exponents of ten at the bottom and at the top. */
  minExponent: number;
  maxExponent: number;
  numSteps: number;
  /** Whether the axis has labels. */
  isLabeled: boolean;
}

/** Line styles, as SVG attributes. */
export const STROKES = {
  solid: 'stroke-width="2.2"',
  dashed: 'stroke-width="1.8" stroke-dasharray="6 3"',
  dotted: 'stroke-width="1.2" stroke-dasharray="1.5 3.5" stroke-linecap="round"',
  faint: 'stroke-width="1.6" stroke-opacity="0.25"',
};

/** An SVG group with curves over steps 0 … `numSteps` on a logarithmic axis. Curves are clipped at the edge of the plot. */
export function logPlot(area: PlotArea, curves: readonly Curve[]): string {
  const { left, top, width, height, minExponent, maxExponent, numSteps, isLabeled } = area;
  const x = (step: number): number => left + (step / numSteps) * width;
  const y = (exponent: number): number =>
    top + ((maxExponent - exponent) / (maxExponent - minExponent)) * height;
  const clip = `clip-${left}-${top}`;
  const parts = [
    `<clipPath id="${clip}"><rect x="${left}" y="${top}" width="${width}" height="${height}"/></clipPath>`,
    `<rect x="${left}" y="${top}" width="${width}" height="${height}" fill="#ffffff"/>`,
  ];
  for (let exponent = minExponent; exponent <= maxExponent; exponent += 2) {
    const isOne = exponent === 0;
    parts.push(
      `<line x1="${left}" x2="${left + width}" y1="${round(y(exponent))}" y2="${round(y(exponent))}" ` +
        `stroke="${isOne ? '#8a8f98' : '#e4e6ea'}"/>`,
    );
    if (isLabeled && exponent % 4 === 0) {
      parts.push(
        `<text x="${left - 7}" y="${round(y(exponent) + 4)}" text-anchor="end" font-size="12">` +
          (isOne ? '1' : `10<tspan dy="-5" font-size="9">${String(exponent).replace('-', '−')}</tspan>`) +
          '</text>',
      );
    }
  }
  for (let step = 0; step <= numSteps; step += numSteps / 5) {
    parts.push(
      `<line x1="${x(step)}" x2="${x(step)}" y1="${top + height}" y2="${top + height + 5}" stroke="#8a8f98"/>`,
      `<text x="${x(step)}" y="${top + height + 19}" text-anchor="middle" font-size="12">${step}</text>`,
    );
  }
  for (const { name, values, color, style } of curves) {
    // Zero has no logarithm.
    const points = values.flatMap((value, step) =>
      value > 0 ? [`${round(x(step))},${round(y(Math.log10(value)))}`] : [],
    );
    parts.push(
      `<polyline data-curve="${name}" clip-path="url(#${clip})" fill="none" stroke="${color}" ${STROKES[style]} ` +
        `stroke-linejoin="round" points="${points.join(' ')}"/>`,
    );
  }
  parts.push(
    `<rect x="${left}" y="${top}" width="${width}" height="${height}" fill="none" stroke="#8a8f98"/>`,
  );
  return `<g>\n${parts.join('\n')}\n</g>`;
}

const round = (pixels: number): number => Math.round(pixels * 100) / 100;
