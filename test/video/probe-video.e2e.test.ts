import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { VideoOpenError } from '../../src/errors.js';
import { probeVideo } from '../../src/video/probe-video.js';
import { decodeAll, everyTools, ffmpeg, folder, makeVideo, useTools } from './video-fixtures.js';

const plain = await makeVideo('plain.mp4', 'testsrc2=d=2:r=30000/1001:s=64x48', '-c:v', 'libx264');
const cover = await makeVideo('cover.png', 'testsrc2=s=32x32', '-frames:v', '1');
const song = await makeVideo('song.wav', 'sine=d=1');

const at = (name: string) => path.join(folder, name);
const asCover = ['-c:v:0', 'png', '-disposition:v:0', 'attached_pic'];
await ffmpeg('-i', song, '-i', cover, '-map', '0', '-map', '1', ...asCover, at('song.mp3'));
await ffmpeg(
  '-i',
  cover,
  '-i',
  plain,
  '-map',
  '0',
  '-map',
  '1',
  '-c:v:1',
  'copy',
  ...asCover,
  at('covered.mp4'),
);
await writeFile(at('empty.mp4'), '');
await writeFile(at('text.mp4'), 'This is no video, whatever its name says.\n'.repeat(50));
await writeFile(at('locked.mp4'), 'anything');
await chmod(at('locked.mp4'), 0o000);
await mkdir(at('folder.mp4'));
const bytes = await readFile(plain); // its index stands at the end
await writeFile(at('cut.mp4'), bytes.subarray(0, bytes.length / 2));

describe.each(everyTools)('probeVideo with ffprobe $version', (tools) => {
  useTools(tools);

  it('reads the properties of a video', async () => {
    const info = await probeVideo(plain);
    expect(info).toMatchObject({
      ...{
        source: plain,
        width: 64,
        height: 48,
        rotationDegrees: 0,
        startSec: 0,
        codec: 'h264',
        numFrames: 60,
      },
    });
    expect(info.frameRate).toBeCloseTo(30000 / 1001, 9);
    expect(info.durationSec).toBeCloseTo((60 * 1001) / 30000, 3);
  });

  it('reads the length of a Matroska stream, and the start of one in MPEG-TS', async () => {
    const matroska = await makeVideo('length.mkv', 'testsrc2=d=2.5:r=10:s=64x48', '-c:v', 'libx264');
    expect((await probeVideo(matroska)).durationSec).toBeCloseTo(2.5, 3);
    // Twice the delay, and the one frame by which MPEG-2 reorders.
    const transport = await makeVideo(
      'start.ts',
      'testsrc2=d=1:r=10:s=64x48',
      '-c:v',
      'mpeg2video',
      '-muxdelay',
      '0.7',
    );
    expect((await probeVideo(transport)).startSec).toBeCloseTo(1.5, 6);
  });

  it('skips a cover picture, as decoding does', async () => {
    expect(await probeVideo(at('covered.mp4'))).toMatchObject({ width: 64, height: 48, codec: 'h264' });
    expect(await decodeAll(at('covered.mp4'))).toHaveLength(60);
  });

  it.each([
    ['missing.mp4', 'it does not exist'],
    ['empty.mp4', 'the file is empty'],
    ['text.mp4', 'its content is not that of a video'],
    ['cut.mp4', 'it is cut short, its index (moov atom) is missing'],
    ['song.wav', 'it has no video stream'],
    ['song.mp3', 'it has no video stream'],
    ['folder.mp4', 'it is a folder without images'],
  ])('refuses %s: %s', async (name, why) => {
    for (const open of [() => probeVideo(at(name)), () => decodeAll(at(name))]) {
      const error: unknown = await open().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(VideoOpenError);
      expect(error).toMatchObject({ code: 'ERR_VIDEO_OPEN', path: at(name) });
      expect((error as Error).message).toMatch(/^Cannot open "[^\n]*\.$/);
      expect((error as Error).message).toContain(why);
    }
  });

  it.skipIf(process.getuid?.() === 0 || process.platform === 'win32')(
    'refuses a file that may not be read (root may read every file, Windows has no such mode)',
    async () => {
      await expect(probeVideo(at('locked.mp4'))).rejects.toThrow('there is no permission to read it');
    },
  );

  it('stops looking when its signal is aborted', async () => {
    await expect(probeVideo(plain, { signal: AbortSignal.abort('enough') })).rejects.toBe('enough');
  });
});
