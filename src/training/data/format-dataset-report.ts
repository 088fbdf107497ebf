import Table from 'cli-table3';
import { formatCount } from '../../format-count.js';
import type { DatasetReport } from './dataset-report.js';

/** A list shows at most this many items and counts the rest. */
const MAX_LISTED = 10;

/** Formats a dataset report as lines for a terminal: a table of the labels, then one line per problem. */
export function formatDatasetReport(report: DatasetReport): string[] {
  const { durationSec, frameRate, labels, imbalance, overlaps, gaps, beyondEnd } = report;
  const table = new Table({
    head: ['label', 'videos', 'segments', 'minutes', `frames at ${frameRate}/s`, 'share %'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const { label, numVideos, numSegments, labelledSec, numFrames, share } of labels) {
    table.push([label, numVideos, numSegments, minutes(labelledSec), numFrames ?? '–', share.toFixed(1)]);
  }
  const clips = report.numClips > 0 ? `, ${report.numClips} of them clips of one label` : '';
  const length = durationSec === null ? '' : `, ${minutes(durationSec)} minutes`;
  const lines = [
    `${formatCount(report.numVideos, 'video')}${clips}${length}`,
    ...table.toString().split('\n'),
  ];
  if (imbalance && imbalance.ratio >= 1.05) {
    const { largest, smallest, ratio } = imbalance;
    lines.push(`Imbalance: "${largest}" is shown ${ratio.toFixed(1)} times as much as "${smallest}".`);
  }
  if (report.emptyLabels.length > 0)
    lines.push(`Labels without a segment: ${report.emptyLabels.join(', ')}.`);
  if (gaps.count > 0) {
    const share = gaps.share === null ? '' : `, ${gaps.share.toFixed(1)} % of the videos`;
    lines.push(`Unlabeled: ${formatCount(gaps.count, 'stretch')}, ${minutes(gaps.seconds)} minutes${share}.`);
  }
  if (overlaps.count > 0) {
    lines.push(
      `Overlaps: ${overlaps.count}, ${overlaps.seconds.toFixed(1)} s in all; the label that starts later was kept.`,
    );
  }
  lines.push(
    ...list(
      'Labels past the end of their video',
      beyondEnd,
      ({ video, label, startSec, endSec, durationSec: end }) => {
        return `"${label}" from ${startSec.toFixed(2)} to ${endSec.toFixed(2)} s in "${video}", which ends at ${end.toFixed(2)} s`;
      },
    ),
    ...count('Groups', report.groups),
    ...count('Subsets', report.subsets),
    ...list('Left out', report.skipped, ({ what, why }) => `${what}: ${why}`),
  );
  return lines;
}

function minutes(seconds: number | null): string {
  return seconds === null ? '–' : (seconds / 60).toFixed(1);
}

function list<Item>(title: string, items: readonly Item[], format: (item: Item) => string): string[] {
  if (items.length === 0) return [];
  const more = items.length - MAX_LISTED;
  const lines = items.slice(0, MAX_LISTED).map((item) => `  ${format(item)}`);
  return [`${title}: ${items.length}`, ...lines, ...(more > 0 ? [`  and ${more} more`] : [])];
}

function count(title: string, counts: Readonly<Record<string, number>>): string[] {
  const all = Object.entries(counts);
  if (all.length === 0) return [];
  const some = all.slice(0, MAX_LISTED).map(([name, number]) => `${name} ${number}`);
  return [`${title}: ${all.length} (${some.join(', ')}${all.length > MAX_LISTED ? ', …' : ''})`];
}
