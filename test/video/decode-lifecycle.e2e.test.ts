import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { FfmpegMissingError, VideoDecodeError, VideoStalledError } from '../../src/errors.js';
import { decodeFrames } from '../../src/video/decode-frames.js';
import type { VideoFrame } from '../../src/video/video-frame.js';
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

const size = { width: 64, height: 48 };
/** Many more frames than the queue and the pipe hold, so that ffmpeg has to wait for the consumer. */
const longVideo = await makeVideo(
  'long.mp4',
  'testsrc2=d=120:r=25:s=64x48',
  '-c:v',
  'libx264',
  '-preset',
  'ultrafast',
);
const shortVideo = await makeVideo(
  'short.mp4',
  'testsrc2=d=4:r=25:s=160x120',
  ...['-c:v', 'libx264', '-g', '25', '-movflags', '+faststart'],
);

async function cutShort(file: string, share: number): Promise<string> {
  const bytes = await readFile(file);
  const cut = path.join(folder, `cut-${path.basename(file)}`);
  await writeFile(cut, bytes.subarray(0, bytes.length * share));
  return cut;
}

async function withServer<T>(listener: RequestListener, action: (origin: string) => Promise<T>): Promise<T> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  try {
    await new Promise((resolve) => server.once('listening', resolve));
    return await action(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Takes frames until an error comes, and gives both. */
async function decodeUntilError(
  frames: AsyncGenerator<VideoFrame>,
): Promise<{ frames: VideoFrame[]; error: unknown }> {
  const taken: VideoFrame[] = [];
  try {
    for await (const frame of frames) taken.push(frame);
  } catch (error) {
    return { frames: taken, error };
  }
  return { frames: taken, error: undefined };
}

describe.each(everyTools)('a decoding ffmpeg $version', (tools) => {
  useTools(tools);

  it('is reaped by the time an early return completes', async () => {
    for await (const { index } of decodeFrames(longVideo, { ...size, frameRate: 'source' })) {
      expect(countRunning()).toBe(1);
      if (index === 3) break;
    }
    expect(countRunning()).toBe(0);
  });

  it('is reaped when the consumer throws', async () => {
    const consume = async () => {
      for await (const { index } of decodeFrames(longVideo, { ...size, frameRate: 10 })) {
        if (index === 1) throw new Error('the consumer failed');
      }
    };
    await expect(consume()).rejects.toThrow('the consumer failed');
    expect(countRunning()).toBe(0);
  });

  it('is ended on abort, which rejects with the reason of the signal', async () => {
    const abort = new AbortController();
    const reason = new Error('the user left');
    const { frames, error } = await decodeUntilError(
      (async function* () {
        for await (const frame of decodeFrames(longVideo, {
          ...size,
          frameRate: 'source',
          signal: abort.signal,
        })) {
          if (frame.index === 5) abort.abort(reason);
          yield frame;
        }
      })(),
    );
    expect(error).toBe(reason);
    expect(frames).toHaveLength(6);
    expect(countRunning()).toBe(0);
  });

  it('does not start for an aborted signal', async () => {
    const signal = AbortSignal.abort('too late');
    await expect(decodeAll(longVideo, { signal })).rejects.toBe('too late');
    expect(countRunning()).toBe(0);
  });

  it('waits for a slow consumer, who gets every frame', async () => {
    let numFrames = 0;
    // Long enough for a busy machine to start ffmpeg, and shorter than the consumer's rest.
    const stallTimeoutMs = 4000;
    for await (const { index } of decodeFrames(longVideo, { ...size, frameRate: 'source', stallTimeoutMs })) {
      if (index === 20) await sleep(2 * stallTimeoutMs);
      numFrames++;
    }
    expect(numFrames).toBe(3000);
  });

  it('throws an error of a listener for source frames', async () => {
    const onSourceFrame = () => {
      throw new Error('the listener failed');
    };
    await expect(decodeAll(longVideo, { frameRate: 5, onSourceFrame })).rejects.toThrow(
      'the listener failed',
    );
    expect(countRunning()).toBe(0);
  });

  it('yields the frames of a truncated file, then an error that says where it ended', async () => {
    const cut = await cutShort(shortVideo, 0.6);
    const whole = await decodeAll(shortVideo);
    const { frames, error } = await decodeUntilError(
      decodeFrames(cut, { width: 32, height: 24, frameRate: 'source' }),
    );
    expect(frames.length).toBeGreaterThan(40);
    expect(frames[40]?.data).toEqual(whole[40]?.data);
    expect(error).toBeInstanceOf(VideoDecodeError);
    expect(error).toMatchObject({ path: cut, exitCode: 0 });
    expect((error as VideoDecodeError).message).toMatch(
      /ended at 2\.\d+ s of 4\.000 s: the file is cut short/,
    );
    expect((error as VideoDecodeError).stderrTail).toContain('partial file');
  });

  it('opens an address only when it is allowed to, and reads it to the same frames', async () => {
    const bytes = await readFile(shortVideo);
    const serve: RequestListener = (_, response) => response.end(bytes);
    await withServer(serve, async (origin) => {
      await expect(decodeAll(`${origin}/short.mp4`)).rejects.toThrow('Pass allowRemote: true');
      const remote = await decodeAll(`${origin}/short.mp4`, { allowRemote: true });
      const local = await decodeAll(shortVideo);
      expect(largestDifference(timesOf(remote), timesOf(local))).toBeLessThan(1e-6);
      expect(remote[50]?.data).toEqual(local[50]?.data);
    });
  });

  it('is ended when no more output arrives', async () => {
    const bytes = await readFile(
      await makeVideo('live.ts', 'testsrc2=d=8:r=25:s=160x120', '-c:v', 'mpeg2video'),
    );
    const serveHalf: RequestListener = (_, response) =>
      void response.write(bytes.subarray(0, bytes.length / 2));
    await withServer(serveHalf, async (origin) => {
      const stalled = decodeFrames(origin, {
        ...size,
        frameRate: 'source',
        allowRemote: true,
        stallTimeoutMs: 4000,
      });
      const { error } = await decodeUntilError(stalled);
      expect(error).toBeInstanceOf(VideoStalledError);
      expect(error).toMatchObject({ path: origin, stallTimeoutMs: 4000 });
      expect(countRunning()).toBe(0);
    });
  });
});

// A program in ffmpeg's place, which fails in ways that the real one cannot be brought to.
const isWindows = process.platform === 'win32';
async function makeFakeFfmpeg(behavior: string): Promise<string> {
  const file = path.join(folder, 'fake-ffmpeg.cjs');
  const program = `#!${process.execPath}
    const { spawnSync } = require('node:child_process');
    const real = ${JSON.stringify(bundledTools.ffmpegPath)};
    const argv = process.argv.slice(2);
    const printTime = (n) =>
      console.error(['0', n * 40000, n * 40000, 40000, frame.length, '0x00000000'].join(', '));
    const frame = Buffer.alloc(64 * 48 * 3, 7);
    if (argv[0] === '-version') console.log('ffmpeg version fake\\nlibavformat 60. 1.100');
    else if (!argv.join().includes('framecrc')) process.exitCode = spawnSync(real, argv, { stdio: 'inherit' }).status;
    else { ${behavior} }`;
  await writeFile(file, program, { mode: 0o755 });
  return file;
}

describe.skipIf(isWindows)('an ffmpeg that fails (a script in its place needs a shebang line)', () => {
  async function decodeWithFake(behavior: string): Promise<{ frames: VideoFrame[]; error: unknown }> {
    const FFMPEG_PATH = await makeFakeFfmpeg(behavior);
    return withEnvironment({ FFMPEG_PATH, FFPROBE_PATH: bundledTools.ffprobePath }, () =>
      decodeUntilError(decodeFrames(shortVideo, { ...size, frameRate: 'source' })),
    );
  }

  it('midway yields the frames before, then its exit code and last lines', async () => {
    const { frames, error } = await decodeWithFake(`
      printTime(0); printTime(1);
      process.stdout.write(Buffer.concat([frame, frame]));
      console.error('[mov @ 0x1] [error] the disk is gone');
      process.exitCode = 187;`);
    expect(timesOf(frames)).toEqual([0, 0.04]);
    expect(error).toMatchObject({ code: 'ERR_VIDEO_DECODE', exitCode: 187 });
    expect((error as Error).message).toMatch(
      /failed after 2 frames: ffmpeg exited with code 187 \(the disk is gone\)/,
    );
  });

  it('tells why, though a time came in the middle of its words', async () => {
    const { frames, error } = await decodeWithFake(`
      process.stderr.write('[mov @ 0x1] [error] the disk ');
      printTime(0);
      console.error('is gone');
      process.stdout.write(frame);
      process.exitCode = 187;`);
    expect(timesOf(frames)).toEqual([0]);
    expect((error as Error).message).toContain('(the disk is gone)');
  });

  it('inside a frame is an error, though it exits well', async () => {
    const { frames, error } = await decodeWithFake(`
      printTime(0); printTime(1);
      process.stdout.write(Buffer.concat([frame, frame.subarray(100)]));`);
    expect(frames).toHaveLength(1);
    expect((error as Error).message).toContain("ffmpeg's output ended inside a frame");
  });

  it('by a signal is an error', async () => {
    const { error } = await decodeWithFake(`process.kill(process.pid, 'SIGKILL');`);
    expect((error as Error).message).toContain('ffmpeg was killed');
  });

  it('to start is a catchable error', async () => {
    const FFMPEG_PATH = await makeFakeFfmpeg('');
    await withEnvironment({ FFMPEG_PATH, FFPROBE_PATH: bundledTools.ffprobePath }, async () => {
      const frames = decodeFrames(shortVideo, { ...size, frameRate: 'source' });
      await decodeUntilError(decodeFrames(shortVideo, { ...size, frameRate: 'source' })); // finds it
      await writeFile(FFMPEG_PATH, '#!/nonexistent/program\n');
      const { error } = await decodeUntilError(frames);
      expect(error).toBeInstanceOf(FfmpegMissingError);
      expect((error as Error).message).toContain('Cannot start');
    });
  });

  it.each([
    ['to send a byte', 'setInterval(() => {}, 1000);'],
    ['to do more than complain', `setInterval(() => console.error('[mov @ 0x1] [error] bad data'), 100);`],
  ])('%s is ended after the time-out', async (_, behavior) => {
    const FFMPEG_PATH = await makeFakeFfmpeg(behavior);
    await withEnvironment({ FFMPEG_PATH, FFPROBE_PATH: bundledTools.ffprobePath }, async () => {
      const frames = decodeFrames(shortVideo, { ...size, frameRate: 'source', stallTimeoutMs: 4000 });
      const { error } = await decodeUntilError(frames);
      expect(error).toBeInstanceOf(VideoStalledError);
      expect(countRunning()).toBe(0);
    });
  });
});
