import { copyFile, mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readDataset } from '../../../src/annotations/datasets/dataset.js';
import { DatasetError } from '../../../src/errors.js';
import { useTemporaryFolder } from '../../temporary-folder.js';

const { inFolder, write } = useTemporaryFolder();
/** 305 frames at 15 frames per second. */
const VIDEO = fileURLToPath(new URL('../../../fixtures/drawn-people/demo.mp4', import.meta.url));
const labels = (...runs: [string, number][]) =>
  runs.flatMap(([label, count]) => Array.from({ length: count }, () => label)).join('\n');

async function addVideo(name: string): Promise<void> {
  await mkdir(inFolder('videos'), { recursive: true });
  await copyFile(VIDEO, inFolder(`videos/${name}`));
}

/** Reads the dataset, and collects the warnings. */
async function read(frameRate?: number) {
  const told: string[] = [];
  const videos = await readDataset(inFolder('.'), {
    frameRate,
    onWarning: (message) => told.push(message.replaceAll(`${inFolder('')}/`, '')),
  });
  return { videos, told };
}

it('converts frame numbers to seconds at the frame rate of the video, with or without a final line break', async () => {
  await addVideo('rgb-01.mp4');
  await addVideo('rgb-02.avi');
  await write('groundTruth/rgb-01.txt', `${labels(['background', 30], ['cut', 270], ['background', 5])}\n`);
  await write('groundTruth/rgb-02.txt', labels(['cut', 305]).replaceAll('\n', '\r\n'));
  await write('mapping.txt', '0 background\n1 cut\n');
  const { videos, told } = await read();
  expect(told).toEqual([]);
  expect(videos).toEqual([
    {
      path: inFolder('videos/rgb-01.mp4'),
      name: 'rgb-01',
      segments: [
        { label: 'background', startSec: 0, endSec: 2 },
        { label: 'cut', startSec: 2, endSec: 20 },
        { label: 'background', startSec: 20, endSec: 305 / 15 },
      ],
    },
    {
      path: inFolder('videos/rgb-02.avi'),
      name: 'rgb-02',
      segments: [{ label: 'cut', startSec: 0, endSec: 305 / 15 }],
    },
  ]);
});

it('counts frames at the frame rate that the user gives', async () => {
  await addVideo('a.mp4');
  await write('groundTruth/a.txt', labels(['x', 30], ['y', 580]));
  const { videos, told } = await read(30);
  expect(told).toEqual([]);
  expect(videos[0]?.segments[1]).toEqual({ label: 'y', startSec: 1, endSec: 610 / 30 });
});

it.each([
  ['longer', 400],
  ['shorter', 200],
])('warns about ground truth that is %s than its video', async (_, count) => {
  await addVideo('a.mp4');
  await write('groundTruth/a.txt', labels(['x', count]));
  const { told } = await read();
  expect(told).toEqual([
    expect.stringMatching(
      new RegExp(`groundTruth/a\\.txt" labels ${count} frames, but "a" has 305 at 15 per second`),
    ),
  ]);
});

it('reads the subset of each video in each split, from names with or without .txt', async () => {
  for (const name of ['a', 'b', 'c']) {
    await addVideo(`${name}.mp4`);
    await write(`groundTruth/${name}.txt`, labels(['x', 305]));
  }
  await write('splits/train.split1.bundle', 'a.txt\nb.txt\n');
  await write('splits/test.split1.bundle', 'c.txt');
  await write('splits/train.split2.bundle', 'b\r\nc\r\n');
  await write('splits/test.split2.bundle', 'a\nghost\n');
  const { videos, told } = await read();
  expect(videos.map(({ subsetBySplit }) => subsetBySplit)).toEqual([
    { split1: 'train', split2: 'test' },
    { split1: 'train', split2: 'train' },
    { split1: 'test', split2: 'train' },
  ]);
  expect(told).toEqual([
    expect.stringContaining('splits/test.split2.bundle" names "ghost", which has no file in groundTruth'),
  ]);
});

it('leaves out ground truth without a video, and warns about labels that only the mapping or only the truth has', async () => {
  await addVideo('a.mp4');
  await write('groundTruth/a.txt', labels(['x', 305]));
  await write('groundTruth/b.txt', 'x\n');
  await write('mapping.txt', '0 y\n');
  expect((await read()).told).toEqual([
    '"mapping.txt" does not list the label x.',
    'No frame has the label y, which "mapping.txt" lists.',
    'Left out "groundTruth/b.txt": its video "b" was not found.',
  ]);
});

it('refuses a frame without a label, ground truth without files, and a dataset whose videos are all absent', async () => {
  await addVideo('a.mp4');
  await write('groundTruth/a.txt', 'x\n\ny\n');
  await expect(read()).rejects.toThrow(/a\.txt" line 2 is empty: expected a label for each frame/);
  await write('groundTruth/a.txt', 'x\n');
  await mkdir(inFolder('bare/groundTruth'), { recursive: true });
  await expect(readDataset(inFolder('bare'))).rejects.toThrow(/has no ground truth/);
  await write('lost/groundTruth/a.txt', 'x\n');
  const reading = readDataset(inFolder('lost'));
  await expect(reading).rejects.toThrow(DatasetError);
  await expect(reading).rejects.toThrow(/labels nothing/);
});
