import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { saveTinyModel } from '../batch/tiny-model.js';
import { useTemporaryFolder } from '../temporary-folder.js';
import { framewise } from './command-line.js';

const { inFolder, write } = useTemporaryFolder();
const CLIP = path.join(import.meta.dirname, '../../fixtures/drawn-people/clips/wave/1.mp4');

it('framewise label writes the requested drawings beside the label files, and skips drawings that are up to date', async () => {
  await saveTinyModel(inFolder('model'));
  const broken = await write('broken.mp4', 'no video');
  const output = inFolder('out');
  const machine = ['--backend', 'cpu', '--workers', '0'];
  const label = (...flags: string[]) =>
    framewise('label', CLIP, broken, '--model', inFolder('model'), '--output', output, ...machine, ...flags);

  const plain = await label('--format', 'csv');
  expect(plain.exitCode).toBe(1); // one of the two is not a video
  expect(await readdir(output)).toEqual(['.framewise', '1.csv', 'summary.json']);

  const drawn = await label('--format', 'csv', '--overlay', '--contact-sheet', '--report');
  expect(drawn.exitCode).toBe(1);
  const drawings = ['1.overlay.mp4', '1.contact-sheet.jpg', 'report.html'];
  const printed = drawn.stdout
    .trim()
    .split('\n')
    .map((file) => path.relative(output, file));
  expect(printed).toEqual(['1.csv', '1.json', ...drawings]);
  expect(await readdir(output)).toEqual(expect.arrayContaining(drawings));

  const again = await label('--format', 'csv', '--report', '--json');
  expect(again.stderr).toContain('unchanged');
  const [overlay, contactSheet, report] = drawings.map((name) => path.join(output, name));
  const ofClip = { source: CLIP, drawings: [overlay, contactSheet], drawingFailures: [] };
  const told = JSON.parse(again.stdout) as { videos: object[] };
  expect(told).toMatchObject({ report, numDrawingsFailed: 0, videos: [ofClip, { status: 'failed' }] });
  expect(told.videos[1]).not.toHaveProperty('drawings');
});
