import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { findVideos, videoIdentity } from '../../src/batch/find-videos.js';
import { useTemporaryFolder } from '../temporary-folder.js';

const { inFolder, write } = useTemporaryFolder();

beforeEach(async () => {
  const files = [
    'day-1/cam/2.mp4',
    'day-1/cam/10.mp4',
    'day-1/cam/notes.txt',
    'day-1/x.AVI',
    'day-2/cam/1.mkv',
  ];
  for (const file of files) await write(file);
  for (const picture of ['1.png', '2.png']) await write(path.join('day-2/frames', picture));
  await write('.hidden/1.mp4');
  await write('odd [1].mp4');
});

/** The found videos, relative to the test's folder, and the subfolder of each that the output mirrors. */
async function find(...places: string[]): Promise<Record<string, string>> {
  const found = await findVideos(places.map((place) => inFolder(place)));
  return Object.fromEntries(
    found.map(({ source, subfolder }) => [path.relative(inFolder(), source), subfolder]),
  );
}

describe('findVideos', () => {
  it('returns files as given, and searches folders recursively in natural order', async () => {
    expect(await find('day-1/x.AVI', 'day-1')).toEqual({
      'day-1/x.AVI': '',
      'day-1/cam/2.mp4': 'cam',
      'day-1/cam/10.mp4': 'cam',
    });
    expect(Object.keys(await find('day-1/cam'))).toEqual(['day-1/cam/2.mp4', 'day-1/cam/10.mp4']);
    expect(await find('day-2')).toEqual({ 'day-2/cam/1.mkv': 'cam', 'day-2/frames': '' });
  });

  it('returns a video once, even if it is named in several ways', async () => {
    await symlink(inFolder('day-1'), inFolder('same'));
    const places = ['day-1/x.AVI', 'day-2/../day-1/x.AVI', 'day-1', '*/x.AVI'];
    expect(Object.keys(await find(...places)).filter((file) => file.endsWith('AVI'))).toEqual([
      'day-1/x.AVI',
      'same/x.AVI', // a link is another name, which may be intended
    ]);
  });

  it.each<[pattern: string, expected: Record<string, string>]>([
    ['day-*/x.AVI', { 'day-1/x.AVI': 'day-1' }],
    ['day-1/cam/?.mp4', { 'day-1/cam/2.mp4': '' }],
    ['**/1*.m{p4,kv}', { 'day-1/cam/10.mp4': 'day-1/cam', 'day-2/cam/1.mkv': 'day-2/cam' }],
    [
      'day-[!2]/*',
      { 'day-1/cam/2.mp4': 'day-1/cam', 'day-1/cam/10.mp4': 'day-1/cam', 'day-1/x.AVI': 'day-1' },
    ],
    ['day-2/fr*', { 'day-2/frames': '' }],
    ['{day-1/x,day-2/cam/1}.*', { 'day-1/x.AVI': 'day-1', 'day-2/cam/1.mkv': 'day-2/cam' }],
    ['.hid*/*', { '.hidden/1.mp4': '.hidden' }],
    ['day-1/**', { 'day-1/cam/2.mp4': 'cam', 'day-1/cam/10.mp4': 'cam', 'day-1/x.AVI': '' }],
    ['odd [1].mp4', { 'odd [1].mp4': '' }],
    ['day-1/*.mp4', { 'day-1/*.mp4': '' }],
  ])('finds the videos that match %s', async (pattern, expected) => {
    expect(await find(pattern)).toEqual(expected);
  });

  it('keeps missing files and folders without videos, so that opening them reports the problem', async () => {
    await mkdir(inFolder('hollow'));
    expect(await find('absent.mp4', 'hollow')).toEqual({ 'absent.mp4': '', hollow: '' });
  });
});

describe('videoIdentity', () => {
  it('distinguishes URLs by their secret parts without showing them', () => {
    const [one, two] = ['user:one', 'user:two'].map((user) => videoIdentity(`rtsp://${user}@camera/1?key=3`));
    expect(one).toMatch(/^rtsp:\/\/camera\/1#[\da-f]{16}$/);
    expect(one).not.toBe(two);
  });
});

describe('findVideos with links', () => {
  it('follows links to folders for *, but not for **', async () => {
    await symlink(inFolder('day-1'), inFolder('linked'));
    await symlink(inFolder(), inFolder('day-2/circle'));
    expect(Object.keys(await find('linke*/cam/2.mp4'))).toEqual(['linked/cam/2.mp4']);
    expect(Object.keys(await find('link*/**/2.mp4'))).toEqual(['linked/cam/2.mp4']);
    expect(Object.keys(await find('**/2.mp4'))).toEqual(['day-1/cam/2.mp4']);
    expect(Object.keys(await find('**/cam/1*.m*'))).toEqual(['day-1/cam/10.mp4', 'day-2/cam/1.mkv']);
  });

  it('finds linked videos and broken links, so that opening a broken link reports the problem', async () => {
    await symlink(inFolder('day-1/x.AVI'), inFolder('day-2/linked.avi'));
    await symlink(inFolder('absent.avi'), inFolder('day-2/broken.avi'));
    const both = ['day-2/broken.avi', 'day-2/linked.avi'];
    expect(Object.keys(await find('day-2/*.avi'))).toEqual(both);
    expect(Object.keys(await find('**/*.avi'))).toEqual(both);
  });

  it('matches in a folder whose name contains special characters', async () => {
    await write('(a) +b !c/1.mp4');
    await write('(a) +b !c/sub (x)/2.mp4');
    expect(Object.keys(await find('(a) +b !c/**/?.mp4'))).toEqual([
      '(a) +b !c/1.mp4',
      '(a) +b !c/sub (x)/2.mp4',
    ]);
  });
});
