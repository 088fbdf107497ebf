import type { Timeline } from '../timeline/timeline.js';
import type { AnnotationFormat } from './annotation-format.js';
import type { AnnotationReader } from './annotation-reader.js';
import { readCues } from './subtitle-cues.js';

/**
 * One cue a segment, so that a player shows the activity as a subtitle.
 *
 * @see https://www.w3.org/TR/webvtt1/
 */
export const webvttFormat: AnnotationFormat = { name: 'vtt', extension: '.vtt', write: writeCues };

/** WebVTT files, ours or another tool's: the text of a cue is the label. The file is named as its video. */
export const webvttReader: AnnotationReader = {
  name: 'WebVTT',
  extensions: ['.vtt'],
  recognizes: ({ text }) => /^WEBVTT(?:\s|$)/.test(text),
  read: readCues,
};

function writeCues({ segments }: Timeline): string {
  const cues = segments.map(
    ({ label, startSec, endSec }) => `${timestamp(startSec)} --> ${timestamp(endSec)}\n${cueText(label)}\n`,
  );
  return ['WEBVTT\n', ...cues].join('\n');
}

/** `hh:mm:ss.ttt`, with more digits for the hours where a hundred are not enough. */
function timestamp(timeSec: number): string {
  const totalMs = Math.round(timeSec * 1000);
  const pad = (value: number, digits: number) => String(Math.floor(value)).padStart(digits, '0');
  const [hours, minutes, seconds] = [totalMs / 3_600_000, (totalMs / 60_000) % 60, (totalMs / 1000) % 60];
  return `${pad(hours, 2)}:${pad(minutes, 2)}:${pad(seconds, 2)}.${pad(totalMs % 1000, 3)}`;
}

/** Escapes what begins markup, which also breaks `-->`; a line break would end the cue, so it becomes a space. */
function cueText(label: string): string {
  return label.replace(/\s+/g, ' ').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
