import { copyFile, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { annotationFormats, findFormats } from '../../src/annotations/formats/formats.js';
import { readLabelFile } from '../../src/annotations/label-files.js';
import { timelineOf, unknownVideo, type AnnotatedSegment } from '../../src/annotations/annotated-segment.js';
import { useTemporaryFolder } from '../temporary-folder.js';
import { framewise } from './command-line.js';

/** 305 frames at 15 frames per second. */
const VIDEO = path.join(import.meta.dirname, '../../fixtures/drawn-people/demo.mp4');
const TIMELINE = path.join(import.meta.dirname, '../../fixtures/labels/street.timeline-v1.json');
const NAMES = annotationFormats.map(({ name }) => name);

const { inFolder, write } = useTemporaryFolder();
const convert = (...argv: string[]) => framewise('convert', ...argv);
/** Notes and failures without the folder, one per line. */
const told = (stderr: string) =>
  stderr.replaceAll(`${inFolder()}${path.sep}`, '').trim().split('\n').filter(Boolean);

describe('framewise convert', () => {
  const labeled: AnnotatedSegment[] = [
    { video: 'street.mp4', label: 'walk', startSec: 0, endSec: 1.4 },
    { video: 'street.mp4', label: 'fall & lie', startSec: 1.4, endSec: 4 },
  ];
  it.each(NAMES)('converts %s to every format without changing labels and times', async (from) => {
    const [source] = findFormats([from]);
    const info = { ...unknownVideo('street.mp4'), frameRate: 25 };
    const file = await write(`in/street${source?.extension}`, source?.write(timelineOf(info, labeled)) ?? '');
    for (const target of annotationFormats) {
      const output = inFolder(target.name, 'groundTruth'); // MS-TCN files are recognized only in such a folder
      const { exitCode, stdout, stderr } = await convert(
        ...[file, '--from', from, '--to', target.name, '--output', output, '--frame-rate', '25'],
      );
      expect(exitCode, stderr).toBe(0);
      expect(stdout).toBe(`${path.join(output, `street${target.extension}`)}\n`);
      const { segments } = await readLabelFile(stdout.trim(), { frameRate: 25 });
      const rows = segments.map(({ label, startSec, endSec }) => [label, startSec, endSec]);
      expect(rows, target.name).toEqual(
        labeled.map(({ label, startSec, endSec }) => [label, startSec, endSec]),
      );
    }
  });

  it('writes one file per video into the folder of the label file', async () => {
    const rows = ['video,label,start,end', 'a.mp4,walk,0,1', 'day 2/b.mp4,sit,2,3', ''];
    const file = await write('labels.csv', rows.join('\n'));
    const { exitCode, stdout } = await convert(file, '--to', 'vtt');
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: `${inFolder('a.vtt')}\n${inFolder('b.vtt')}\n`,
    });
    expect(await readFile(inFolder('b.vtt'), 'utf8')).toBe('WEBVTT\n\n00:00:02.000 --> 00:00:03.000\nsit\n');
  });

  it('takes name, frame rate and length from the video if it is found', async () => {
    await copyFile(VIDEO, inFolder('demo.mp4'));
    const file = await write('labels/demo.srt', '1\n00:00:00,000 --> 00:00:10,000\nwalk\n');
    const flags = ['--videos', inFolder(), '--output', inFolder('out')];
    expect((await convert(file, '--to', 'csv', ...flags)).exitCode).toBe(0);
    expect(await readFile(inFolder('out/demo.csv'), 'utf8')).toContain(
      '\ndemo.mp4,walk,0.000,10.000,1.0000\n',
    );
    const { exitCode } = await convert(file, '--to', 'ms-tcn', ...flags, '--background', 'none');
    expect(exitCode).toBe(0);
    expect(await readFile(inFolder('out/demo.txt'), 'utf8')).toMatch(/^(walk\n){150}(none\n){155}$/);
  });

  it('keeps everything that its own JSON states about frames', async () => {
    await convert(TIMELINE, '--to', 'json', '--output', inFolder());
    const [name] = await readdir(inFolder());
    expect(await readFile(inFolder(name as string), 'utf8')).toBe(await readFile(TIMELINE, 'utf8'));
  });

  it('reads only the tier that --tier names from an ELAN file', async () => {
    const eaf = path.join(import.meta.dirname, '../../fixtures/annotations/street.eaf');
    await convert(eaf, '--to', 'audacity', '--tier', 'camera', '--output', inFolder());
    expect(await readFile(inFolder('street north.audacity.txt'), 'utf8')).toBe(
      '5.000000\t6.200000\tshakes\n',
    );
  });

  it('prints one JSON object about all files with --json', async () => {
    const good = await write('a.vtt', 'WEBVTT\n\n00:00.000 --> 00:01.500\nwalk\n');
    const { exitCode, stdout } = await convert(good, inFolder('absent.vtt'), '--to', 'jsonl', '--json');
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      numConverted: 1,
      numFailed: 1,
      files: [
        {
          source: good,
          status: 'converted',
          videos: [{ video: 'a', file: inFolder('a.jsonl'), losses: [] }],
        },
        { source: inFolder('absent.vtt'), status: 'failed', error: { code: 'ERR_ANNOTATION' } },
      ],
    });
  });
});

describe('framewise convert, for a format that cannot hold everything', () => {
  it('reports each kind of loss once, with the number of videos', async () => {
    const row = (video: string) =>
      `{"video":"${video}","label":"walk","startSec":0,"endSec":1,"confidence":0.5}`;
    const file = await write('two.jsonl', `${row('a.mp4')}\n${row('b.mp4')}\n`);
    const { stderr } = await convert(TIMELINE, file, '--to', 'srt', '--output', inFolder('out'));
    expect(told(stderr)).toEqual([
      'note: SRT cannot hold confidence: it was left out, in 3 videos.',
      'note: SRT cannot hold labels of single frames: only the segments were kept, in 1 video.',
      'note: SRT cannot hold probabilities of all labels: they were left out, in 1 video.',
      "note: SRT cannot hold a video's folder: only the name was kept, in 1 video.",
      "note: SRT cannot hold the extension of a video's name: it was left out, in 3 videos.",
      '2 of 2 label files converted.',
    ]);
  });

  it('reports nothing if nothing is lost', async () => {
    const file = await write('a.srt', '1\n00:00:00,000 --> 00:00:01,000\nwalk\n');
    expect((await convert(file, '--to', 'vtt')).stderr).toBe('');
  });

  const overlapping =
    '{"video":"a","label":"walk","startSec":0,"endSec":3}\n{"video":"a","label":"wave","startSec":1,"endSec":2}\n';
  it('reports overlaps for framewise JSON, and keeps them in formats that can hold them', async () => {
    const file = await write('a.jsonl', overlapping);
    const json = await convert(file, '--to', 'json');
    expect(told(json.stderr)).toEqual([
      'note: framewise JSON cannot hold two labels at one moment: the one that starts later was kept, in 1 video.',
    ]);
    const { segments } = await readLabelFile(inFolder('a.json'));
    expect(segments.map(({ label, endSec }) => `${label} ${endSec}`)).toEqual(['walk 1', 'wave 2', 'walk 3']);
    expect((await convert(file, '--to', 'via')).stderr).toBe('');
    expect(await readFile(inFolder('a.via.json'), 'utf8')).toMatch(/"z":\[0,3\].*"z":\[1,2\]/);
  });

  it('reports rounded times and filled gaps, and needs a background label for gaps', async () => {
    const file = await write('a.srt', '1\n00:00:00,510 --> 00:00:01,000\nwalk\n');
    const flags = ['--to', 'ms-tcn', '--frame-rate', '10'];
    const refused = await convert(file, ...flags);
    expect(refused.exitCode).toBe(1);
    expect(told(refused.stderr)).toEqual([expect.stringMatching(/^failed a\.srt: .*frame 0 .*--background/)]);
    const { exitCode, stderr } = await convert(file, ...flags, '--background', 'none');
    expect(exitCode).toBe(0);
    expect(told(stderr)).toEqual([
      'note: MS-TCN frame labels cannot hold moments without a label: they were given the background label, in 1 video.',
      'note: MS-TCN frame labels cannot hold times between two frames: they were rounded to whole frames, in 1 video.',
    ]);
    expect(await readFile(inFolder('a.txt'), 'utf8')).toMatch(/^(none\n){6}(walk\n){4}$/);
  });

  it('reports smoothed segments that differ from the labels of frames', async () => {
    const timeline = JSON.parse(await readFile(TIMELINE, 'utf8')) as { frames: { label: string }[] };
    (timeline.frames[1] as { label: string }).label = 'walk, slowly';
    const file = await write('a.json', JSON.stringify(timeline));
    const { stderr } = await convert(file, '--to', 'csv-frames');
    expect(stderr).toContain('cannot hold smoothed segments: only the labels of frames were kept');
  });
});

describe('framewise convert, given something wrong', () => {
  const cue = (label: string) => `1\n00:00:00,000 --> 00:00:01,000\n${label}\n`;

  it('does not replace a file without --overwrite', async () => {
    const file = await write('a.srt', cue('walk'));
    await write('a.vtt', 'mine');
    const { exitCode, stderr } = await convert(file, '--to', 'vtt');
    expect(exitCode).toBe(1);
    expect(told(stderr)).toEqual([expect.stringMatching(/a\.vtt" already exists.*--overwrite/)]);
    expect(await readFile(inFolder('a.vtt'), 'utf8')).toBe('mine');
    expect((await convert(file, '--to', 'vtt', '--overwrite')).exitCode).toBe(0);
    expect(await readFile(inFolder('a.vtt'), 'utf8')).toContain('walk');
  });

  it('never writes two label files to the same file', async () => {
    const files = [await write('1/a.srt', cue('walk')), await write('2/a.srt', cue('sit'))];
    const { exitCode, stderr } = await convert(
      ...files,
      '--to',
      'vtt',
      '--output',
      inFolder('out'),
      '--overwrite',
    );
    expect(exitCode).toBe(1);
    expect(told(stderr)).toEqual([
      expect.stringMatching(/^failed 2\/a\.srt: .*another label file of the same video/),
      '1 of 2 label files converted.',
    ]);
    expect(await readFile(inFolder('out/a.vtt'), 'utf8')).toContain('walk');
  });

  it('writes no file for a label file if one of its files already exists', async () => {
    const rows = ['video,label,start,end', 'a.mp4,walk,0,1', 'b.mp4,sit,2,3', ''];
    const file = await write('labels.csv', rows.join('\n'));
    await write('b.srt', 'mine');
    expect((await convert(file, '--to', 'srt')).exitCode).toBe(1);
    expect(await readdir(inFolder())).toEqual(['b.srt', 'labels.csv']);
  });

  const bad: [what: string, name: string, text: string, flags: string[], message: RegExp][] = [
    [
      'text',
      'notes.txt',
      'Remember the milk.\n',
      [],
      /notes\.txt" is not a label file: expected Audacity labels/,
    ],
    ['a truncated file', 'cut.eaf', '<ANNOTATION_DOCUMENT><TIER>', [], /cut\.eaf" is not well-formed XML/],
    ['an impossible time', 'a.srt', cue('x').replace('00:00:00', '00:00:09'), [], /line 2: the segment ends/],
    ['a file without labels', 'a.vtt', 'WEBVTT\n', [], /a\.vtt" labels nothing/],
    ['another format than --from states', 'a.srt', cue('x'), ['--from', 'json'], /a\.srt" as JSON/],
    [
      'an unknown frame rate',
      'a.srt',
      cue('x'),
      ['--to', 'cvat'],
      /CVAT frame tags count frames.*give the rate/,
    ],
  ];
  it.each(bad)(
    'reports %s in one line, converts the rest, and exits with 1',
    async (_, name, text, flags, message) => {
      const file = await write(name, text);
      const good = await write('good.jsonl', '{"video":"good","label":"x","startSec":0,"endSec":1}\n');
      const isForAll = flags.length > 0; // the flags are wrong for the other file, too
      const files = isForAll ? [file] : [file, good];
      const { exitCode, stdout, stderr } = await convert(...files, '--to', 'csv', ...flags);
      expect(exitCode).toBe(1);
      expect(told(stderr)[0]).toMatch(/^failed /);
      expect(told(stderr)[0]).toMatch(message);
      expect(told(stderr)).toHaveLength(isForAll ? 1 : 2);
      expect(stdout).toBe(isForAll ? '' : `${inFolder('good.csv')}\n`);
    },
  );

  it.each([
    ['no format', ['a.srt'], /--to/],
    ['an unknown format', ['a.srt', '--to', 'xls'], /"xls"\. Choose from json, jsonl/],
    ['an unknown format to read', ['a.srt', '--to', 'csv', '--from', 'xls'], /"xls"\. Choose from/],
    ['no file', ['--to', 'csv'], /missing required argument/],
    ['a frame rate of 0', ['a.srt', '--to', 'csv', '--frame-rate', '0'], /number above 0/],
  ])('exits with 2 for %s', async (_, argv, message) => {
    const { exitCode, stdout, stderr } = await convert(...argv);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});
