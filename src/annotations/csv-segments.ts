import { stringify } from 'csv-stringify/sync';
import type { Timeline } from '../timeline/timeline.js';
import type { AnnotationFormat } from './annotation-format.js';
import { videoName } from './media-names.js';

/**
 * One segment a row: `video,label,start,end,confidence`, seconds to the millisecond, quoted as RFC 4180 says. It is
 * also a label file that {@link readSegmentsCsv} reads, so a model's output can be corrected by hand and trained on.
 *
 * Text is written as it is, also where it begins with `=`: a guard against spreadsheet formulas would change names,
 * and the next program would not find the video. Open the file of a stranger's video as text columns.
 */
export const csvSegmentsFormat: AnnotationFormat = { name: 'csv', extension: '.csv', write: writeSegments };

function writeSegments({ video, segments }: Timeline): string {
  const name = videoName(video.source);
  return stringify([
    ['video', 'label', 'start', 'end', 'confidence'],
    ...segments.map(({ label, startSec, endSec, confidence }) => [
      name,
      label,
      startSec.toFixed(3),
      endSec.toFixed(3),
      confidence.toFixed(4),
    ]),
  ]);
}
