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

describe('a dataset with one folder of clips per label', () => {
  it('is read in natural order, without hidden files and files that are not videos', async () => {
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

  it('may contain clips that are folders of pictures', async () => {
    for (const name of ['wave/one/1.jpg', 'wave/one/2.jpg', 'wave/two/1.PNG', 'wave/three.mp4'])
      await write(name);
    expect(await readClipFolders(inFolder('.'))).toEqual([
      { path: inFolder('wave/one'), label: 'wave' },
      { path: inFolder('wave/three.mp4'), label: 'wave' },
      { path: inFolder('wave/two'), label: 'wave' },
    ]);
  });

  it.skipIf(process.platform === 'win32')('may contain links to clips and to class folders', async () => {
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

  it('leaves out a class without a clip and reports it, or refuses it if isStrict is set', async () => {
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

  it('is refused if every class is empty', async () => {
    await write('walk/notes.txt');
    await expect(readDataset(inFolder('.'))).rejects.toThrow(/has no labeled clips: expected one folder/);
  });

  it('is refused if there is no class folder', async () => {
    await write('a.mp4');
    await expect(readDataset(inFolder('.'))).rejects.toThrow(/has no labeled clips: expected one folder/);
  });
});

describe('a dataset with a label file', () => {
  it('finds videos beside the file, in the folder videos, in subfolders, and by name without extension', async () => {
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

  it('sorts the segments of each video by start, also if the path of the label file is given', async () => {
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

  it('finds a video by its bare name if the label file states another folder', async () => {
    await write('videos/a.mp4');
    await write('labels.csv', `${HEADER}/old/disk/a.mp4,walk,0,1\n`);
    expect((await readDataset(inFolder('.')))[0]?.path).toBe(inFolder('videos/a.mp4'));
  });

  it('refuses an absent video, and states the line and the searched folders', async () => {
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

  it('refuses a name that matches two videos, and two names of one video', async () => {
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

  it('refuses a label file that has only a header', async () => {
    await write('labels.csv', HEADER);
    await expect(readDataset(inFolder('.'))).rejects.toThrow(/labels nothing/);
  });
});

describe('a dataset with several label files', () => {
  const cue = (label: string) => `WEBVTT\n\n00:00.000 --> 00:01.000\n${label}\n`;
  const AUDACITY = '0\t1\tsit\n';

  it('may mix formats, folders (its own, videos, annotations) and other files', async () => {
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

  it('refuses two label files for one video', async () => {
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

  it('reads folders of clips if no text file is a label file', async () => {
    await write('walk/a.mp4');
    await write('notes.txt', 'two cameras');
    expect((await readDataset(inFolder('.')))[0]?.clipLabel).toBe('walk');
  });
});

describe('group, subset and overlaps of a dataset', () => {
  it('are part of each video', async () => {
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

  it('are refused if two rows of one video contradict each other', async () => {
    await write('a.mp4');
    await write('labels.csv', 'video,label,start,end,group\na.mp4,x,0,1,p1\na.mp4,y,2,4,p2\n');
    await expect(readDataset(inFolder('.'))).rejects.toThrow(
      /line 3: the group of "a\.mp4" is "p2" here and "p1" elsewhere/,
    );
  });
});

it('leaves out absent videos of an ActivityNet file, but refuses the file if all are absent', async () => {
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

it('reports the first five left-out videos one by one, and counts the rest', async () => {
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

it('refuses a missing path', async () => {
  await expect(readDataset(inFolder('absent'))).rejects.toThrow(DatasetError);
  await expect(readDataset(inFolder('absent'))).rejects.toThrow(/Cannot open ".*absent": ENOENT/);
});

describe('real datasets beside the checkout', () => {
  const dataOf = (name: string) => fileURLToPath(new URL(`../../../../shared/data/${name}`, import.meta.url));
  const isAbsent = (name: string) => !existsSync(dataOf(name)); // the datasets are not part of this repository

  it.skipIf(isAbsent('ceiling-actions'))('reads 14 videos and 202 segments of ceiling actions', async () => {
    const warnings: string[] = [];
    const videos = await readDataset(dataOf('ceiling-actions'), { onWarning: (text) => warnings.push(text) });
    expect(videos).toHaveLength(14);
    expect(videos.flatMap(({ segments }) => segments)).toHaveLength(202);
    expect(warnings).toEqual([expect.stringContaining('lines 18 and 19')]);
  });

  it.skipIf(isAbsent('surveillance-fights'))('reads 120 clips per label of surveillance fights', async () => {
    const labels = (await readDataset(dataOf('surveillance-fights'))).map(({ clipLabel }) => clipLabel);
    expect(labels.filter((label) => label === 'fight')).toHaveLength(120);
    expect(labels.filter((label) => label === 'no-fight')).toHaveLength(120);
  });

  it.skipIf(isAbsent('hand-gestures'))('reads 300 clips of 17 labels of hand gestures', async () => {
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
