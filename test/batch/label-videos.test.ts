import { appendFile, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { labelVideos, type LabelVideosOptions } from '../../src/batch/label-videos.js';
import type { BatchSummary } from '../../src/batch/summary.js';
import { OutputError, OutputLockedError, UsageError } from '../../src/errors.js';
import { fakeModel, FakeRecognizer } from './fake-recognizer.js';
import { useTemporaryFolder } from '../temporary-folder.js';

const { inFolder, write } = useTemporaryFolder();
let videos: string[];
beforeEach(async () => {
  videos = [];
  for (const [name, content] of Object.entries({ a: 'walk', b: 'broken', c: 'sit', d: 'run' })) {
    videos.push(await write(`${name}.mp4`, content));
  }
});

const output = (...parts: string[]) => inFolder('output', ...parts);

/** Runs a batch. @returns The summary, and the names of the videos that it labeled or tried to label. */
async function run(
  options: Partial<LabelVideosOptions> = {},
  recognizer = new FakeRecognizer(),
): Promise<BatchSummary & { tried: string }> {
  const summary = await labelVideos(recognizer, videos, { outputDir: output(), concurrency: 1, ...options });
  return { ...summary, tried: recognizer.seen.map((source) => path.basename(source, '.mp4')).join('') };
}
const statusOf = ({ videos: outcomes }: BatchSummary) => outcomes.map(({ status }) => status);

describe('labelVideos', () => {
  it('refuses a range for a format that labels every frame, unless a background label is given', async () => {
    for (const range of [{ startSec: 0.4 }, { durationSec: 1 }, { startSec: 1, background: ' ' }]) {
      const recognizer = new FakeRecognizer();
      const refused = run({ ...range, formats: ['json', 'ms-tcn'] }, recognizer);
      await expect(refused).rejects.toThrow(UsageError);
      await expect(refused).rejects.toThrow(/only a range is to be labeled.*--background.*"ms-tcn"/);
      expect(recognizer.seen).toEqual([]);
    }
    expect(await readdir(inFolder())).not.toContain('output');
    const whole = { formats: ['ms-tcn'] };
    expect((await run(whole)).numLabelled).toBe(3);
    const range = { ...whole, startSec: 0.4, background: 'none' };
    expect(await run(range)).toMatchObject({ numLabelled: 3, tried: 'abcd' });
    expect(await run({ ...range, background: 'nothing' })).toMatchObject({ tried: 'abcd' });
    expect(await run({ ...range, background: 'nothing' })).toMatchObject({ tried: '' });
  });

  it('reports the outcome of each video in order and a summary, also in summary.json', async () => {
    const { tried, ...summary } = await run();
    expect(tried).toBe('abcd');
    expect(summary).toMatchObject({
      numVideos: 4,
      numLabelled: 3,
      numUnchanged: 0,
      numFailed: 1,
      numFrames: 10,
    });
    expect(summary.videoSec).toBeCloseTo(2);
    expect(summary.videos).toMatchObject([
      { source: videos[0], status: 'labelled', numFrames: 4, numSegments: 4, files: [output('a.json')] },
      { status: 'failed', error: { code: 'ERR_VIDEO_DECODE' }, isEarlier: false },
      { status: 'labelled', files: [output('c.json')] },
      { status: 'labelled' },
    ]);
    expect(JSON.parse(await readFile(output('summary.json'), 'utf8'))).toEqual(summary);
    expect(await readdir(output())).toEqual(['.framewise', 'a.json', 'c.json', 'd.json', 'summary.json']);
    expect(await readdir(output('.framewise'))).toEqual(['journal.jsonl']);
  });

  it('labels duplicates once, and keeps the subfolder of found videos', async () => {
    videos.push(videos[0]!, path.relative(process.cwd(), videos[2]!));
    expect((await run()).tried).toBe('abcd');
    const found = { source: videos[3]!, subfolder: 'sports/track' };
    await labelVideos(new FakeRecognizer(), [found], { outputDir: inFolder('mirrored') });
    expect(await readdir(inFolder('mirrored/sports/track'))).toEqual(['d.json']);
  });

  it('labels several videos at a time and keeps the outcomes in order', async () => {
    const recognizer = new FakeRecognizer();
    let release = (): void => undefined;
    const secondCame = new Promise<void>((resolve) => (release = resolve));
    // The first video waits for a later one, which would never start if videos were labeled one after another.
    recognizer.onLabel = (source) => (source === videos[0] ? secondCame : release());
    const settled: string[] = [];
    const onOutcome: LabelVideosOptions['onOutcome'] = ({ source }) => settled.push(source);
    const { videos: outcomes } = await run({ concurrency: 3, onOutcome }, recognizer);
    expect(outcomes.map(({ source }) => source)).toEqual(videos);
    expect(settled).toHaveLength(4);
    expect(settled).not.toEqual(videos);
  });

  it('fails a video that triggers a bug, and continues', async () => {
    await writeFile(videos[0]!, 'fault!');
    const summary = await run();
    expect(summary.videos[0]).toMatchObject({ error: { code: 'ERR_FAULT' } });
    expect(summary.numLabelled).toBe(2);
  });

  it('never shows the password of a URL', async () => {
    videos = ['rtsp://me:secret@camera/1'];
    await run({ allowRemote: true });
    for (const file of ['summary.json', '.framewise/journal.jsonl']) {
      expect(await readFile(output(file), 'utf8')).toMatch(/^(?!.*secret).*rtsp:\/\/camera\/1/s);
    }
  });

  it.each<[string, Partial<LabelVideosOptions>]>([
    ['an unknown format', { formats: ['xls'] }],
    ['no videos at a time', { concurrency: 0 }],
  ])('refuses %s before it writes anything', async (_, options) => {
    await expect(run(options)).rejects.toThrow(UsageError);
    await expect(readdir(output())).rejects.toThrow('ENOENT');
  });
});

describe('labelVideos, run again', () => {
  beforeEach(() => run({ formats: ['json', 'csv'] }));
  const again = (options: Partial<LabelVideosOptions> = {}, recognizer?: FakeRecognizer) =>
    run({ formats: ['json', 'csv'], ...options }, recognizer);

  it('does nothing if nothing changed, and still reports everything', async () => {
    const summary = await again();
    expect(summary.tried).toBe('');
    expect(statusOf(summary)).toEqual(['unchanged', 'failed', 'unchanged', 'unchanged']);
    expect(summary).toMatchObject({ numLabelled: 0, numUnchanged: 3, numFailed: 1, numFrames: 0 });
    expect(summary.videos[0]).toMatchObject({ numFrames: 4, files: [output('a.json'), output('a.csv')] });
    expect(summary.videos[1]).toMatchObject({ error: { code: 'ERR_VIDEO_DECODE' }, isEarlier: true });
  });

  it('labels a changed video again, also one that failed', async () => {
    await writeFile(videos[0]!, 'WALK');
    await writeFile(videos[1]!, 'mended');
    await utimes(videos[2]!, 1, 1);
    expect(await again()).toMatchObject({ tried: 'ab', numLabelled: 2, numUnchanged: 2, numFailed: 0 });
    expect(await readFile(output('a.json'), 'utf8')).toContain('"W"');
  });

  it.each<[string, Partial<LabelVideosOptions>, string]>([
    ['an option that changes labels', { startSec: 1 }, 'abcd'],
    ['the smoothing', { smoothing: { medianSec: 2 } }, 'abcd'],
    ['the probabilities', { includeProbabilities: true }, 'abcd'],
    ['the order of formats', { formats: ['csv', 'json'] }, ''],
    ['the number of videos at a time', { concurrency: 4 }, ''],
    ['an option that cannot change labels', { stallTimeoutMs: 5 }, 'b'],
    ['--retry-failed', { retryFailed: true }, 'b'],
    ['--overwrite', { overwrite: true }, 'abcd'],
  ])('labels the affected videos again after a change of %s', async (_, options, tried) => {
    expect((await again(options)).tried).toBe(tried);
  });

  it('labels all videos again only with another model', async () => {
    expect((await again({}, new FakeRecognizer(fakeModel('two')))).tried).toBe('abcd');
    expect((await again({}, new FakeRecognizer(fakeModel('two')))).tried).toBe('');
  });

  it('labels a video again if a label file is missing or empty, not if it was edited', async () => {
    await rm(output('a.csv'));
    await writeFile(output('c.json'), '');
    await appendFile(output('d.csv'), '\n');
    const summary = await again();
    expect(summary.tried).toBe('ac');
    expect(summary.videos.map((video) => 'isEdited' in video && video.isEdited)).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });

  it('removes files of a format that is no longer requested', async () => {
    expect((await again({ formats: ['json'] })).tried).toBe('abcd');
    expect(await readdir(output())).toEqual(['.framewise', 'a.json', 'c.json', 'd.json', 'summary.json']);
  });

  it('keeps the names of label files when videos are added', async () => {
    videos.unshift(await write('other/a.mp4', 'new one'));
    const summary = await again();
    expect(summary.tried).toBe('a');
    expect(summary.videos[0]).toMatchObject({ files: [output('a.mp4.json'), output('a.mp4.csv')] });
  });

  it('removes only the unfinished files of a killed run', async () => {
    const left = '.a.json.11111111-2222-4333-8444-555555555555.part';
    await writeFile(output(left), '{"vid');
    await writeFile(output('.mine.part'), '');
    await again();
    expect(await readdir(output())).toContain('.mine.part');
    expect(await readdir(output())).not.toContain(left);
  });
});

describe('labelVideos, when things go wrong', () => {
  it('fails a video that was replaced or removed while it was read, and writes no files for it', async () => {
    const recognizer = new FakeRecognizer();
    recognizer.onLabel = async (source) => {
      if (source === videos[0]) await writeFile(source, 'WALK');
      if (source === videos[2]) await rm(source);
    };
    const summary = await run({}, recognizer);
    expect(statusOf(summary)).toEqual(['failed', 'failed', 'failed', 'labelled']);
    for (const index of [0, 2]) {
      expect(summary.videos[index]).toMatchObject({
        error: { code: 'ERR_VIDEO_CHANGED', message: expect.stringContaining('while it was read') as string },
      });
    }
    expect(await readdir(output())).toEqual(['.framewise', 'd.json', 'summary.json']);
    expect((await run()).tried).toBe('ac'); // both have changed since they failed
    expect((await run()).tried).toBe('');
  });

  it('ends when its output folder is removed, writes nothing elsewhere, and resumes in the next run', async () => {
    const recognizer = new FakeRecognizer();
    recognizer.onLabel = (source) => source === videos[2] && rm(output(), { recursive: true });
    await expect(run({}, recognizer)).rejects.toThrow(/removed or replaced while videos were labeled/);
    await expect(readdir(output())).rejects.toThrow('ENOENT');
    expect(await run()).toMatchObject({ tried: 'abcd', numLabelled: 3 });
  });

  it('ends at the first failed write, and aborts the videos in progress', async () => {
    const recognizer = new FakeRecognizer();
    const reasons: unknown[] = [];
    recognizer.onLabel = async (source, { signal }) => {
      if (source === videos[0]) return write('output/a.json/in the way');
      await new Promise((resolve) => signal?.addEventListener('abort', resolve));
      reasons.push(signal?.reason);
    };
    videos.splice(1, 1);
    const error: unknown = await run({ concurrency: 2 }, recognizer).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OutputError);
    expect(reasons).toEqual([error]);
    expect(recognizer.seen).toHaveLength(2);
  });

  it('keeps finished videos when interrupted, and does not count the others as failed', async () => {
    const recognizer = new FakeRecognizer();
    const controller = new AbortController();
    recognizer.onLabel = (source) => source === videos[2] && controller.abort(new Error('Ctrl+C'));
    await expect(run({ signal: controller.signal }, recognizer)).rejects.toThrow('Ctrl+C');
    expect(await readdir(output('.framewise'))).toEqual(['journal.jsonl']);
    expect(await run()).toMatchObject({ tried: 'cd', numLabelled: 2, numUnchanged: 1 });
  });

  it('refuses a second run on its output folder', async () => {
    const recognizer = new FakeRecognizer();
    let second: unknown;
    recognizer.onLabel = async () => {
      second ??= await run().catch((error: unknown) => error);
    };
    await run({}, recognizer);
    expect(second).toBeInstanceOf(OutputLockedError);
    await run();
  });
});
