import * as Plot from '@observablehq/plot';
import type { LabelSpan } from '../../timeline/timeline.js';
import { drawChart } from './draw-chart.js';
import type { Html } from '../../view/html.js';
import type { VideoPictures } from '../../view/take-frames.js';
import { formatTime, type LabelColors } from '../../view/timeline-drawing.js';
import type { ReportVideo } from './report-data.js';

/** Rows from top to bottom as `[bottom, top]`; one unit is the height of the curve. */
const ROWS = { truth: [2.1, 2.95], model: [1.15, 2.0], 'p(truth)': [0, 1] } as const;
const ROW_HEIGHT = 26;
const NAME_WIDTH = 52;
/** Width of a character in a bar, in pixels; generous, because fonts differ. */
const CHARACTER_WIDTH = 6.5;

/** Pictures of a video with their times. */
export interface PictureStrip extends Pick<VideoPictures, 'aspectRatio'> {
  pictures: { timeSec: number; picture: string | undefined }[];
}

/**
 * Draws a video from top to bottom: pictures, true labels, predicted labels, and the probability of the true label.
 *
 * @param width - Width of the chart in pixels.
 */
export function drawTimeline(
  video: ReportVideo,
  colors: LabelColors,
  strip: PictureStrip | undefined,
  width: number,
): Html {
  const { durationSec, truth, predicted, truthProbability, name } = video;
  const plotWidth = width - NAME_WIDTH - 8;
  const shown = strip?.pictures.filter(({ picture }) => picture !== undefined) ?? [];
  const pictureWidth = strip ? plotWidth / strip.pictures.length - 3 : 0;
  const pictureHeight = shown.length > 0 ? Math.min(72, pictureWidth / strip!.aspectRatio) : 0;
  return drawChart(`Truth and prediction of ${name} over time`, {
    width,
    height: pictureHeight + 8 + 3 * ROW_HEIGHT + 34,
    marginLeft: NAME_WIDTH,
    marginRight: 8,
    marginTop: pictureHeight + 8,
    marginBottom: 34,
    style: { fontSize: '11px' },
    x: { domain: [0, durationSec], label: null, tickFormat: formatTime, ticks: width / 90 },
    y: { domain: [0, 3], axis: null, label: null },
    color: { type: 'identity' },
    marks: [
      Plot.axisY(
        Object.values(ROWS).map(([bottom, top]) => (bottom + top) / 2),
        {
          tickSize: 0,
          text: Object.keys(ROWS),
        },
      ),
      shown.length === 0
        ? null
        : Plot.image(shown, {
            x: 'timeSec',
            src: 'picture',
            frameAnchor: 'top',
            dy: -pictureHeight / 2 - 5,
            width: pictureHeight * strip!.aspectRatio,
            height: pictureHeight,
          }),
      ...drawSpans(truth, ROWS.truth, 'truth'),
      ...drawSpans(predicted, ROWS.model, 'model'),
      Plot.areaY(truthProbability, {
        x: 'timeSec',
        y: 'probability',
        fill: 'var(--accent)',
        fillOpacity: 0.25,
      }),
      Plot.lineY(truthProbability, {
        x: 'timeSec',
        y: 'probability',
        stroke: 'var(--accent)',
        strokeWidth: 1,
      }),
      Plot.ruleY([0, 1], { stroke: 'var(--line)' }),
    ],
  });

  function drawSpans(
    spans: readonly LabelSpan[],
    [bottom, top]: readonly [number, number],
    who: string,
  ): Plot.Markish[] {
    const roomFor = ({ startSec, endSec }: LabelSpan): number =>
      (plotWidth * (endSec - startSec)) / durationSec;
    const describe = ({ label, startSec, endSec }: LabelSpan): string =>
      `${who}: ${label}, ${startSec.toFixed(1)} to ${endSec.toFixed(1)} s`;
    const named = spans.filter((span) => roomFor(span) > CHARACTER_WIDTH * span.label.length + 6);
    return [
      Plot.rect(spans, {
        x1: 'startSec',
        x2: 'endSec',
        y1: () => bottom,
        y2: () => top,
        insetRight: 0.5,
        fill: ({ label }: LabelSpan) => colors.of(label),
        // A span too narrow to point at needs no title.
        title: (span: LabelSpan) => (roomFor(span) < 3 ? null : describe(span)),
      }),
      Plot.text(named, {
        x: ({ startSec, endSec }: LabelSpan) => (startSec + endSec) / 2,
        y: () => (bottom + top) / 2,
        text: 'label',
        fill: ({ label }: LabelSpan) => colors.inkOn(label),
        pointerEvents: 'none',
      }),
    ];
  }
}
