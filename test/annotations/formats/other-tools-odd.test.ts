import { execFileSync } from 'node:child_process';
import { symlink } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readDataset } from '../../../src/annotations/datasets/dataset.js';
import { unknownVideo } from '../../../src/annotations/annotated-segment.js';
import { findFormats } from '../../../src/annotations/formats/formats.js';
import { readLabelFile } from '../../../src/annotations/label-files.js';
import { AnnotationError } from '../../../src/errors.js';
import { useTemporaryFolder } from '../../temporary-folder.js';

const { inFolder, write } = useTemporaryFolder();

/** Reads a file. @returns `video label start-end` of each segment, and what was left out. */
async function read(name: string, content: string): Promise<{ segments: string[]; skipped: string[] }> {
  const skipped: string[] = [];
  const file = await write(name, content);
  const labeled = await readLabelFile(file, {
    frameRate: 25,
    onSkip: ({ what, why }) => skipped.push(`${what}: ${why}`),
  });
  const segments = labeled.segments.map(
    ({ video, label, startSec, endSec }) => `${video} ${label} ${startSec}-${endSec}`,
  );
  return { segments, skipped };
}

describe('elan', () => {
  const eaf = (...media: string[]): string => `<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT><HEADER TIME_UNITS="milliseconds">${media.map((each) => `<MEDIA_DESCRIPTOR ${each}/>`).join('')}</HEADER>
<TIME_ORDER><TIME_SLOT TIME_SLOT_ID="a" TIME_VALUE="1000"/><TIME_SLOT TIME_SLOT_ID="b" TIME_VALUE="4000"/></TIME_ORDER>
<TIER TIER_ID="t"><ANNOTATION><ALIGNABLE_ANNOTATION TIME_SLOT_REF1="a" TIME_SLOT_REF2="b"><ANNOTATION_VALUE>fall</ANNOTATION_VALUE>
</ALIGNABLE_ANNOTATION></ANNOTATION></TIER></ANNOTATION_DOCUMENT>`;
  const medium = (name: string, type: string, more = '') =>
    `MEDIA_URL="file:///C:/work/${name}" MIME_TYPE="${type}" RELATIVE_MEDIA_URL="./${name}" ${more}`;
  const wav = medium('cage1.wav', 'audio/x-wav', 'TIME_ORIGIN="7000"');

  it('takes the video, and its time origin, not the sound that is linked first', async () => {
    const video = medium('cage1.mp4', 'video/mp4', 'TIME_ORIGIN="2000"');
    expect((await read('s.eaf', eaf(wav, video))).segments).toEqual(['./cage1.mp4 fall 3-6']);
  });

  it('takes a file for what its extension says if its type says something else', async () => {
    const video = medium('cage1.mov', 'audio/*');
    expect((await read('s.eaf', eaf(medium('cage1.mp3', 'video/*'), video))).segments[0]).toContain(
      'cage1.mov',
    );
  });

  it('is named after its video if it links only sound', async () => {
    expect((await read('cage1.eaf', eaf(wav))).segments).toEqual(['cage1 fall 1-4']);
  });

  it('says which of several videos it labels', async () => {
    const media = [medium('left.mp4', 'video/mp4'), medium('right.mp4', 'video/mp4')];
    const { segments, skipped } = await read('s.eaf', eaf(...media));
    expect(segments).toEqual(['./left.mp4 fall 1-4']);
    expect(skipped[0]).toMatch(
      /other videos of ".*": it links 2 videos; its labels are taken as those of "\.\/left\.mp4"/,
    );
  });
});

describe('label studio', () => {
  const task = (data: object, ...labels: string[]) =>
    JSON.stringify([
      {
        data,
        annotations: [
          {
            result: [
              { type: 'timelinelabels', value: { ranges: [{ start: 1, end: 50 }], timelinelabels: labels } },
            ],
          },
        ],
      },
    ]);

  it.each<[string, object, string]>([
    ['any key', { subject: 'mouse 7', clip: '/data/upload/2/0a1b2c3d-cage1.mp4' }, 'cage1.mp4'],
    ['an address with a query', { note: '/home', v: 'https://host/a/cage1.MP4?sig=x' }, 'cage1.MP4'],
    ['a usual key before others', { thumbnail: 'other.mp4', video: 'cage1.mp4' }, 'cage1.mp4'],
    ['an address without an extension', { subject: 'mouse 7', clip: 'https://host/stream/17' }, '17'],
  ])('finds the video under %s', async (_, data, video) => {
    expect((await read('t.json', task(data, 'groom'))).segments).toEqual([`${video} groom 0-2`]);
  });

  it.each<[string, object, RegExp]>([
    ['several videos', { left: 'a.mp4', right: 'b.mp4' }, /it names 2 videos \(a\.mp4, b\.mp4\)/],
    ['no video', { subject: 'mouse 7' }, /it names no video/],
    [
      'several addresses',
      { csv: '/data/x.csv', clip: 's3://a/17' },
      /it names 2 addresses, none with the extension/,
    ],
  ])('leaves out a task with %s', async (_, data, why) => {
    const { segments, skipped } = await read('t.json', task(data, 'groom'));
    expect(segments).toEqual([]);
    expect(skipped[0]).toMatch(why);
  });

  it('reads every label of a range', async () => {
    const file = await write('t.json', task({ video: 'a.mp4' }, 'groom', 'rear'));
    const { overlaps } = await readLabelFile(file, { frameRate: 25 });
    expect([...overlaps!.values()].flat()).toMatchObject([{ kept: 'rear', dropped: 'groom' }]);
  });
});

describe('boris', () => {
  const HEADER =
    'Observation id,Source,Time offset (s),Behavior,Behavior type,Start (s),Stop (s),Media file name\n';

  it.each([
    ['player #1:cage1.mp4', 'Not found', 'cage1.mp4'],
    ['player #1:cage1.mp4;player #2:top.mp4', 'Not found', 'cage1.mp4'],
    ['player #1:cage1.mp4', 'cage1.mp4', 'cage1.mp4'],
    ['', 'cage1.mp4', 'cage1.mp4'],
  ])('finds the video of an event with source "%s" and file "%s"', async (source, media, video) => {
    const { segments } = await read('o.csv', `${HEADER}one,${source},0,groom,STATE,1,4,${media}\n`);
    expect(segments).toEqual([`${video} groom 1-4`]);
  });

  it.each([
    ['is live', ',0,groom,STATE,1,4,', /names no media file, so it may be from a live observation/],
    [
      'plays several files',
      'player #1:a.mp4;b.mp4,0,groom,STATE,1,4,b.mp4',
      /plays 2 files one after another/,
    ],
    ['has an offset', 'player #1:a.mp4,3600,groom,STATE,1,4,a.mp4', /time offset of 3600 s/],
    ['has no times', 'player #1:a.mp4,0,groom,STATE,NA,4,a.mp4', /received "NA" and "4"/],
  ])('leaves out an event whose observation %s, and reads the others', async (_, row, why) => {
    const good = 'two,player #1:c.mp4,0.0,rear,STATE,5,8,c.mp4\n';
    const { segments, skipped } = await read('o.csv', `${HEADER}one,${row}\n${good}`);
    expect(segments).toEqual(['c.mp4 rear 5-8']);
    expect(skipped[0]).toMatch(/the event in line 2 of ".*o\.csv"/);
    expect(skipped[0]).toMatch(why);
  });
});

describe('via', () => {
  const project = (metadata: object, fids = ['1']) =>
    JSON.stringify({
      attribute: {
        1: { aname: 'activity', type: 2, options: { 0: 'groom', 1: 'rear', 2: 'walk' } },
        2: { aname: 'who' },
      },
      file: { 1: { fname: 'cage1.mp4' }, 2: { fname: 'cage2.mp4' } },
      view: { 1: { fid_list: fids } },
      metadata,
    });

  it('reads one segment per checked box', async () => {
    const file = await write(
      'p.json',
      project({ a: { vid: '1', z: [1, 4], av: { 1: '0' } }, b: { vid: '1', z: [5, 8], av: { 1: '1,2' } } }),
    );
    const { segments, overlaps } = await readLabelFile(file, {});
    expect(segments.map(({ label }) => label)).toEqual(['groom', 'walk']);
    expect([...overlaps!.values()].flat()).toMatchObject([
      { startSec: 5, endSec: 8, kept: 'walk', dropped: 'rear' },
    ]);
  });

  it('leaves out what belongs to several files or to none, and says what else is lost', async () => {
    const spans = {
      a: { vid: '1', z: [1, 4], av: { 1: '0', 2: 'mouse 7' } },
      b: { vid: 'constructor', z: [5, 8], av: {} },
    };
    const one = await read('p.json', project(spans));
    expect(one.segments).toEqual(['cage1.mp4 groom 1-4']);
    expect(one.skipped.join()).toMatch(
      /values of 2 attributes; only the first was used.*view "constructor", which has no file/,
    );
    expect((await read('q.json', project(spans, ['1', '2']))).skipped[0]).toMatch(/its view shows 2 files/);
  });
});

describe('subtitles', () => {
  it('have no placement and style of other formats in SubRip labels', async () => {
    const srt =
      '1\n00:00:01,000 --> 00:00:04,500\n{\\an8}groom\n\n2\n00:00:05,000 --> 00:00:06,000\n{\\an8}<font color="#f00">{\\i1}rear{\\i0}</font>\n';
    expect((await read('cage1.srt', srt)).segments).toEqual(['cage1 groom 1-4.5', 'cage1 rear 5-6']);
  });
});

describe('text that a spreadsheet takes for a formula', () => {
  const LABELS = ['=cmd|calc', '+1', '-1', '@sum', 'plain', "it's"];
  const timeline = {
    ...{ model: '', labels: LABELS, frameRate: 25, frames: [] },
    video: { ...unknownVideo('=a.mp4'), frameRate: 25, durationSec: 6, numFrames: 150 },
    segments: LABELS.map((label, second) => ({ label, startSec: second, endSec: second + 1, confidence: 1 })),
  };

  it.each(['csv', 'csv-frames', 'boris'])(
    'is escaped in %s on request, and read back unchanged',
    async (name) => {
      const [format] = findFormats([name]);
      const text = format!.write(timeline, { escapeFormulas: true });
      expect(text.split(/[,\n]/).filter((cell) => /^"?[=+@-]/.test(cell))).toEqual([]);
      const file = await write(`x${format!.extension}`, text);
      const { segments } = await readLabelFile(file, {});
      expect([...new Set(segments.map(({ label }) => label))]).toEqual(LABELS);
      expect(segments[0]!.video).toBe('=a.mp4');
      expect(format!.write(timeline)).toContain('=cmd|calc');
      expect(format!.write(timeline)).not.toContain("'=cmd");
    },
  );
});

describe('xml', () => {
  it.each([999, 5000, 100_000])('nested %i deep ends in a clear error or is read', async (depth) => {
    const deep = `<annotations>${'<a>'.repeat(depth)}${'</a>'.repeat(depth)}</annotations>`;
    const error: unknown = await read('deep.xml', deep).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AnnotationError);
  });
});

describe('a dataset', () => {
  it.each([
    ['another Unicode normalization', 'Käfig é.mp4'.normalize('NFC'), 'Käfig é.mp4'.normalize('NFD')],
    ['another normalization in a folder', 'Käfig/1.mp4'.normalize('NFD'), 'Käfig/1.mp4'.normalize('NFC')],
    ['another case', 'Cage1.MP4', 'cage1.mp4'],
    ['another case in a folder', 'Day1/a.mp4', 'day1/A.mp4'],
    ['a language after the name', 'cage1.en', 'cage1.mp4'],
  ])('finds a video whose name has %s', async (_, named, actual) => {
    await write(`data/${actual}`);
    const file = await write('data/labels.csv', `video,label,start,end\n"${named}",fall,0,2\n`);
    expect((await readDataset(file))[0]!.path).toBe(inFolder('data', actual));
  });

  it.each(['cage1.avi', 'cage1.wav'])('does not take a video of another type for %s', async (named) => {
    await write('data/cage1.mp4');
    const file = await write('data/labels.csv', `video,label,start,end\n${named},fall,0,2\n`);
    await expect(readDataset(file)).rejects.toThrow(/names the video "cage1\.(avi|wav)", which is not in/);
  });

  it('takes the exact name before others, and refuses two that fit equally', async () => {
    for (const name of ['a.mp4', 'A.mp4', 'B.mp4', 'b.MP4']) await write(`data/${name}`);
    const file = await write('data/labels.csv', 'video,label,start,end\nA.mp4,fall,0,2\n');
    expect((await readDataset(file))[0]!.path).toBe(inFolder('data/A.mp4'));
    await write('data/labels.csv', 'video,label,start,end\nb.mp4,fall,0,2\n');
    await expect(readDataset(file)).rejects.toThrow(/may be ".*b\.MP4" or ".*B\.mp4"/);
  });

  it('leaves out names of systems and network storage in clip folders', async () => {
    for (const name of [
      'w1.mp4',
      '._w1.mp4',
      '@eaDir/w1.mp4/SYNOVIDEO_VIDEO_SCREENSHOT.jpg',
      '#recycle/old.mp4',
      '__MACOSX/w1.mp4',
    ]) {
      await write(`nas/walk/${name}`);
    }
    await write('nas/@eaDir/x/y.jpg');
    expect((await readDataset(inFolder('nas'))).map(({ name }) => name)).toEqual(['walk/w1.mp4']);
  });

  it.skipIf(process.platform === 'win32')('refuses a label file that is a pipe or a device', async () => {
    execFileSync('mkfifo', [inFolder('labels.csv')]);
    await expect(readDataset(inFolder())).rejects.toThrow(AnnotationError);
    await expect(readDataset(inFolder())).rejects.toThrow(/labels\.csv": it is not a regular file/);
    await symlink('/dev/zero', inFolder('labels.json'));
    await expect(readDataset(inFolder('labels.json'))).rejects.toThrow(/it is not a regular file/);
  });
});
