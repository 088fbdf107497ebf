import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import {
  convertLabels,
  UsageError,
  type ConvertOptions,
  type ConvertOutcome,
  type ItemProgress,
} from '../../src/index.js';
import { useTemporaryFolder } from '../temporary-folder.js';

const { inFolder, write } = useTemporaryFolder();

async function convert(files: string[], options: ConvertOptions): Promise<ConvertOutcome[]> {
  const outcomes: ConvertOutcome[] = [];
  for await (const outcome of convertLabels(files, options)) outcomes.push(outcome);
  return outcomes;
}

it('convertLabels reports for each label file whether it was converted, and which details were lost', async () => {
  const good = await write('good.csv', 'video,label,start,end,confidence\nday/a.mp4,walk,1,2,0.5\n');
  const bad = await write('bad.csv', 'video,label,start,end\na.mp4,walk,2,1\n');
  const [failed, converted] = await convert([bad, good], { to: 'audacity', outputDir: inFolder('out') });
  expect(failed).toMatchObject({ source: bad, status: 'failed', error: { code: 'ERR_ANNOTATION' } });
  const file = inFolder('out/a.audacity.txt');
  const losses = ['confidence', 'folder', 'extension'];
  expect(converted).toEqual({
    source: good,
    status: 'converted',
    videos: [{ video: 'day/a.mp4', file, losses }],
  });
  expect(await readFile(file, 'utf8')).toBe('1.000000\t2.000000\twalk\n');
});

it('convertLabels refuses an unknown format before it reads a file', async () => {
  await expect(convert(['absent.csv'], { to: 'xls' })).rejects.toThrow(UsageError);
});

it('convertLabels reports progress after each label file', async () => {
  const good = await write('good.csv', 'video,label,start,end\na.mp4,walk,1,2\n');
  const bad = await write('bad.csv', 'video,label,start,end\na.mp4,walk,2,1\n');
  const progress: ItemProgress[] = [];
  await convert([bad, good], { to: 'audacity', onProgress: (each) => progress.push(each) });
  expect(progress).toEqual([
    { numDone: 1, numTotal: 2, name: bad },
    { numDone: 2, numTotal: 2, name: good },
  ]);
});
