import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type * as files from 'node:fs/promises';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { labelVideos, type LabelVideosOptions } from '../../src/batch/label-videos.js';
import type { BatchSummary } from '../../src/batch/summary.js';
import { EncoderThread } from '../../src/encoder/pool/encoder-thread.js';
import { EncoderError, OutputError } from '../../src/errors.js';
import { ActivityRecognizer } from '../../src/recognizer.js';
import { findFfmpeg } from '../../src/ffmpeg/find-ffmpeg.js';
import { useTemporaryFolder } from '../temporary-folder.js';
import { saveTinyModel } from './tiny-model.js';

const CLIP = path.join(import.meta.dirname, '../../fixtures/drawn-people/clips/wave/1.mp4');
const OTHER_CLIP = path.join(path.dirname(CLIP), '../squat down/4.mp4');
const disk = vi.hoisted((): { fullFor: RegExp | undefined } => ({ fullFor: undefined }));

/** Simulates a full disk: files can be created, but writing to files whose path matches `disk.fullFor` fails. */
vi.mock('node:fs/promises', async (importOriginal) => {
  const original = await importOriginal<typeof files>();
  const open: typeof original.open = async (file, ...more) => {
    const handle = await original.open(file, ...more);
    const unlessFull =
      (write: typeof handle.writeFile): typeof handle.writeFile =>
      async (...args) => {
        const error = new Error('ENOSPC: no space left on device, write');
        if (disk.fullFor?.test(String(file))) throw Object.assign(error, { code: 'ENOSPC' });
        return write(...args);
      };
    return Object.assign(handle, {
      writeFile: unlessFull(handle.writeFile.bind(handle)),
      appendFile: unlessFull(handle.appendFile.bind(handle)),
    });
  };
  return { ...original, open };
});

const { inFolder } = useTemporaryFolder();
let recognizer: ActivityRecognizer;
let videos: string[];
beforeEach(async () => {
  await saveTinyModel(inFolder('model'));
  recognizer = await ActivityRecognizer.load(inFolder('model'), { backend: 'cpu', workers: 1 });
  videos = ['first', 'second', 'third'].map((name) => inFolder(`${name}.mp4`));
  for (const video of videos) await cp(CLIP, video);
});
afterEach(() => {
  disk.fullFor = undefined;
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  recognizer.dispose();
});

const run = (output: string, options: Partial<LabelVideosOptions> = {}): Promise<BatchSummary> =>
  labelVideos(recognizer, videos, { outputDir: inFolder(output), concurrency: 1, ...options });
const labelFilesOf = async (output: string) =>
  Promise.all(['first', 'second', 'third'].map((name) => readFile(inFolder(output, `${name}.json`), 'utf8')));

it('a batch writes the same labels with several videos at a time as with one', async () => {
  await Promise.all(['first', 'second'].map((name) => cp(OTHER_CLIP, inFolder(`${name}.mp4`))));
  await run('one by one');
  await run('together', { concurrency: 3 });
  expect(await labelFilesOf('together')).toEqual(await labelFilesOf('one by one'));
});

describe('a batch on a full disk', () => {
  it.each([
    ['writes a label file', /\.part$/],
    ['writes a line of the journal', /journal/],
  ])('ends with a clear error when it %s, and resumes when there is space', async (_, place) => {
    await run('whole');
    const onOutcome = () => void (disk.fullFor = place); // after the first video
    const error: unknown = await run('filled', { onOutcome }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OutputError);
    expect((error as Error).message).toMatch(/no space left.*has room/);
    expect(await readdir(inFolder('filled/.framewise'))).toEqual(['journal.jsonl']);
    expect((await readdir(inFolder('filled'))).filter((name) => name.endsWith('.part'))).toEqual([]);

    disk.fullFor = undefined;
    expect(await run('filled')).toMatchObject({ numUnchanged: 1, numLabelled: 2 });
    expect(await labelFilesOf('filled')).toEqual(await labelFilesOf('whole'));
  });
});

describe('a batch with a worker that dies', () => {
  it('encodes the frames of that worker again, with the same labels', async () => {
    await run('whole');
    // The thread ends when it receives its next batch.
    vi.spyOn(Worker.prototype, 'postMessage').mockImplementationOnce(function (this: Worker) {
      void this.terminate();
    });
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    expect(await run('survived')).toMatchObject({ numLabelled: 3 });
    expect(String(warn.mock.calls[0]?.[0])).toMatch(/worker died on a batch .* which will be tried again/);
    expect(await labelFilesOf('survived')).toEqual(await labelFilesOf('whole'));
  });

  it('fails a video on which a second worker dies, and continues', async () => {
    const encode = vi.spyOn(EncoderThread.prototype, 'encode');
    for (let time = 0; time < 2; time++)
      encode.mockImplementationOnce(() => Promise.reject(new Error('Out of memory')));
    vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const { videos: outcomes } = await run('output');
    expect(outcomes.map(({ status }) => status)).toEqual(['failed', 'labelled', 'labelled']);
    expect(outcomes[0]).toMatchObject({ error: { code: 'ERR_WORKER' } });
    expect(await run('output', { retryFailed: true })).toMatchObject({ numLabelled: 1, numUnchanged: 2 });
  });

  it('ends if the encoder was disposed, and does not count videos as failed', async () => {
    recognizer.dispose();
    await expect(run('output')).rejects.toThrow(EncoderError);
    recognizer = await ActivityRecognizer.load(inFolder('model'), { backend: 'cpu', workers: 1 });
    expect(await run('output')).toMatchObject({ numLabelled: 3, numFailed: 0 });
  });
});

describe.skipIf(process.platform === 'win32')('a batch with an ffmpeg that', () => {
  /** Replaces ffmpeg by a program that runs `behavior` for the second video, and ffmpeg for the others. */
  async function replaceFfmpeg(behavior: string): Promise<void> {
    const { ffmpegPath, ffprobePath } = await findFfmpeg();
    const program = `#!${process.execPath}
      const { spawnSync } = require('node:child_process');
      const argv = process.argv.slice(2);
      if (argv.join(' ').includes('second.mp4')) { ${behavior} }
      else process.exitCode = spawnSync(${JSON.stringify(ffmpegPath)}, argv, { stdio: 'inherit' }).status;`;
    await writeFile(inFolder('ffmpeg.cjs'), program, { mode: 0o755 });
    vi.stubEnv('FFMPEG_PATH', inFolder('ffmpeg.cjs'));
    vi.stubEnv('FFPROBE_PATH', ffprobePath);
  }

  it.each([
    ['hangs', 'setInterval(() => {}, 1000);', 'ERR_VIDEO_STALLED', { stallTimeoutMs: 8000 }],
    ['crashes', "process.kill(process.pid, 'SIGSEGV'); setInterval(() => {}, 1000);", 'ERR_VIDEO_DECODE', {}],
  ])('%s fails that video and labels the others', async (_, behavior, code, options) => {
    await replaceFfmpeg(behavior);
    const { videos: outcomes } = await run('output', options);
    expect(outcomes.map(({ status }) => status)).toEqual(['labelled', 'failed', 'labelled']);
    expect(outcomes[1]).toMatchObject({ error: { code } });
  });

  it('vanishes ends, and does not count videos as failed', async () => {
    await replaceFfmpeg('');
    await run('other');
    await rm(inFolder('ffmpeg.cjs'));
    await expect(run('output')).rejects.toMatchObject({ code: 'ERR_FFMPEG_MISSING' });
    vi.unstubAllEnvs();
    expect(await run('output')).toMatchObject({ numLabelled: 3, numFailed: 0 });
  });
});
