import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseXml, XmlElement } from '@rgrove/parse-xml';
import { describe, expect, it } from 'vitest';
import { findFormats } from '../../../src/annotations/formats/formats.js';
import { findFfmpeg } from '../../../src/ffmpeg/find-ffmpeg.js';
import type { Timeline } from '../../../src/timeline/timeline.js';
import { short, street } from '../street.js';
import { useTemporaryFolder } from '../../temporary-folder.js';

const { write } = useTemporaryFolder();
const run = promisify(execFile);
const fixture = (name: string) =>
  readFile(fileURLToPath(new URL(`../../../fixtures/annotations/${name}`, import.meta.url)), 'utf8');
const written = (name: string, timeline: Timeline = short) => findFormats([name])[0]?.write(timeline) ?? '';

/** Every path from the root to a value. Items of a list share one path, and so do keys below a path that `isName` accepts. */
function pathsOf(value: unknown, isName: (path: string) => boolean, at = ''): string[] {
  if (value === null || typeof value !== 'object') return [at];
  if (Array.isArray(value)) return value.flatMap((each) => pathsOf(each, isName, `${at}[]`));
  return Object.entries(value).flatMap(([key, each]) =>
    pathsOf(each, isName, `${at}.${isName(at) ? '*' : key}`),
  );
}

/** The path of every element and attribute from the root. */
function xmlPathsOf(text: string): Set<string> {
  const paths = new Set<string>();
  const walk = (element: XmlElement, above: string): void => {
    const at = `${above}/${element.name}`;
    paths.add(at);
    for (const name of Object.keys(element.attributes)) paths.add(`${at}@${name}`);
    for (const child of element.children) if (child instanceof XmlElement) walk(child, at);
  };
  walk(parseXml(text).root as XmlElement, '');
  return paths;
}

describe('written files have the structure of the files of the other tool:', () => {
  it.each([
    ['elan', 'street.eaf'],
    ['cvat', 'cvat-images.xml'],
  ])('%s has only elements and attributes that the tool writes', async (name, file) => {
    const known = xmlPathsOf(await fixture(file));
    expect([...xmlPathsOf(written(name))].filter((each) => !known.has(each))).toEqual([]);
  });

  it.each<[string, string, RegExp]>([
    ['via', 'via3.json', /^\.(attribute|file|metadata|view)$|\.(options|av)$/],
    ['activitynet', 'activitynet.json', /^\.database$/],
  ])('%s has only keys that the tool writes', async (name, file, names) => {
    const isName = (at: string) => names.test(at);
    const known = new Set(pathsOf(JSON.parse(await fixture(file)), isName));
    const own = new Set(pathsOf(JSON.parse(written(name)), isName));
    expect([...own].filter((each) => !known.has(each))).toEqual([]);
    expect([...own].length).toBeGreaterThan(8);
  });

  it('boris has columns of the tool in the order of the tool', async () => {
    const columns = (text: string) => (text.split(/\r?\n/, 1)[0] as string).split(',');
    const known = columns(await fixture('boris-aggregated.csv'));
    const own = columns(written('boris'));
    expect(own.filter((column) => !known.includes(column))).toEqual([]);
    expect(known.filter((column) => own.includes(column))).toEqual(own);
  });

  it('label-studio has a prediction if a model labeled, and an annotation if a person did', () => {
    const [task] = JSON.parse(written('label-studio')) as { predictions: object[]; annotations: object[] }[];
    expect(task).toEqual({
      data: { video: 'clips/street, "north".mp4' },
      predictions: [
        {
          model_version: 'drawn-people',
          result: [
            {
              ...{ id: 'segment-1', from_name: 'timelineLabels', to_name: 'video', type: 'timelinelabels' },
              value: { ranges: [{ start: 1, end: 35 }], timelinelabels: ['walk'] },
              ...{ origin: 'prediction', score: 0.75 },
            },
            {
              ...{ id: 'segment-2', from_name: 'timelineLabels', to_name: 'video', type: 'timelinelabels' },
              value: { ranges: [{ start: 36, end: 100 }], timelinelabels: ['fall & lie'] },
              ...{ origin: 'prediction', score: 0.5 },
            },
          ],
        },
      ],
      annotations: [],
    });
    const [byHand] = JSON.parse(written('label-studio', { ...short, model: '' })) as [typeof task];
    expect(byHand?.predictions).toEqual([]);
    expect(byHand?.annotations).toMatchObject([{ was_cancelled: false, result: [{}, {}] }]);
  });
});

describe('formats of frames count at the frame rate of the video, not of the model:', () => {
  it('ms-tcn has one line per frame of the video', () => {
    const lines = written('ms-tcn').split('\n');
    expect(lines.pop()).toBe('');
    expect(lines).toEqual([
      ...Array.from({ length: 35 }, () => 'walk'),
      ...Array.from({ length: 66 }, () => 'fall & lie'),
    ]);
  });

  it('cvat has one tag per frame, with the frame number', () => {
    const xml = written('cvat');
    expect(xml.match(/<tag /g)).toHaveLength(100);
    expect(xml).toMatch(/name="frame_000034" [^>]*>\s*<tag label="walk" source="auto"\/>/);
    expect(xml).toMatch(/name="frame_000035" [^>]*>\s*<tag label="fall &amp; lie"/);
    expect(xml).toContain('<size>101</size>');
  });

  it('csv-frames has one row per frame of the video if no model labeled it', () => {
    const rows = written('csv-frames', { ...short, frames: [] })
      .trim()
      .split('\n');
    expect(rows).toHaveLength(101);
    expect(rows[36]).toBe('"street, ""north"".mp4",35,1.400,fall & lie,0.5000');
  });

  it.each(['ms-tcn', 'cvat', 'label-studio'])('%s is refused if the frame rate is unknown', (name) => {
    const video = { ...short.video, frameRate: 0 };
    expect(() => written(name, { ...short, video })).toThrow(
      /count frames, but the frame rate .*is unknown.*give the rate/,
    );
  });

  it('ms-tcn is refused if a frame has no label and no background is given', () => {
    const gap = { ...short, segments: short.segments.slice(1) };
    expect(() => written('ms-tcn', gap)).toThrow(/frame 0 of .* has none/);
    const [format] = findFormats(['ms-tcn']);
    expect(format?.write(gap, { background: 'none' })).toMatch(/^(none\n){35}(fall & lie\n){66}$/);
  });
});

describe('elan', () => {
  it('writes overlapping segments to additional tiers, and time slots in order', () => {
    const overlapping = [...short.segments, { label: 'wave', startSec: 1, endSec: 2, confidence: 1 }];
    const xml = written('elan', { ...short, segments: overlapping });
    expect(xml.match(/TIER_ID="[^"]*"/g)).toEqual(['TIER_ID="activity"', 'TIER_ID="activity 2"']);
    const times = [...xml.matchAll(/TIME_VALUE="(\d+)"/g)].map(([, time]) => Number(time));
    expect(times).toEqual([0, 1000, 1400, 1400, 2000, 4000]);
  });

  it('links the video by absolute and relative path, and a URL without its password', () => {
    expect(written('elan')).toMatch(
      /MEDIA_URL="file:\/\/\/.*\/clips\/street,%20%22north%22\.mp4" MIME_TYPE="video\/mp4" RELATIVE_MEDIA_URL="\.\/clips\/street%2C%20%22north%22\.mp4"/,
    );
    const video = { ...short.video, source: 'rtsp://user:secret@camera/1' };
    expect(written('elan', { ...short, video })).toMatch(
      /MEDIA_URL="rtsp:\/\/camera\/1" MIME_TYPE="video\/\*"\/>/,
    );
  });

  // The schema belongs to ELAN and may not be redistributed.
  const schema = process.env['ELAN_SCHEMA'];
  it.skipIf(!schema)(
    'fits the schema of ELAN (needs xmllint, and in ELAN_SCHEMA the path of EAFv3.0.xsd from mpi.nl/tools/elan)',
    async () => {
      for (const segments of [short.segments, [], [...short.segments, ...short.segments]]) {
        const file = await write('street.eaf', written('elan', { ...short, segments }));
        await run('xmllint', ['--nonet', '--noout', '--schema', schema as string, file]);
      }
    },
  );
});

it('ffmpeg reads srt with the same times and text', async () => {
  const file = await write('street.srt', written('srt', { ...short, segments: street.segments.slice(0, 2) }));
  const { ffmpegPath } = await findFfmpeg();
  const { stdout } = await run(ffmpegPath, ['-v', 'error', '-i', file, '-f', 'webvtt', '-']);
  expect(stdout.trim().split(/\r?\n/)).toEqual([
    ...['WEBVTT', '', '00:00.000 --> 00:00.333', 'walk, slowly', ''],
    ...['00:00.333 --> 01:00:01.000', 'say "hi"'],
  ]);
});
