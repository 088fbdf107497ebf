import path from 'node:path';
import { AnnotationError } from '../../errors.js';
import type { Timeline } from '../../timeline/timeline.js';
import type { AnnotatedSegment } from '../annotated-segment.js';
import { oneLine, type AnnotationFormat, type LabelFile } from '../annotation-format.js';

/**
 * WebVTT with one cue per segment, so that a player shows the activity as a subtitle. Files of other tools are read too;
 * the text of a cue is its label. The file is named after its video.
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
  write: writeWebvtt,
};

/**
 * SubRip subtitles: one numbered cue per segment; the text of a cue is its label. The file is named after its video.
 *
 * @see https://www.matroska.org/technical/subtitles.html#srt-subtitles
 */
export const srtFormat: AnnotationFormat = {
  name: 'srt',
  title: 'SRT',
  extension: '.srt',
  extensions: ['.srt'],
  holds: ['segments', 'overlaps', 'gaps', 'times'],
  recognizes: ({ text }) => linesOf(text).some((line) => TIMING.test(line)),
  read: readCues,
  write: writeSrt,
};

function writeWebvtt({ segments }: Timeline): string {
  const cues = segments.map(
    ({ label, startSec, endSec }) =>
      `${cueTime(startSec, '.')} --> ${cueTime(endSec, '.')}\n${webvttText(label)}\n`,
  );
  return ['WEBVTT\n', ...cues].join('\n');
}

function writeSrt({ segments }: Timeline): string {
  return segments
    .map(
      ({ label, startSec, endSec }, position) =>
        `${position + 1}\n${cueTime(startSec, ',')} --> ${cueTime(endSec, ',')}\n${srtText(label)}\n`,
    )
    .join('\n');
}

/** Escapes characters that begin markup, which also breaks up `-->`. Line breaks are removed, because one could end the cue. */
function webvttText(label: string): string {
  return oneLine(label).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Escapes only what a player would take for markup: players of SubRip show a plain ampersand as it is. */
function srtText(label: string): string {
  return oneLine(label)
    .replace(/&(?=(?:amp|lt|gt|nbsp|lrm|rlm);)/g, '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

/**
 * Formats a time as `hh:mm:ss` and milliseconds. From 100 hours on, the hours have more digits.
 *
 * @param point - Separator before the milliseconds: a point in WebVTT, a comma in SubRip.
 */
function cueTime(timeSec: number, point: '.' | ','): string {
  const totalMs = Math.round(timeSec * 1000);
  const pad = (value: number, digits: number) => String(Math.floor(value)).padStart(digits, '0');
  const [hours, minutes, seconds] = [totalMs / 3_600_000, (totalMs / 60_000) % 60, (totalMs / 1000) % 60];
  return `${pad(hours, 2)}:${pad(minutes, 2)}:${pad(seconds, 2)}${point}${pad(totalMs % 1000, 3)}`;
}

const TIME = String.raw`((?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3})`;
const TIMING = new RegExp(`^\\s*${TIME}\\s+-->\\s+${TIME}(?:\\s.*)?$`);

/**
 * Reads the cues of a WebVTT or SubRip file: a line with times, then text up to an empty line. Whatever precedes the
 * times (a number, a name), and blocks without times (notes, styles), are ignored. The label is the text without tags,
 * its lines joined.
 *
 * @returns One segment per cue, in the order of the file, of the video that the file is named after.
 * @throws {AnnotationError} If a line has an arrow but no times around it.
 */
function readCues({ path: file, text }: LabelFile): AnnotatedSegment[] {
  const lines = linesOf(text);
  const isSrt = !webvttFormat.recognizes({ path: file, text });
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
      label: plainText(words.join(' ').replaceAll(isSrt ? OVERRIDE : NOTHING, '')),
      startSec: parseCueTime(start),
      endSec: parseCueTime(end),
      line,
    });
  }
  return segments;
}

function linesOf(text: string): string[] {
  return text.split(/\r\n|\n|\r/);
}

/** Parses `01:02:03.500`; the hours are optional, and a comma or a point precedes the milliseconds. */
function parseCueTime(time: string): number {
  const parts = time.replace(',', '.').split(':').map(Number);
  return parts.reduce((total, part) => total * 60 + part, 0);
}

/** Placement and style, such as `{\\an8}`, which players of SubRip take over from another format and do not show. */
const OVERRIDE = /\{\\[^}]*\}/g;

const NOTHING = /(?!)/g;

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', nbsp: ' ', lrm: '', rlm: '' };

/** Removes tags such as `<b>` and `<00:01.000>`, and decodes entities. */
function plainText(markup: string): string {
  return markup
    .replace(/<[^>]*>/g, '')
    .replace(/&(amp|lt|gt|nbsp|lrm|rlm);/g, (_, name: string) => ENTITIES[name] as string)
    .replace(/\s+/g, ' ')
    .trim();
}
