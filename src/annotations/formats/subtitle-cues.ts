import path from 'node:path';
import { AnnotationError } from '../../errors.js';
import type { AnnotatedSegment } from '../annotated-segments.js';
import type { LabelFile } from '../annotation-reader.js';

/**
 * A time as cues have it: `hh:mm:ss`, with more digits for the hours where a hundred are not enough, then milliseconds.
 *
 * @param point - What stands before the milliseconds: a point in WebVTT, a comma in SubRip.
 */
export function cueTime(timeSec: number, point: '.' | ','): string {
  const totalMs = Math.round(timeSec * 1000);
  const pad = (value: number, digits: number) => String(Math.floor(value)).padStart(digits, '0');
  const [hours, minutes, seconds] = [totalMs / 3_600_000, (totalMs / 60_000) % 60, (totalMs / 1000) % 60];
  return `${pad(hours, 2)}:${pad(minutes, 2)}:${pad(seconds, 2)}${point}${pad(totalMs % 1000, 3)}`;
}

const TIME = String.raw`((?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3})`;
const TIMING = new RegExp(`^\\s*${TIME}\\s+-->\\s+${TIME}(?:\\s.*)?$`);

/** Whether a text has a line with the times of a cue. */
export function hasCues(text: string): boolean {
  return text.split(/\r\n|\n|\r/).some((line) => TIMING.test(line));
}

/**
 * Reads the cues of a WebVTT or SubRip file: a line with times, then text up to an empty line. What stands before the
 * times (a number, a name), and blocks without times (notes, styles), are passed over. Tags are taken out of the text,
 * and its lines joined: it is the label.
 *
 * @returns A segment a cue, in the order of the file, of the video that the file is named after.
 * @throws {AnnotationError} If a line has an arrow but no times around it.
 */
export function readCues({ path: file, text }: LabelFile): AnnotatedSegment[] {
  const lines = text.split(/\r\n|\n|\r/);
  const video = path.parse(file).name;
  const segments: AnnotatedSegment[] = [];
  for (let at = 0; at < lines.length; at++) {
    const [, start, end] = TIMING.exec(lines[at] as string) ?? [];
    if (start === undefined || end === undefined) {
      if (!lines[at]?.includes('-->')) continue;
      throw new AnnotationError(
        `"${file}" line ${at + 1}: expected times such as 00:01:02.500 --> 00:01:04.000, received ` +
          `${JSON.stringify(lines[at])}.`,
        file,
        at + 1,
      );
    }
    const line = at + 1;
    const words: string[] = [];
    while (lines[at + 1] !== undefined && lines[at + 1]?.trim() !== '' && !lines[at + 1]?.includes('-->')) {
      words.push(lines[++at] as string);
    }
    segments.push({
      video,
      label: plainText(words.join(' ')),
      startSec: seconds(start),
      endSec: seconds(end),
      line,
    });
  }
  return segments;
}

/** `01:02:03.500`, the hours optional, a comma or a point before the milliseconds. */
function seconds(time: string): number {
  const parts = time.replace(',', '.').split(':').map(Number);
  return parts.reduce((total, part) => total * 60 + part, 0);
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', nbsp: ' ', lrm: '', rlm: '' };

/** Text without tags such as `<b>` and `<00:01.000>`, its entities spelled out. */
function plainText(markup: string): string {
  return markup
    .replace(/<[^>]*>/g, '')
    .replace(/&(amp|lt|gt|nbsp|lrm|rlm);/g, (_, name: string) => ENTITIES[name] as string)
    .replace(/\s+/g, ' ')
    .trim();
}
