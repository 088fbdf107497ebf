import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { webvttFormat } from '../../../src/annotations/formats/subtitles.js';
import { findFfmpeg } from '../../../src/ffmpeg/find-ffmpeg.js';
import { street } from '../street.js';
import { useTemporaryFolder } from '../../temporary-folder.js';

const { write } = useTemporaryFolder();

it('writes one cue per segment, with escaped markup and without line breaks', () => {
  expect(webvttFormat.write(street)).toBe(
    [
      'WEBVTT',
      '',
      '00:00:00.000 --> 00:00:00.333',
      'walk, slowly',
      '',
      '00:00:00.333 --> 01:00:01.000',
      'say "hi"',
      '',
      '01:00:01.000 --> 01:00:01.500',
      'a --&gt; b &lt;c&gt; &amp; d',
      '',
    ].join('\n'),
  );
});

it('writes more than 99 hours, and carries a second that rounds up to a minute', () => {
  const segments = [{ label: 'walk', startSec: 59.9996, endSec: 360_000.5, confidence: 1 }];
  expect(webvttFormat.write({ ...street, segments })).toContain('00:01:00.000 --> 100:00:00.500\nwalk');
});

it('writes a file without cues for a video without segments', () => {
  expect(webvttFormat.write({ ...street, segments: [] })).toBe('WEBVTT\n');
});

it('writes WebVTT that ffmpeg reads with the same times and text', async () => {
  const file = await write('street.vtt', webvttFormat.write(street));
  const { ffmpegPath } = await findFfmpeg();
  const { stdout } = await promisify(execFile)(ffmpegPath, ['-v', 'error', '-i', file, '-f', 'srt', '-']);
  expect(stdout.replaceAll('\r', '').trim().split('\n')).toEqual([
    '1',
    '00:00:00,000 --> 00:00:00,333',
    'walk, slowly',
    '',
    '2',
    '00:00:00,333 --> 01:00:01,000',
    'say "hi"',
    '',
    '3',
    '01:00:01,000 --> 01:00:01,500',
    'a --> b <c> & d',
  ]);
});
