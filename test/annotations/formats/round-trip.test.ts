import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import {
  type AnnotatedSegment,
  timelineOf,
  unknownVideo,
} from '../../../src/annotations/annotated-segment.js';
import { annotationFormats, findFormats } from '../../../src/annotations/formats/formats.js';
import { readLabelFile } from '../../../src/annotations/label-files.js';
import { useTemporaryFolder } from '../../temporary-folder.js';

const { write } = useTemporaryFolder();
const FRAME_RATE = 25;
const context = { frameRate: FRAME_RATE };

/** Files of the other tools; see the README in their folder. */
const FILES: Record<string, string> = {
  jsonl: 'segments.jsonl',
  csv: 'segments.csv',
  'csv-frames': 'street.frames.csv',
  vtt: 'street.vtt',
  srt: 'street.srt',
  elan: 'street.eaf',
  'label-studio': 'label-studio.json',
  cvat: 'cvat-images.xml',
  via: 'via3.json',
  boris: 'boris-aggregated.csv',
  audacity: 'audacity-labels.txt',
  activitynet: 'activitynet.json',
  'ms-tcn': 'groundTruth/street.txt',
  json: '../labels/street.timeline-v1.json',
};
/** The name of a video without folder and extension, which all formats keep. */
const bareName = (video: string): string => path.parse(video).name;

const comparable = (segments: readonly AnnotatedSegment[]) =>
  segments.map(({ video, label, startSec, endSec, confidence = 1, subset }) => ({
    video: bareName(video),
    label: label.replace(/\s+/g, ' '),
    startSec: Number(startSec.toFixed(3)),
    endSec: Number(endSec.toFixed(3)),
    confidence: Number(confidence.toFixed(3)),
    subset,
  }));

it.each(annotationFormats.map(({ name }) => name))(
  '%s keeps the segments of a file of the other tool when it is written and read again',
  async (name) => {
    const [format] = findFormats([name]);
    const file = fileURLToPath(new URL(`../../../fixtures/annotations/${FILES[name]}`, import.meta.url));
    const { segments } = await readLabelFile(file, context);
    expect(segments.length).toBeGreaterThan(1);
    for (const video of new Set(segments.map((segment) => segment.video))) {
      const own = segments.filter((segment) => segment.video === video);
      const [{ group, subset }] = own as [AnnotatedSegment];
      const info = { ...unknownVideo(video), frameRate: FRAME_RATE };
      const text = format?.write(timelineOf(info, own), {
        group,
        subset,
      });
      const folder = name === 'ms-tcn' ? 'groundTruth/' : '';
      const again = await write(`${folder}${bareName(video)}${format?.extension}`, text);
      const { segments: reread } = await readLabelFile(again, context);
      expect(comparable(reread)).toEqual(comparable(own));
    }
  },
);

it.each(annotationFormats.map(({ name }) => name))(
  '%s keeps markup, quotes and letters of all scripts in labels and names',
  async (name) => {
    const [format] = findFormats([name]);
    const labels = [
      'a --> b <i>c</i> & d',
      '"say", \'hi\'; #1 =SUM(A1)',
      'übergehen &lt; 走る 🚶',
      '__proto__',
    ];
    const segments = labels.map((label, index) => ({ label, startSec: index, endSec: index + 1, video: '' }));
    const info = { ...unknownVideo('day 1/süd & "nord" #2 50%.mp4'), frameRate: FRAME_RATE, durationSec: 4 };
    const text = format?.write(timelineOf(info, segments));
    const folder = name === 'ms-tcn' ? 'groundTruth/' : '';
    const file = await write(`${folder}süd & "nord" #2 50%${format?.extension}`, text);
    const { segments: read } = await readLabelFile(file, context);
    expect(comparable(read)).toEqual(
      segments.map((segment) => ({
        ...segment,
        video: 'süd & "nord" #2 50%',
        confidence: 1,
        subset: undefined,
      })),
    );
  },
);
