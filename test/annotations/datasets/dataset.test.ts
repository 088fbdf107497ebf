import { existsSync } from 'node:fs';
import { symlink } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readClipFolders } from '../../../src/annotations/datasets/clip-folders.js';
import { readDataset } from '../../../src/annotations/datasets/dataset.js';
import { AnnotationError, DatasetError } from '../../../src/errors.js';
import { useTemporaryFolder } from '../../temporary-folder.js';

const { inFolder, write } = useTemporaryFolder();
const HEADER = 'video,label,start,end\n';
const ofWholeClip = (label: string) => ({
  segments: [{ label, startSec: 0, endSec: Infinity }],
  clipLabel: label,
});

describe('a folder of clips for each label', () => {
  it('is read in natural order, hidden files and others passed over', async () => {
    for (const name of [
      'walk/c10.mp4',
      'walk/c2.MOV',
      'fall/camera 1/c.webm',
      'walk/notes.txt',
      'walk/.c.mp4',
    ]) {
      await write(name);
    }
    await write('.cache/c.mp4');
    await write('LICENSE');
    expect(await readDataset(inFolder('.'))).toEqual([
      { path: inFolder('fall/camera 1/c.webm'), name: 'fall/camera 1/c.webm', ...ofWholeClip('fall') },
      { path: inFolder('walk/c2.MOV'), name: 'walk/c2.MOV', ...ofWholeClip('walk') },
      { path: inFolder('walk/c10.mp4'), name: 'walk/c10.mp4', ...ofWholeClip('walk') },
    ]);
  });

  it('may hold clips that are folders of pictures', async () => {
    for (const name of ['wave/one/1.jpg', 'wave/one/2.jpg', 'wave/two/1.PNG', 'wave/three.mp4'])
      await write(name);
    expect(await readClipFolders(inFolder('.'))).toEqual([
      { path: inFolder('wave/one'), label: 'wave' },
      { path: inFolder('wave/three.mp4'), label: 'wave' },
      { path: inFolder('wave/two'), label: 'wave' },
    ]);
  });

  it.skipIf(process.platform === 'win32')('may hold links to clips and to class folders', async () => {
    const clip = await write('elsewhere/jump/c.mp4');
    await write('set/walk/d.mp4');
    await symlink(clip, inFolder('set/walk/link.mp4'));
    await symlink(inFolder('set/walk'), inFolder('set/walk/circle'));
    await symlink(inFolder('elsewhere/jump'), inFolder('set/jump'));
    const clips = await readClipFolders(inFolder('set'));
    expect(clips.map(({ path }) => path)).toEqual(
      ['set/jump/c.mp4', 'set/walk/d.mp4', 'set/walk/link.mp4'].map((name) => inFolder(name)),
    );
    await symlink(inFolder('nowhere'), inFolder('set/broken'));
    await expect(readClipFolders(inFolder('set'))).rejects.toThrow(DatasetError);
  });

  it('leaves a class without a clip out and says so; if strict, it is refused', async () => {
    await write('walk/a.mp4');
    await write('fall/notes.txt');
    const empty = inFolder('fall');
    const skips: string[] = [];
    const videos = await readDataset(inFolder('.'), {
      onSkip: ({ what, why }) => skips.push(`${what}: ${why}`),
    });
    expect(videos.map(({ clipLabel }) => clipLabel)).toEqual(['walk']);
    expect(skips).toEqual([`"${empty}": the class folder has no clip`]);

    const reading = readDataset(inFolder('.'), { isStrict: true });
    await expect(reading).rejects.toThrow(DatasetError);
    await expect(reading).rejects.toThrow(`The class folder "${empty}" has no clip.`);
  });

  it('is refused where every class is empty', async () => {
    await write('walk/notes.txt');
    await expect(readDataset(inFolder('.'))).rejects.toThrow(/has no labeled clips: expected one folder/);
  });

  it('is refused where there is no class folder', async () => {
    await write('a.mp4');
    await expect(readDataset(inFolder('.'))).rejects.toThrow(/has no labeled clips: expected one folder/);
  });
});

describe('a label file', () => {
  it('names videos beside it, in its folder videos, below it, and without extension', async () => {
    for (const name of ['a.mp4', 'videos/b.mp4', 'videos/c.mkv', 'day 1/d.mp4', 'other/e.mp4'])
      await write(name);
    const rows = [
      'b.mp4,x,0,1',
      'a.mp4,x,0,1',
      'c,x,0,1',
      'day 1\\d.mp4,x,0,1',
      `${inFolder('other/e.mp4')},x,0,1`,
    ];
    await write('labels.csv', HEADER + rows.join('\n'));
    const videos = await readDataset(inFolder('.'));
    expect(videos.map(({ path }) => path)).toEqual(
      ['videos/b.mp4', 'a.mp4', 'videos/c.mkv', 'day 1/d.mp4', 'other/e.mp4'].map((name) => inFolder(name)),
    );
  });

  it('gives each video its segments by start, and may be named itself', async () => {
    await write('a.mp4');
    const file = await write('truth.csv', `${HEADER}a.mp4,sit,2,3\na.mp4,walk,0,1.5\n`);
    expect(await readDataset(file)).toEqual([
      {
        path: inFolder('a.mp4'),
        name: 'a.mp4',
        segments: [
          { label: 'walk', startSec: 0, endSec: 1.5 },
          { label: 'sit', startSec: 2, endSec: 3 },
        ],
      },
    ]);
  });

  it('finds a video by its name alone where the file gives another folder', async () => {
    await write('videos/a.mp4');
    await write('labels.csv', `${HEADER}/old/disk/a.mp4,walk,0,1\n`);
    expect((await readDataset(inFolder('.')))[0]?.path).toBe(inFolder('videos/a.mp4'));
  });

  it('is refused where it names an absent video, with line and places', async () => {
    await write('videos/a.mp4');
    const file = await write('labels.csv', `${HEADER}a.mp4,walk,0,1\nb.mp4,walk,0,1\n`);
    const error = await readDataset(inFolder('.')).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AnnotationError);
    expect(error).toMatchObject({ path: file, line: 3 });
    expect((error as Error).message).toBe(
      `"${file}" line 3 names the video "b.mp4", which is not in "${inFolder('')}" and "${inFolder('videos')}". ` +
        "Correct the name, relative to the label file's folder, or add the video.",
    );
  });

  it('is refused where a name may be two videos, or one video has two names', async () => {
    await write('a.mp4');
    await write('a.avi');
    await write('labels.csv', `${HEADER}a,walk,0,1\n`);
    await expect(readDataset(inFolder('.'))).rejects.toThrow(
      /line 2 names the video "a", which may be .*a\.avi" or /,
    );
    await write('labels.csv', `${HEADER}a.mp4,walk,0,1\n./a.mp4,fall,0,1\n`);
    await expect(readDataset(inFolder('.'))).rejects.toThrow(
      /line 3: ".\/a.mp4" and "a.mp4" are the same video/,
    );
  });

  it('is refused where it has a header and nothing else', async () => {
    await write('labels.csv', HEADER);
    await expect(readDataset(inFolder('.'))).rejects.toThrow(/labels nothing/);
  });
});

describe('a folder of label files', () => {
  const cue = (label: string) => `WEBVTT\n\n00:00.000 --> 00:01.000\n${label}\n`;
  const AUDACITY = '0\t1\tsit\n';

  it('may mix them, beside the videos, in videos or in annotations, among other files', async () => {
    for (const name of ['a.mp4', 'videos/b.mp4', 'videos/c.mkv']) await write(name);
    await write('a.vtt', cue('walk'));
    await write('videos/b.txt', AUDACITY);
    await write('annotations/c.srt', '1\n00:00:00,000 --> 00:00:01,000\nfall\n');
    await write('README.txt', 'What this is.');
    await write('config.json', '{"data": 1}');
    const videos = await readDataset(inFolder('.'));
    expect(videos.map(({ path, segments }) => [path, segments[0]?.label])).toEqual([
      [inFolder('a.mp4'), 'walk'],
      [inFolder('videos/b.mp4'), 'sit'],
      [inFolder('videos/c.mkv'), 'fall'],
    ]);
  });

  it('is refused where two of them label one video', async () => {
    await write('a.mp4');
    await write('a.txt', AUDACITY);
    await write('a.vtt', cue('walk'));
    await expect(readDataset(inFolder('.'))).rejects.toThrow(
      /a\.vtt" line 3: another label file also labels ".*a\.mp4"/,
    );
    expect((await readDataset(inFolder('a.vtt')))[0]?.segments).toEqual([
      { label: 'walk', startSec: 0, endSec: 1 },
    ]);
  });

  it('does not hide folders of clips that hold none', async () => {
    await write('walk/a.mp4');
    await write('notes.txt', 'two cameras');
    expect((await readDataset(inFolder('.')))[0]?.clipLabel).toBe('walk');
  });
});

describe('what a dataset says of its videos', () => {
  it('is kept: group, subset and overlaps', async () => {
    await write('a.mp4');
    await write(
      'labels.csv',
      'video,label,start,end,group,subset\na.mp4,x,0,3,p1,test\na.mp4,y,2,4,p1,test\n',
    );
    expect(await readDataset(inFolder('.'))).toEqual([
      {
        path: inFolder('a.mp4'),
        name: 'a.mp4',
        segments: [
          { label: 'x', startSec: 0, endSec: 2 },
          { label: 'y', startSec: 2, endSec: 4 },
        ],
        group: 'p1',
        subset: 'test',
        overlaps: [{ startSec: 2, endSec: 3, kept: 'y', dropped: 'x' }],
      },
    ]);
  });

  it('is refused where it contradicts itself', async () => {
    await write('a.mp4');
    await write('labels.csv', 'video,label,start,end,group\na.mp4,x,0,1,p1\na.mp4,y,2,4,p2\n');
    await expect(readDataset(inFolder('.'))).rejects.toThrow(
      /line 3: the group of "a\.mp4" is "p2" here and "p1" elsewhere/,
    );
  });
});

it('leaves out the videos of an ActivityNet file that are not there, unless none is', async () => {
  const database = Object.fromEntries(
    ['here', 'gone'].map((id) => [
      id,
      { subset: 'training', annotations: [{ label: 'x', segment: [0, 1] }] },
    ]),
  );
  const file = await write('set.json', JSON.stringify({ database }));
  await expect(readDataset(file)).rejects.toThrow(/set\.json" labels nothing/);
  await write('videos/v_here.mp4');
  const skips: string[] = [];
  const videos = await readDataset(file, { onSkip: ({ what, why }) => skips.push(`${what}: ${why}`) });
  expect(videos).toMatchObject([{ name: 'here', path: inFolder('videos/v_here.mp4'), subset: 'training' }]);
  expect(skips).toEqual([`"gone": "${file}" labels it, but it was not found`]);
});

it('tells of a few things that it left out, and counts the rest', async () => {
  await write('v0.mp4');
  const database = Object.fromEntries(
    Array.from({ length: 9 }, (_, at) => [`v${at}`, { annotations: [{ label: 'x', segment: [0, 1] }] }]),
  );
  const told: string[] = [];
  const file = await write('set.json', JSON.stringify({ database }));
  await readDataset(file, { onWarning: (message) => told.push(message) });
  expect(told).toHaveLength(6);
  expect(told[0]).toBe(`Left out "v1": "${file}" labels it, but it was not found.`);
  expect(told[5]).toBe('Left out 3 more.');
});

it('refuses a path that is missing', async () => {
  await expect(readDataset(inFolder('absent'))).rejects.toThrow(DatasetError);
  await expect(readDataset(inFolder('absent'))).rejects.toThrow(/Cannot open ".*absent": ENOENT/);
});

describe('real datasets beside the checkout', () => {
  const dataOf = (name: string) => fileURLToPath(new URL(`../../../../shared/data/${name}`, import.meta.url));
  const isAbsent = (name: string) => !existsSync(dataOf(name)); // they are not part of this repository

  it.skipIf(isAbsent('ceiling-actions'))('ceiling actions have 14 videos and 202 segments', async () => {
    const warnings: string[] = [];
    const videos = await readDataset(dataOf('ceiling-actions'), { onWarning: (text) => warnings.push(text) });
    expect(videos).toHaveLength(14);
    expect(videos.flatMap(({ segments }) => segments)).toHaveLength(202);
    expect(warnings).toEqual([expect.stringContaining('lines 18 and 19')]);
  });

  it.skipIf(isAbsent('surveillance-fights'))('surveillance fights have 120 clips a label', async () => {
    const labels = (await readDataset(dataOf('surveillance-fights'))).map(({ clipLabel }) => clipLabel);
    expect(labels.filter((label) => label === 'fight')).toHaveLength(120);
    expect(labels.filter((label) => label === 'no-fight')).toHaveLength(120);
  });

  it.skipIf(isAbsent('hand-gestures'))('hand gestures have 300 clips of 17 labels', async () => {
    const labels = (await readDataset(dataOf('hand-gestures'))).map(({ clipLabel }) => clipLabel);
    expect([labels.length, new Set(labels).size]).toEqual([300, 17]);
  });
});

describe('readDataset', () => {
  const writeTwo = async () => {
    for (const name of ['a', 'b']) {
      await write(`${name}.mp4`);
      await write(`${name}.audacity.txt`, '0\t1\twalk\n');
    }
  };

  it('reports progress after each label file', async () => {
    await writeTwo();
    const progress: unknown[] = [];
    await readDataset(inFolder('.'), { onProgress: (each) => progress.push(each) });
    expect(progress).toEqual([
      { numDone: 1, numTotal: 2, name: inFolder('a.audacity.txt') },
      { numDone: 2, numTotal: 2, name: inFolder('b.audacity.txt') },
    ]);
  });

  it('rejects with the reason of its signal, also between label files', async () => {
    await writeTwo();
    const reason = new Error('enough');
    const controller = new AbortController();
    const stop = () => controller.abort(reason);
    const { signal } = controller;
    await expect(readDataset(inFolder('.'), { signal, onProgress: stop })).rejects.toBe(reason);
    await expect(readDataset(inFolder('.'), { signal })).rejects.toBe(reason);
  });
});
