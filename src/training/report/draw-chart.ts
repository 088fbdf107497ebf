import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { markup, type Html } from './html.js';

/**
 * Draws a chart as SVG, without a browser. Colours may be variables of the page's style sheet, so that one drawing serves
 * light and dark.
 *
 * @param description - What the chart shows, for those who cannot see it.
 */
export function drawChart(description: string, options: Omit<Plot.PlotOptions, 'document'>): Html {
  const { document } = parseHTML('<!doctype html><html></html>') as { document: unknown };
  const svg = Plot.plot({ ...options, document: document as never }) as unknown as {
    setAttribute: (name: string, value: string) => void;
    outerHTML: string;
  };
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', description);
  return markup(svg.outerHTML);
}
