import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { ReadContext, Skipped } from '../../src/annotations/annotation-format.js';
import { jsonFormat } from '../../src/annotations/formats/json.js';
import { isLabelFile, readLabelFile } from '../../src/annotations/label-files.js';
import { webvttFormat } from '../../src/annotations/formats/subtitles.js';
import { AnnotationError } from '../../src/errors.js';
import { street } from './street.js';
import { useTemporaryFolder } from '../temporary-folder.js';

const { inFolder, write } = useTemporaryFolder();
const fixture = (name: string) =>
  fileURLToPath(new URL(`../../fixtures/annotations/${name}`, import.meta.url));

/** Formats each segment as `video: label start-end`. */
async function read(file: string, context: ReadContext = {}): Promise<string[]> {
  const { segments } = await readLabelFile(file, context);
  return segments.map(({ video, label, startSec, endSec }) => `${video}: ${label} ${startSec}-${endSec}`);
}
async function skipsOf(file: string, context: ReadContext = {}): Promise<string[]> {
  const skips: Skipped[] = [];
  await read(file, { ...context, onSkip: (skipped) => skips.push(skipped) });
  return skips.map(({ what, why }) => `${what}: ${why}`.replace(path.dirname(file) + path.sep, ''));
}

describe('readLabelFile reads files of other tools:', () => {
  it.each<[string, string, string[], ReadContext?]>([
    [
      'ELAN, all time-aligned tiers',
      'street.eaf',
      [
        './street north.mp4: walk 0-1.52',
        './street north.mp4: fall & lie 1.52-4.04',
        './street north.mp4: shakes 5-6.2',
      ],
    ],
    [
      'ELAN, one tier',
      'street.eaf',
      ['./street north.mp4: walk 0-1.52', './street north.mp4: fall & lie 1.52-4.04'],
      { tier: 'activity' },
    ],
    [
      'Label Studio, which counts frames from 1 and includes the last frame of a range',
      'label-studio.json',
      ['street_north.mp4: walk 0-1.52', 'street_north.mp4: fall 1.52-4.04', 'day 1/yard.mp4: sit 1-2'],
      { frameRate: 25 },
    ],
    [
      'CVAT frame tags, joined across skipped frames',
      'cvat-images.xml',
      ['street.mp4: walk 0.4-1', 'street.mp4: fall 1.2-1.6', 'street.mp4: walk 1.6-1.8'],
      { frameRate: 25 },
    ],
    [
      'VIA 3',
      'via3.json',
      ['street.mp4: walk 0.04-1.52', 'street.mp4: fall 1.52-4.04', 'yard.mp4: jump 3-3.5'],
    ],
    [
      'ActivityNet',
      'activitynet.json',
      ['aaaaaaaaa01: walk 0.5-4.25', 'aaaaaaaaa01: fall 6-9.5', 'bbbbbbbbb02: walk 1-7'],
    ],
    [
      'BORIS 8',
      'boris-aggregated.csv',
      ['clips/street.mp4: walk 0.04-1.52', 'clips/street.mp4: fall 1.52-4.04'],
    ],
    ['BORIS 7, tabs', 'boris-aggregated-v7.tsv', ['C:/videos/street.mp4: walk 0.04-1.52']],
    [
      'Audacity',
      'audacity-labels.txt',
      ['audacity-labels: walk 0.04-1.52', 'audacity-labels: fall & lie 1.52-4.04'],
    ],
    [
      'SRT',
      'street.srt',
      ['street: walk 0.04-1.52', 'street: fall and lie 1.52-4.04', 'street: sit 3600-3602.5'],
    ],
    [
      'WebVTT',
      'street.vtt',
      ['street: walk 0.04-1.52', 'street: fall & lie 1.52-4.04', 'street: sit 3600-3602.5'],
    ],
  ])('%s', async (_, name, expected, context) => {
    expect(await isLabelFile(fixture(name))).toBe(true);
    expect(await read(fixture(name), context)).toEqual(expected);
  });

  it('with the subset of a video', async () => {
    const { segments } = await readLabelFile(fixture('activitynet.json'));
    expect(segments.map(({ subset }) => subset)).toEqual(['training', 'training', 'validation']);
  });

  it.each<[string, string[], ReadContext?]>([
    ['boris-aggregated.csv', ['1 events of "boris-aggregated.csv": only events of type STATE have a length']],
    ['audacity-labels.txt', ['"mark" at 5 s, "audacity-labels.txt" line 4: it has no length']],
    ['via3.json', ['metadata "1_nO1pQ3rS" of "via3.json": it marks a region or a moment, not a time span']],
    ['label-studio.json', ['task 8 of "label-studio.json": it has no timeline labels'], { frameRate: 25 }],
    ['activitynet.json', ['"ccccccccc03": "activitynet.json" has no annotation of it (subset testing)']],
  ])('%s, and reports what it leaves out', async (name, expected, context) => {
    expect(await skipsOf(fixture(name), context)).toEqual(expected);
  });

  it('and its own json and vtt', async () => {
    const seconds = street.segments.map(({ startSec }) => startSec);
    for (const [name, text] of [
      ['street.json', jsonFormat.write(street)],
      ['street.vtt', webvttFormat.write(street)],
    ] as const) {
      const { segments } = await readLabelFile(await write(name, text));
      expect(segments.map(({ label }) => label.replace(/\s+/g, ' '))).toEqual(
        street.segments.map(({ label }) => label.replace(/\s+/g, ' ')),
      );
      segments.forEach(({ startSec }, at) => expect(startSec).toBeCloseTo(seconds[at] as number, 3));
    }
  });
});

describe('label files that count frames', () => {
  it('have a gap where rows of a CSV of frames are missing, and a last frame of average length', async () => {
    const rows = ['video,frame,time,label', 'a,0,0,x', 'a,1,0.5,x', 'a,2,1,y', 'a,5,2.5,y', 'a,6,3,y', ''];
    const file = await write('a.frames.csv', rows.join('\n'));
    expect(await read(file)).toEqual(['a: x 0-1', 'a: y 1-1.5', 'a: y 2.5-3.5']);
  });

  it('use the frame rate of the video', async () => {
    const probe: ReadContext['probe'] = ({ video }) =>
      Promise.resolve(video === 'street.mp4' ? { ...street.video, frameRate: 50 } : undefined);
    expect(await read(fixture('cvat-images.xml'), { probe })).toContain('street.mp4: walk 0.2-0.5');
    await expect(read(fixture('label-studio.json'), { probe })).rejects.toThrow(
      /counts frames of "street_north\.mp4", which was not found\. Add the video, or give the rate/,
    );
  });
});

describe('a file that is not a label file', () => {
  it.each([
    ['notes.txt', 'Remember the milk.\n'],
    ['package.json', '{"name": "street", "data": 1}'],
    ['layout.xml', '<layout><box/></layout>'],
    ['other.csv', 'time,value\n0,1\n'],
    ['latin.txt', Uint8Array.of(0xe4, 0xf6, 0xfc)],
    ['labels.md', '0\t1\twalk\n'],
  ])('is not recognized: %s', async (name, content) => {
    expect(await isLabelFile(await write(name, content))).toBe(false);
  });

  it('is refused with a message that states what was expected and received', async () => {
    const file = await write('notes.txt', 'Remember the milk.\n');
    await expect(readLabelFile(file)).rejects.toThrow(
      /notes\.txt" is not a label file: expected Audacity labels, MS-TCN frame labels because of the extension "\.txt", received "Remember the milk/,
    );
  });
});

describe('a damaged label file is refused with the position of the damage:', () => {
  const eaf = (rest: string) =>
    `<ANNOTATION_DOCUMENT><TIME_ORDER><TIME_SLOT TIME_SLOT_ID="a" TIME_VALUE="5"/></TIME_ORDER>\n${rest}</ANNOTATION_DOCUMENT>`;
  it.each([
    ['cut.eaf', '<ANNOTATION_DOCUMENT><TIER>', /is not well-formed XML/],
    [
      'slot.eaf',
      eaf(
        '<TIER><ANNOTATION>\n<ALIGNABLE_ANNOTATION TIME_SLOT_REF1="a" TIME_SLOT_REF2="b"/></ANNOTATION></TIER>',
      ),
      /line 3: the time slot "b" is not in the time order/,
    ],
    [
      'project.xml',
      '<annotations><meta><project/></meta></annotations>',
      /export of a whole project.*each task by itself/,
    ],
    [
      'id.xml',
      '<annotations><meta><task><source>a.mp4</source></task></meta>\n<image id="x"><tag label="w"/></image></annotations>',
      /line 2: expected an image with its frame number as id, received "x"/,
    ],
    ['cut.json', '{"database": {"a": {"annotations": [', /as JSON/],
    [
      'form.json',
      '{"database": {"a": {"annotations": [{"label": 3}]}}}',
      /at "database\.a\.annotations\.0\.label"/,
    ],
    [
      'back.json',
      '{"database": {"a": {"annotations": [{"label": "x", "segment": [5, 2]}]}}}',
      /annotation 1 of "a": the segment ends at 2 s, before its start at 5 s/,
    ],
    [
      'cues.srt',
      '1\n00:00:01,000 --> 00:00:02,000\nwalk\n\n2\n00:00:03 --> soon\nfall\n',
      /line 6: expected times/,
    ],
    [
      'cut.jsonl',
      '{"video":"a","label":"walk","startSec":0,"endSec":1}\n{"video":"a","lab',
      /line 2: it is not JSON/,
    ],
    [
      'kind.jsonl',
      '{"video":"a","label":"walk","startSec":0,"endSec":1}\n{"video":"a","label":3}',
      /line 2: it is not a segment, at "label"/,
    ],
    [
      'back.frames.csv',
      'video,frame,time,label\na,5,1,x\na,4,2,x\n',
      /line 3: frame 4 at 2 s does not come after/,
    ],
    ['name.frames.csv', 'video,frame,time,label\na,5,1,\n', /line 2: the label is empty/],
    ['number.frames.csv', 'video,frame,time,label\na,five,1,x\n', /line 2: expected a frame number/],
    ['time.frames.csv', 'video,frame,time,label\na,5,soon,x\n', /line 2: the time "soon" is not a time/],
    ['one.frames.csv', 'video,frame,time,label\na,5,1,x\n', /has one frame of "a"/],
    ['empty.vtt', 'WEBVTT\n\n00:01.000 --> 00:02.000\n\n', /line 3: the label is empty/],
    ['cut.txt', '0\t1\twalk\n2\t3\n', /line 2: expected start, end and label separated by tabs/],
  ])('%s', async (name, content, message) => {
    const file = await write(name, content);
    const error: unknown = await readLabelFile(file, { frameRate: 25 }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AnnotationError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toContain(inFolder(name));
  });

  it('an ELAN file without the requested tier', async () => {
    await expect(readLabelFile(fixture('street.eaf'), { tier: 'Activity' })).rejects.toThrow(
      /has no tier "Activity"\. Its tiers: "activity", "note", "camera"/,
    );
  });
});

it('an ELAN file without a media file is named after its video, and the offset of a media file is added', async () => {
  const body = (header: string) =>
    `<ANNOTATION_DOCUMENT>${header}<TIME_ORDER><TIME_SLOT TIME_SLOT_ID="a" TIME_VALUE="1000"/>` +
    '<TIME_SLOT TIME_SLOT_ID="b" TIME_VALUE="2000"/></TIME_ORDER><TIER TIER_ID="t"><ANNOTATION><ALIGNABLE_ANNOTATION ' +
    'TIME_SLOT_REF1="a" TIME_SLOT_REF2="b"><ANNOTATION_VALUE>walk</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION>' +
    '</ANNOTATION></TIER></ANNOTATION_DOCUMENT>';
  expect(await read(await write('yard.eaf', body('')))).toEqual(['yard: walk 1-2']);
  const medium = '<HEADER><MEDIA_DESCRIPTOR MEDIA_URL="file:///videos/a.mp4" TIME_ORIGIN="500"/></HEADER>';
  expect(await read(await write('b.eaf', body(medium)))).toEqual(['/videos/a.mp4: walk 1.5-2.5']);
});
