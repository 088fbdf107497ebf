import { createHash } from 'node:crypto';
import { open, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { isSameVideo, takeFingerprint } from '../../src/batch/fingerprint.js';
import { useTemporaryFolder } from '../temporary-folder.js';

const { inFolder, write } = useTemporaryFolder();

describe('takeFingerprint', () => {
  it('contains sizes, times and a hash of the content', async () => {
    const file = await write('a.mp4', 'some video');
    await utimes(file, 1, 2);
    const content = createHash('sha256').update('["",10]').update('some video').digest('hex');
    expect(await takeFingerprint(file)).toMatchObject({
      numBytes: 10,
      modifiedMs: 2000,
      contentHash: content,
    });
  });

  it('is null for a file that cannot be read', async () => {
    expect(await takeFingerprint(inFolder('absent.mp4'))).toBeNull();
  });

  it('depends on the first and last bytes of a file that is larger than the sampled parts', async () => {
    const file = await write('large.mp4');
    const hashWith = async (position: number) => {
      const handle = await open(file, 'w');
      await handle.truncate(200 * 2 ** 20 + 7); // a sparse file, which takes no space on the disk
      await handle.write('x', position);
      await handle.close();
      return (await takeFingerprint(file))?.contentHash;
    };
    const hashes = [await hashWith(0), await hashWith(200 * 2 ** 20 + 6), await hashWith(1)];
    expect(new Set(hashes).size).toBe(3);
  });
});

describe('isSameVideo', () => {
  it('recognizes a touched or copied file, and detects other content of the same size and time', async () => {
    const file = await write('a.mp4', 'some video');
    const before = await takeFingerprint(file);
    expect(await isSameVideo(file, before)).toBe(true);

    await utimes(file, 5, 5);
    expect(await isSameVideo(file, before)).toBe(true);
    await write('copy.mp4', await readFile(file));
    await rename(inFolder('copy.mp4'), file);
    expect(await isSameVideo(file, before)).toBe(true);

    await utimes(file, 5, 5);
    const touched = await takeFingerprint(file);
    await writeFile(file, 'SOME VIDEO');
    await utimes(file, 5, 5);
    expect(await isSameVideo(file, touched)).toBe(false);
    await writeFile(file, 'more of it');
    expect(await isSameVideo(file, before)).toBe(false);
    await rm(file);
    expect(await isSameVideo(file, before)).toBe(false);
  });

  it('recognizes a folder of pictures by names and contents', async () => {
    for (const name of ['1.png', '2.png']) await write(path.join('frames', name), name);
    const folder = inFolder('frames');
    const before = await takeFingerprint(folder);
    expect(await isSameVideo(folder, before)).toBe(true);
    await writeFile(inFolder('frames/2.png'), '3.png');
    expect(await isSameVideo(folder, before)).toBe(false);
    await writeFile(inFolder('frames/2.png'), '2.png');
    expect(await isSameVideo(folder, before)).toBe(true);
    await rename(inFolder('frames/2.png'), inFolder('frames/3.png'));
    await utimes(inFolder('frames/3.png'), 5, 5);
    expect(await isSameVideo(folder, before)).toBe(false);
  });

  it('treats an unreadable file as unchanged until it can be read', async () => {
    const file = inFolder('late.mp4');
    expect(await isSameVideo(file, null)).toBe(true);
    await write('late.mp4', 'here now');
    expect(await isSameVideo(file, null)).toBe(false);
  });
});
