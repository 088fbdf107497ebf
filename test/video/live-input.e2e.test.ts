import { createReadStream } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { UsageError, VideoOpenError } from '../../src/errors.js';
import { isLiveSource, openLiveInput } from '../../src/video/live-input.js';
import { openSource } from '../../src/video/video-source.js';
import {
  bundledTools,
  countRunning,
  decodeAll,
  everyTools,
  folder,
  largestDifference,
  makeVideo,
  timesOf,
  useTools,
  withEnvironment,
} from './video-fixtures.js';

const transport = await makeVideo('piped.ts', 'testsrc2=d=2:r=25:s=64x48', '-c:v', 'mpeg2video');
const isWindows = process.platform === 'win32';

/** Decodes what a stream gives, as if it were piped into this process. */
function decodePiped(stdin: Readable, onDuration?: (durationSec: number) => void) {
  return decodeAll('-', { allowLive: true, stdin, onDuration });
}

describe('a live source', () => {
  it('is an address, a device or -, and nothing else', () => {
    const live = ['rtsp://camera/1', 'https://a/b.m3u8', 'device:/dev/video0', '-'];
    const files = ['street.mp4', '--', '-.mp4', 'a-device:b', './-', '/dev/video0', 'pipe:0'];
    expect(live.filter(isLiveSource)).toEqual(live);
    expect(files.filter(isLiveSource)).toEqual([]);
  });

  it('that is a device is captured by the format of the system and no protocol', () => {
    const told = (source: string, platform: NodeJS.Platform) => {
      const { url, inputOptions } = openLiveInput(source, undefined, platform)!;
      return [...inputOptions, '-i', url].join(' ');
    };
    expect(told('device:/dev/video0', 'linux')).toBe(
      '-protocol_whitelist none -format_whitelist v4l2 -f v4l2 -i /dev/video0',
    );
    expect(told('device:0', 'darwin')).toBe(
      '-protocol_whitelist none -format_whitelist avfoundation -f avfoundation -framerate 30 -i 0:none',
    );
    expect(told('device:Integrated Camera', 'win32')).toBe(
      '-protocol_whitelist none -format_whitelist dshow -f dshow -i video=Integrated Camera',
    );
    expect(() => openLiveInput('device:')).toThrow(VideoOpenError);
  });

  it('that is a network camera is read over TCP, and no message contains its password', async () => {
    const opened = await openSource('rtsp://admin:s:e@cret@camera:554/1?a=b:c@d', true);
    expect(opened).toMatchObject({
      kind: 'remote',
      source: 'rtsp://camera:554/1',
      url: 'rtsp://admin:s:e@cret@camera:554/1?a=b:c@d',
    });
    expect('inputOptions' in opened && opened.inputOptions.join(' ')).toContain('-rtsp_flags prefer_tcp');
    for (const address of ['rtsp://camera:554/1', 'http://a/b:c@d', 'http://a:80/']) {
      expect(await openSource(address, true)).toMatchObject({ source: address, url: address });
    }
  });

  it('is a file name without the option for live input', async () => {
    for (const source of ['-', 'device:/dev/video0']) {
      await expect(decodeAll(source)).rejects.toThrow(`Cannot open "${source}": it does not exist`);
    }
  });
});

describe.each(everyTools)('with ffmpeg $version', (tools) => {
  useTools(tools);

  it('standard input yields the frames of a piped file and has no known end', async () => {
    const durationsSec: number[] = [];
    const piped = await decodePiped(createReadStream(transport), (sec) => durationsSec.push(sec));
    const whole = await decodeAll(transport);
    expect(piped.map(({ data }) => data)).toEqual(whole.map(({ data }) => data));
    expect(largestDifference(timesOf(piped), timesOf(whole))).toBeLessThan(0.001);
    expect(durationsSec).toEqual([0]);
    expect(countRunning()).toBe(0);
  });

  it('standard input with a known length reports it before the first frame', async () => {
    const options = ['-c:v', 'libx264', '-movflags', '+faststart'];
    const video = await makeVideo(`fast-${tools.origin}.mp4`, 'testsrc2=d=3:r=5:s=64x48', ...options);
    const durationsSec: number[] = [];
    const frames = await decodePiped(createReadStream(video), (sec) => durationsSec.push(sec));
    expect(frames).toHaveLength(15);
    expect(durationsSec).toEqual([3]);
  });

  it('a playlist on standard input opens nothing that it names', async () => {
    const playlists = [
      `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:${transport}\n#EXT-X-ENDLIST\n`,
      `ffconcat version 1.0\nfile '${transport}'\n`,
    ];
    for (const playlist of playlists) {
      await expect(decodePiped(Readable.from([playlist]))).rejects.toThrow(/gave no frame/);
    }
    expect(countRunning()).toBe(0);
  });

  it('standard input is closed when nobody reads on', async () => {
    const bytes = await readFile(transport);
    const endless = Readable.from(
      (function* () {
        for (;;) yield bytes;
      })(),
    );
    const abort = new AbortController();
    const onSourceFrame = () => abort.abort(new Error('enough'));
    const options = { allowLive: true, stdin: endless, onSourceFrame, signal: abort.signal };
    await expect(decodeAll('-', { ...options, frameRate: 5 })).rejects.toThrow('enough');
    expect(endless.destroyed).toBe(true);
    expect(countRunning()).toBe(0);
  });

  it.skipIf(process.platform !== 'linux')(
    'a device that is not there is an error with its name',
    async () => {
      const error = decodeAll('device:/dev/video-absent', { allowLive: true });
      await expect(error).rejects.toThrow(/device:\/dev\/video-absent".*No such file or directory/);
    },
  );

  it('throws an error of a listener for the duration', async () => {
    const onDuration = () => {
      throw new UsageError('too long for me');
    };
    await expect(decodeAll(transport, { onDuration })).rejects.toThrow('too long for me');
  });
});

it.skipIf(isWindows)('a reading of standard input that fails is the cause of the failure', async () => {
  const file = path.join(folder, 'deaf-ffmpeg.cjs');
  const program = `#!${process.execPath}
    if (process.argv[2] === '-version') console.log('ffmpeg version fake\\nlibavformat 60. 1.100');
    else process.stdin.on('end', () => setTimeout(() => (process.exitCode = 1), 200)).resume();`;
  await writeFile(file, program);
  await chmod(file, 0o755);
  const broken = Readable.from(
    (function* () {
      yield Buffer.from('a beginning');
      throw new Error('the cable is out');
    })(),
  );
  await withEnvironment({ FFMPEG_PATH: file, FFPROBE_PATH: bundledTools.ffprobePath }, async () => {
    await expect(decodePiped(broken)).rejects.toThrow(
      'Decoding "-" gave no frame (reading the input failed: the cable is out)',
    );
  });
});
