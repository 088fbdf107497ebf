import { describe, expect, it } from 'vitest';
import { csvSegmentsFormat } from '../../../src/annotations/formats/csv-segments.js';
import { readLabelFile } from '../../../src/annotations/label-files.js';
import { AnnotationError } from '../../../src/errors.js';
import { street } from '../street.js';
import { useTemporaryFolder } from '../../temporary-folder.js';

const { inFolder, write } = useTemporaryFolder();
const HEADER = 'video,label,start,end\n';
const read = async (content: string | Uint8Array, onWarning?: (message: string) => void) =>
  (await readLabelFile(await write('labels.csv', content), onWarning ? { onWarning } : {})).segments;
const failure = async (content: string | Uint8Array): Promise<AnnotationError> => {
  const error: unknown = await read(content).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(AnnotationError);
  const { message } = error as AnnotationError;
  expect(message).not.toContain('\n');
  expect(message).toContain(inFolder('labels.csv'));
  return error as AnnotationError;
};

describe('reading a CSV of segments', () => {
  it('reads one segment per row, with its line', async () => {
    expect(await read(`${HEADER}a.mp4,walk,0,1.5\nb.mp4,fall,01:02.5,00:01:03\n`)).toEqual([
      { video: 'a.mp4', label: 'walk', startSec: 0, endSec: 1.5, line: 2 },
      { video: 'b.mp4', label: 'fall', startSec: 62.5, endSec: 63, line: 3 },
    ]);
  });

  it('accepts columns in any order and case, and ignores other columns', async () => {
    expect(await read('note,End,LABEL,Start,Video\nx,2,walk,1,a.mp4\n')).toEqual([
      { video: 'a.mp4', label: 'walk', startSec: 1, endSec: 2, line: 2 },
    ]);
  });

  it('accepts a byte-order mark, all kinds of line ends, spaces and empty lines', async () => {
    const segments = await read(
      '\uFEFFvideo, label ,start,end\r\n\r\na.mp4,  walk ,1, 2\r\n\r\n,,,\nb.mp4,fall,3,4\rc.mp4,sit,5,6',
    );
    expect(segments).toEqual([
      { video: 'a.mp4', label: 'walk', startSec: 1, endSec: 2, line: 3 },
      { video: 'b.mp4', label: 'fall', startSec: 3, endSec: 4, line: 6 },
      { video: 'c.mp4', label: 'sit', startSec: 5, endSec: 6, line: 7 },
    ]);
  });

  it('reads group and subset if there are such columns', async () => {
    expect(
      await read('video,label,start,end,Group,subset\na.mp4,walk,1,2,p1,test\nb.mp4,walk,1,2,,\n'),
    ).toEqual([
      { video: 'a.mp4', label: 'walk', startSec: 1, endSec: 2, line: 2, group: 'p1', subset: 'test' },
      { video: 'b.mp4', label: 'walk', startSec: 1, endSec: 2, line: 3 },
    ]);
  });

  it('accepts quoted commas, quotes and line breaks', async () => {
    const [segment, after] = await read(`${HEADER}"a, ""b"".mp4","walk\nslowly",1,2\nc.mp4,sit,5,6\n`);
    expect(segment).toMatchObject({ video: 'a, "b".mp4', label: 'walk\nslowly', line: 3 });
    expect(after?.line).toBe(4);
  });

  it('sorts segments by video and start', async () => {
    const segments = await read(`${HEADER}b.mp4,x,5,6\na.mp4,y,3,4\nb.mp4,z,1,5\n`);
    expect(segments.map(({ label }) => label)).toEqual(['z', 'x', 'y']);
  });

  it('reads what the csv format wrote, to the millisecond', async () => {
    const segments = await read(csvSegmentsFormat.write(street));
    expect(
      segments.map(({ video, label, startSec, endSec }) => ({ video, label, startSec, endSec })),
    ).toEqual(
      street.segments.map(({ label, startSec, endSec }) => ({
        video: 'street, "north".mp4',
        label,
        startSec: Number(startSec.toFixed(3)),
        endSec: Number(endSec.toFixed(3)),
      })),
    );
  });
});

describe('a wrong CSV of segments', () => {
  it.each([
    ['a missing label', 'a.mp4,,1,2', 'the label is empty'],
    ['a missing video', ',walk,1,2', 'the video is not named'],
    ['a short row', 'a.mp4,walk,1', 'the end "" is not a time'],
    ['a word for a time', 'a.mp4,walk,soon,2', 'the start "soon" is not a time'],
    ['a negative time', 'a.mp4,walk,-1,2', 'the start "-1" is not a time'],
    ['a reversed segment', 'a.mp4,walk,2,1', 'the segment ends at 1, which is not after its start at 2'],
    ['an empty segment', 'a.mp4,walk,2,0:02', 'the segment ends at 0:02, which is not after its start at 2'],
  ])('is refused for %s, and the message names the line', async (_, row, problem) => {
    const { message, line } = await failure(`${HEADER}a.mp4,sit,8,9\n${row}\n`);
    expect(message).toContain(`line 3: ${problem}`);
    expect(line).toBe(3);
  });

  it('is refused for several bad rows at once, and the message lists their lines', async () => {
    const { message } = await failure(`${HEADER}${'a.mp4,walk,x,2\n'.repeat(9)}`);
    expect(message).toMatch(/line 2: .* Lines to correct as well: 3, 4, 5, 6, 7, …\.$/);
  });

  it('is refused for an unquoted comma, which would shift the columns', async () => {
    const { message, line } = await failure('start,end,video,label\n1,2,a.mp4,walk, slowly\n');
    expect(message).toContain('is not a CSV file');
    expect(line).toBe(2);
  });

  it('is refused for a quote that is never closed', async () => {
    expect((await failure(`${HEADER}"a.mp4,walk,1,2\n`)).message).toContain('is not a CSV file');
  });

  it('is refused for missing columns, and the message repeats the header', async () => {
    const { message } = await failure('video;label;start;end\na.mp4;walk;1;2\n');
    expect(message).toContain('has no column "video", "label", "start", "end"');
    expect(message).toContain('received video;label;start;end.');
    expect((await failure('video,start,end\n')).message).toContain('has no column "label"');
  });

  it('is refused if it is empty', async () => {
    expect((await failure('')).message).toContain('is empty: expected the header video,label,start,end');
    expect((await failure('\n\n')).message).toContain('is empty');
  });

  it('is refused if it is not text', async () => {
    expect((await failure(Uint8Array.of(0xff, 0xfe, 0x61, 0x00))).message).toContain('not text in UTF-8');
  });

  it('is refused if it is absent or a folder', async () => {
    await expect(readLabelFile(inFolder('absent.csv'))).rejects.toThrow(
      /Cannot read the label file .*ENOENT/,
    );
    await expect(readLabelFile(inFolder('.'))).rejects.toThrow(
      /Cannot read the label file .*it is not a regular file/,
    );
  });
});

describe('overlapping segments', () => {
  const spans = async (rows: string, warnings: string[] = []) =>
    (await read(`${HEADER}${rows}\n`, (text) => warnings.push(text))).map(
      ({ label, startSec, endSec }) => `${label} ${startSec}-${endSec}`,
    );

  it('may touch, and may belong to different videos', async () => {
    const warnings: string[] = [];
    await spans('a.mp4,walk,0,2\na.mp4,fall,2,3\nb.mp4,walk,1,3', warnings);
    expect(warnings).toEqual([]);
  });

  it('are cut at the start of the later one, with a warning that names both lines and the rule', async () => {
    const warnings: string[] = [];
    expect(await spans('a.mp4,walk,0,2.124\na.mp4,sit,2,3', warnings)).toEqual(['walk 0-2', 'sit 2-3']);
    expect(warnings).toEqual([
      `"${inFolder('labels.csv')}" lines 2 and 3: in "a.mp4", "walk" from 0 to 2.124 s and "sit" from 2 to 3 s overlap by ` +
        '0.124 s. The one that starts later was kept there.',
    ]);
  });

  it.each([
    [
      'are cut around a segment inside another, which continues after it',
      'walk,0,5\na.mp4,fall,1,2',
      ['walk 0-1', 'fall 1-2', 'walk 2-5'],
    ],
    [
      'keep the later line if both start at the same time',
      'walk,0,5\na.mp4,fall,0,2',
      ['fall 0-2', 'walk 2-5'],
    ],
    ['keep one of two equal segments', 'walk,0,2\na.mp4,walk,0,2', ['walk 0-2']],
    [
      'are stacked by start if three overlap, whatever their order in the file',
      'top,2,3\na.mp4,under,0,9\na.mp4,middle,1,5',
      ['under 0-1', 'middle 1-2', 'top 2-3', 'middle 3-5', 'under 5-9'],
    ],
  ])('%s', async (_, rows, expected) => {
    expect(await spans(`a.mp4,${rows}`)).toEqual(expected);
  });

  it('are reported one by one up to five, then counted', async () => {
    const warnings: string[] = [];
    const inner = Array.from({ length: 8 }, (_, at) => `a.mp4,fall,${2 * at + 1},${2 * at + 2}`);
    expect(await spans(['a.mp4,walk,0,20', ...inner].join('\n'), warnings)).toHaveLength(17);
    expect(warnings).toHaveLength(6);
    expect(warnings[5]).toContain('has 3 more overlaps. Of two labels the one that starts later was kept.');
  });
});
