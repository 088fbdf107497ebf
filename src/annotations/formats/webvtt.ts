import type { Timeline } from '../../timeline/timeline.js';
import type { AnnotationFormat } from '../annotation-format.js';
import { oneLine } from '../text/one-line.js';
import { cueTime, readCues } from './subtitle-cues.js';

/**
 * One cue a segment, so that a player shows the activity as a subtitle. Files of ours or of another tool are read, the
 * text of a cue being the label. The file is named as its video.
 *
 * @see https://www.w3.org/TR/webvtt1/
 */
export const webvttFormat: AnnotationFormat = {
  name: 'vtt',
  title: 'WebVTT',
  extension: '.vtt',
  extensions: ['.vtt'],
  holds: ['segments', 'overlaps', 'gaps', 'times'],
  recognizes: ({ text }) => /^WEBVTT(?:\s|$)/.test(text),
  read: readCues,
  write: writeCues,
};

function writeCues({ segments }: Timeline): string {
  const cues = segments.map(
    ({ label, startSec, endSec }) =>
      `${cueTime(startSec, '.')} --> ${cueTime(endSec, '.')}\n${cueText(label)}\n`,
  );
  return ['WEBVTT\n', ...cues].join('\n');
}

/** Escapes what begins markup, which also breaks `-->`; a line break would end the cue. */
function cueText(label: string): string {
  return oneLine(label).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
