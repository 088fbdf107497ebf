import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { markup, type Html } from '../../view/html.js';

/**
 * Draws a chart as SVG, without a browser. Colors may be variables of the page's style sheet, so that one drawing works in
 * light and dark mode.
 *
 * @param description - What the chart shows, for screen readers.
 */
export function drawChart(description: string, options: Omit<Plot.PlotOptions, 'document'>): Html {
  const { document } = parseHTML('<!doctype html><html></html>') as { document: unknown };
  const svg = Plot.plot({ ...options, document: document as never }) as unknown as SvgElement;
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', description);
  for (const mark of svg.querySelectorAll('rect, text, circle, image')) {
    for (const name of ['x', 'y', 'width', 'height', 'r', 'fill-opacity', 'transform']) {
      const value = mark.getAttribute(name);
      if (value !== null) mark.setAttribute(name, value.replace(LONG_FRACTION, '$1'));
    }
  }
  return markup(svg.outerHTML);
}

/** Hundredths of a pixel are precise enough and halve the size of the file. */
const LONG_FRACTION = /(\.\d\d)\d+/g;

/** The few parts of the DOM used here; TypeScript's DOM types are not loaded. */
interface SvgElement {
  readonly outerHTML: string;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  querySelectorAll(selector: string): Iterable<SvgElement>;
}
