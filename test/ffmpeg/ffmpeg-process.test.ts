import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { expect, it } from 'vitest';
import { readLines } from '../../src/ffmpeg/ffmpeg-process.js';

async function linesOf(...chunks: string[]): Promise<string[]> {
  const stream = new PassThrough();
  const lines: string[] = [];
  readLines(stream, (line) => lines.push(line));
  for (const chunk of chunks) stream.write(chunk, 'latin1');
  stream.end();
  await finished(stream);
  return lines;
}

it('yields lines wherever chunks begin and end, and the last one without a line break', async () => {
  expect(await linesOf('a\nb', 'c\r', 'd\r\n', '', 'e')).toEqual(['a', 'bc', 'd', 'e']);
  expect(await linesOf('\n\na\n')).toEqual(['', '', 'a']);
});

it('decodes a character that two chunks share, and accepts invalid bytes', async () => {
  expect(await linesOf('\xc3', '\xa4\n', '\xff\n')).toEqual(['ä', '\ufffd']);
});

it('keeps the beginning of an endless line', async () => {
  const endless = Array.from({ length: 100 }, () => 'x'.repeat(1000));
  expect(await linesOf('start ', ...endless, '\nnext')).toEqual([`start ${'x'.repeat(4090)}`, 'next']);
});
