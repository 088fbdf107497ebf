import type { Timeline } from '../../timeline/timeline.js';
import type { AnnotationFormat } from '../annotation-format.js';
import { oneLine } from '../text/one-line.js';
import { cueTime, hasCues, readCues } from './subtitle-cues.js';

/**
 * SubRip subtitles: a numbered cue a segment, its text the label. The file is named as its video.
 *
 * @see https://www.matroska.org/technical/subtitles.html#srt-subtitles
 */
export const srtFormat: AnnotationFormat = {
  name: 'srt',
  title: 'SRT',
  extension: '.srt',
  extensions: ['.srt'],
  holds: ['segments', 'overlaps', 'gaps', 'times'],
  recognizes: ({ text }) => hasCues(text),
  read: readCues,
  write: writeCues,
};

function writeCues({ segments }: Timeline): string {
  return segments
    .map(
      ({ label, startSec, endSec }, position) =>
        `${position + 1}\n${cueTime(startSec, ',')} --> ${cueTime(endSec, ',')}\n${cueText(label)}\n`,
    )
    .join('\n');
}

/** Players show an ampersand as it is, so only what would be taken for markup is escaped. */
function cueText(label: string): string {
  return oneLine(label)
    .replace(/&(?=(?:amp|lt|gt|nbsp|lrm|rlm);)/g, '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}
