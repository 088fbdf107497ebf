import path from 'node:path';
import { AnnotationError } from '../../errors.js';
import type { Timeline } from '../../timeline/timeline.js';
import type { AnnotatedSegment } from '../annotated-segment.js';
import { oneLine, type AnnotationFormat, type LabelFile } from '../annotation-format.js';

const LABEL_LINE = /^(\d+(?:[.,]\d+)?)\t(\d+(?:[.,]\d+)?)\t(.*)$/;
/** Frequency range of the label above it, in files with spectral selections. */
const FREQUENCY_LINE = /^\\\t/;

/**
 * A label track as Audacity imports and exports it: `start TAB end TAB label` per line, in seconds. The file is named
 * after its video; a `.audacity` before the extension is ignored.
 *
 * @see https://manual.audacityteam.org/man/importing_and_exporting_labels.html
 */
export const audacityFormat: AnnotationFormat = {
  name: 'audacity',
  title: 'Audacity labels',
  extension: '.audacity.txt',
  extensions: ['.txt'],
  holds: ['segments', 'overlaps', 'gaps', 'times'],
  recognizes: ({ text }) => LABEL_LINE.test(text.split(/\r?\n/, 1)[0] ?? ''),
  read: readLabels,
  write: writeLabels,
};

function writeLabels({ segments }: Timeline): string {
  return segments
    .map(({ label, startSec, endSec }) => `${startSec.toFixed(6)}\t${endSec.toFixed(6)}\t${oneLine(label)}\n`)
    .join('');
}

function readLabels(file: LabelFile): AnnotatedSegment[] {
  const segments: AnnotatedSegment[] = [];
  file.text.split(/\r?\n/).forEach((text, index) => {
    if (text.trim() === '' || FREQUENCY_LINE.test(text)) return;
    const line = index + 1;
    const [, start, end, label] = LABEL_LINE.exec(text) ?? [];
    if (start === undefined || end === undefined) {
      throw new AnnotationError(
        `"${file.path}" line ${line}: expected start, end and label separated by tabs, received ${JSON.stringify(text)}.`,
        file.path,
        line,
      );
    }
    const seconds = (number: string): number => Number(number.replace(',', '.')); // some locales use a decimal comma
    segments.push({
      video: path.parse(file.path).name.replace(/\.audacity$/i, ''),
      label: (label as string).trim(),
      startSec: seconds(start),
      endSec: seconds(end),
      line,
    });
  });
  return segments;
}
