import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readTimelineJson } from '../../src/annotations/formats/json.js';
import type { BatchSummary } from '../../src/batch/summary.js';
import { saveTinyModel } from '../batch/tiny-model.js';
import { largestDifference, makeVideo, probeTimes } from '../video/video-fixtures.js';
import { framewise, framewiseWith } from './command-line.js';

const FIXTURES = path.join(import.meta.dirname, '../../fixtures/drawn-people');
const CLIP = path.join(FIXTURES, 'clips/wave/1.mp4');
const isRoot = process.getuid?.() === 0;

let folder: string;
let model: string;
let output: string;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'framewise-label-'));
  model = path.join(folder, 'model');
  await saveTinyModel(model);
});
beforeEach(() => {
  output = path.join(folder, `output-${++count}`);
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const label = (videos: string[], ...flags: string[]) =>
  framewise('label', ...videos, '--model', model, '--output', output, '--workers', '1', ...flags);

/** Label files in the output folder and its subfolders, complete or incomplete. */
async function written(): Promise<string[]> {
  const entries = await readdir(output, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  return files.filter((name) => name !== 'summary.json' && name !== 'journal.jsonl').sort();
}

async function damaged(name: string, content: string | Buffer): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, content);
  return file;
}

describe('framewise label', () => {
  it('writes the label files, and prints only their names on stdout', async () => {
    const { exitCode, stdout, stderr } = await label([CLIP]);
    expect({
      exitCode,
      files: stdout
        .trim()
        .split('\n')
        .map((file) => path.basename(file)),
    }).toEqual({
      exitCode: 0,
      files: ['1.json', '1.csv', '1.vtt'],
    });
    expect(stderr).toMatch(/labeled .*1\.mp4: \d+ frames?, \d+ segments?/);
    const timeline = await readTimelineJson(path.join(output, '1.json'));
    expect(timeline.video.source).toBe(CLIP);
    expect(timeline.frames.length).toBeGreaterThan(4);
  });

  it('labels every frame, even if --skip-unchanged encodes only the first', async () => {
    const whole = await label([CLIP], '--format', 'json');
    const file = whole.stdout.trim();
    const all = await readTimelineJson(file);
    const { exitCode } = await label([CLIP], '--format', 'json', '--skip-unchanged', '255');
    expect(exitCode).toBe(0);
    const still = await readTimelineJson(file);
    expect(still.frames.map(({ timeSec }) => timeSec)).toEqual(all.frames.map(({ timeSec }) => timeSec));
    expect(still.frames[0]).toEqual(all.frames[0]);
    expect(still.frames.at(-1)).not.toEqual(all.frames.at(-1));
    const refused = await label([CLIP], '--skip-unchanged', '256');
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('Expected gray levels, 0 to 255.');
  });

  it('mirrors subfolders of the input in the output', async () => {
    const { exitCode, stdout, stderr } = await label([path.join(FIXTURES, 'clips')], '--format', 'csv');
    expect(exitCode).toBe(0);
    const files = stdout.trim().split('\n');
    expect(files.slice(0, 2)).toEqual([1, 2].map((name) => path.join(output, 'squat down', `${name}.csv`)));
    expect(await written()).toHaveLength(12);
    expect(stderr).toMatch(/12 of 12 videos labeled\. \d+ frames, .* frames per second\.\n$/);
  });

  it('accepts patterns and a piped list, labels each video once, and skips finished ones', async () => {
    const pattern = path.join(FIXTURES, 'clips/w*/{1,2}.mp4');
    const flags = ['--format', 'csv', '--model', model, '--output', output, '--workers', '1'];
    const stdin = `${CLIP}\n\n${path.join(FIXTURES, 'clips/wave/../wave/3.mp4')}\n`;
    const run = (...more: string[]) =>
      framewiseWith({ stdin }, 'label', pattern, '--list', '-', ...flags, ...more);
    const first = await run();
    expect({ exitCode: first.exitCode, files: await written() }).toEqual({
      exitCode: 0,
      files: ['1.csv', '2.csv', '3.csv'],
    });
    const second = await run();
    expect(second.stdout).toBe(first.stdout);
    expect(second.stderr.match(/^unchanged /gm)).toHaveLength(3);
    expect(second.stderr).toContain('3 of 3 videos labeled, 3 of them in an earlier run.');
    expect((await run('--overwrite')).stderr.match(/^labeled /gm)).toHaveLength(3);
  });

  it('reports earlier failures without trying again, until --retry-failed', async () => {
    const bad = await damaged('mended.mp4', 'not yet a video');
    expect((await label([bad, CLIP])).exitCode).toBe(1);
    const again = await label([bad, CLIP]);
    expect(again.exitCode).toBe(1);
    expect(again.stderr).toMatch(/failed .*mended\.mp4.* \(in an earlier run; --retry-failed tries again\)/);
    expect(again.stderr).toContain(`1 failed: see ${path.join(output, 'summary.json')}.`);
    const retried = await label([bad, CLIP], '--retry-failed');
    expect(retried.stderr).toMatch(/failed .*mended\.mp4: (?!.*earlier)/);
    await writeFile(bad, await readFile(CLIP));
    expect((await label([bad, CLIP])).exitCode).toBe(0);
  });

  it('writes only errors and the summary of failures to stderr with --quiet', async () => {
    const good = await label([CLIP], '--quiet', '--format', 'csv');
    expect(good).toEqual({ exitCode: 0, stdout: `${path.join(output, '1.csv')}\n`, stderr: '' });
    const bad = await damaged('quiet.mp4', 'not a video');
    const { exitCode, stderr } = await label([CLIP, bad], '--quiet', '--format', 'csv');
    expect(exitCode).toBe(1);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^failed .*quiet\.mp4: /) as string,
      expect.stringMatching(/^1 of 2 videos labeled.* 1 failed: see /) as string,
    ]);
  });

  it('ends with exit code 130 when interrupted, and says how to continue', async () => {
    const controller = new AbortController();
    controller.abort();
    const argv = ['label', CLIP, '--model', model, '--output', output, '--workers', '1'];
    const { exitCode, stderr, stdout } = await framewiseWith({ signal: controller.signal }, ...argv);
    expect({ exitCode, stdout, files: await written() }).toEqual({ exitCode: 130, stdout: '', files: [] });
    expect(stderr).toContain('Run the same command again to continue.\nInterrupted.');
  });

  it('prints everything as one JSON object with --json', async () => {
    const { exitCode, stdout } = await label([CLIP, 'absent.mp4'], '--json', '--format', 'json');
    const result = JSON.parse(stdout) as BatchSummary;
    expect(JSON.parse(await readFile(path.join(output, 'summary.json'), 'utf8'))).toEqual(result);
    expect(exitCode).toBe(1);
    expect(result).toMatchObject({ numLabelled: 1, numFailed: 1 });
    expect(result.videos).toMatchObject([
      { source: CLIP, status: 'labelled', files: [path.join(output, '1.json')] },
      { source: 'absent.mp4', status: 'failed', error: { code: 'ERR_VIDEO_OPEN' } },
    ]);
  });

  it.skipIf(process.platform === 'win32')(
    'escapes control and bidi characters in file names (skipped on Windows, which forbids such names)',
    async () => {
      const hostile = '\x1b[2Jfine\nlabeled \u202efake\x9b.mp4';
      const escaped = '\\x1b[2Jfine\\nlabeled \\u202efake\\x9b';
      const videos = [
        await damaged(hostile, await readFile(CLIP)),
        await damaged(`broken-${hostile}`, 'no video'),
      ];
      const plain = await label(videos, '--format', 'csv');
      expect(plain.stdout).toBe(`${path.join(output, escaped)}.csv\n`);
      const lines = plain.stderr.trim().split('\n');
      expect(lines).toHaveLength(3);
      expect(lines.sort()[1]).toMatch(/^failed /);
      expect(lines.sort()[2]).toMatch(/^labeled /);
      expect(plain.stderr).toContain(escaped);
      expect(plain.stderr).toMatch(/^[\n -~]+$/);

      const { stdout } = await label(videos, '--format', 'csv', '--json');
      expect(stdout).toMatch(/^[ -~]+\n$/);
      const { videos: told } = JSON.parse(stdout) as BatchSummary;
      expect(told.map(({ source }) => source)).toEqual(videos);

      const flag = await label([`--${hostile}`]);
      expect(flag.stderr).toContain("unknown option '--\\x1b[2Jfine");
      expect(flag.stderr).toMatch(/^[\n -~]+$/);
    },
  );

  it('labels every source frame, smooths, and labels a range if the flags say so', async () => {
    const flags = [
      '--every-frame',
      '--smooth',
      '0.5',
      '--min-duration',
      '0.4',
      '--start',
      '0.4',
      '--duration',
      '0.6',
    ];
    const { exitCode } = await label([CLIP], '--format', 'json', '--probabilities', ...flags);
    expect(exitCode).toBe(0);
    const { frames } = await readTimelineJson(path.join(output, '1.json'));
    expect(frames.length).toBeGreaterThanOrEqual(8); // 15 frames per second
    expect(frames[0]?.timeSec).toBeCloseTo(0.4, 1);
    expect(frames[0]?.probabilities).toHaveLength(3);
  });

  it('writes one label per frame that ffprobe counts for a format that labels every frame, also for a range', async () => {
    const range = ['--format', 'ms-tcn', '--start', '0.4', '--duration', '0.4'];
    const refused = await label([CLIP], ...range);
    expect({ exitCode: refused.exitCode, files: await written() }).toEqual({ exitCode: 2, files: [] });
    expect(refused.stderr).toMatch(/only a range is to be labeled.*--background/);
    const { stdout } = await label([CLIP], ...range, '--background', 'not seen');
    const lines = (await readFile(stdout.trim(), 'utf8')).trim().split('\n');
    const isSeen = (await probeTimes(CLIP)).map((timeSec) => timeSec > 0.399 && timeSec < 0.799);
    expect(lines.map((line) => line !== 'not seen')).toEqual(isSeen);

    // Half of the frames are missing, and the container does not state how many there are.
    const skipping = "testsrc2=s=64x48:r=25:d=2,select='not(between(n\\,5\\,29))'";
    const video = await makeVideo('skipping.mkv', skipping, '-vsync', 'vfr', '-c:v', 'mpeg4');
    const { stdout: files } = await label([video], '--format', 'json,ms-tcn', '--every-frame');
    const [json, text] = files.trim().split('\n');
    const { frames } = await readTimelineJson(json!);
    expect(
      largestDifference(
        frames.map(({ timeSec }) => timeSec),
        await probeTimes(video),
      ),
    ).toBeLessThan(0.001);
    expect((await readFile(text!, 'utf8')).trim().split('\n')).toEqual(frames.map((frame) => frame.label));
  });
});

describe('framewise label, given a bad video', () => {
  const cases: [what: string, make: () => Promise<string>, message: RegExp][] = [
    ['a missing file', () => Promise.resolve(path.join(folder, 'absent.mp4')), /absent\.mp4/],
    ['an empty file', () => damaged('empty.mp4', ''), /empty/],
    ['text renamed to .mp4', () => damaged('text.mp4', 'This is no video.\n'.repeat(50)), /text\.mp4/],
    [
      'a video cut off before its index',
      async () => damaged('cut.mp4', (await readFile(CLIP)).subarray(0, 600)),
      /cut\.mp4/,
    ],
    [
      'a video cut off in the middle',
      async () => {
        const whole = await readFile(CLIP);
        return damaged('half.mp4', whole.subarray(0, whole.length >> 1));
      },
      /half\.mp4/,
    ],
    [
      'a folder without videos',
      async () => {
        const place = path.join(folder, 'hollow');
        await mkdir(place, { recursive: true });
        return place;
      },
      /hollow/,
    ],
  ];
  it.each(cases)(
    'reports %s in one line, labels the rest, exits with 1, and leaves no incomplete file',
    async (_, make, message) => {
      const bad = await make();
      const { exitCode, stderr } = await label([bad, CLIP], '--format', 'json');
      expect(exitCode).toBe(1);
      const failures = stderr.split('\n').filter((line) => line.startsWith('failed'));
      expect(failures).toHaveLength(1);
      expect(failures[0]).toMatch(message);
      expect(stderr).toContain('1 of 2 videos labeled.');
      expect(await written()).toEqual(['1.json']);
    },
  );

  it.skipIf(isRoot)(
    'reports a file without read permission (skipped for root, who may read everything)',
    async () => {
      const secret = await damaged('secret.mp4', await readFile(CLIP));
      await chmod(secret, 0);
      expect((await label([secret])).exitCode).toBe(1);
    },
  );
});

describe('framewise label, given wrong arguments', () => {
  const cases: [what: string, argv: () => string[], exitCode: number, message: RegExp][] = [
    [
      'an unknown flag',
      () => ['label', CLIP, '--model', model, '--output', output, '--fast'],
      2,
      /unknown option '--fast'/,
    ],
    ['an unknown command', () => ['lable', CLIP], 2, /unknown command 'lable'/],
    ['no model', () => ['label', CLIP, '--output', output], 2, /--model/],
    ['no video', () => ['label', '--model', model, '--output', output], 2, /Nothing to label/],
    [
      'a missing list',
      () => ['label', '--list', path.join(folder, 'none.txt'), '--model', model, '--output', output],
      2,
      /Cannot read the list of videos ".*none\.txt"/,
    ],
    [
      'an empty list',
      () => ['label', '--list', '-', '--model', model, '--output', output],
      2,
      /"-" is empty/,
    ],
    [
      'an unknown format',
      () => ['label', CLIP, '--model', model, '--output', output, '--format', 'xls'],
      2,
      /"xls".*json, jsonl, csv/,
    ],
    [
      'an unknown backend',
      () => ['label', CLIP, '--model', model, '--output', output, '--backend', 'abacus'],
      2,
      /abacus/,
    ],
    [
      'a word instead of a number',
      () => ['label', CLIP, '--model', model, '--output', output, '--smooth', 'much'],
      2,
      /number/,
    ],
    [
      'a missing model',
      () => ['label', CLIP, '--model', path.join(folder, 'nowhere'), '--output', output],
      1,
      /no such folder/,
    ],
    [
      'an output below a file',
      () => ['label', CLIP, '--model', model, '--output', path.join(CLIP, 'x')],
      1,
      /Cannot write/,
    ],
  ];
  it.each(cases)('reports %s, and labels nothing', async (_, argv, exitCode, message) => {
    const result = await framewise(...argv());
    expect(result.exitCode).toBe(exitCode);
    expect(result.stderr).toMatch(message);
    expect(result.stdout).toBe('');
    expect(await written()).toEqual([]);
  });

  it('reports a label file that cannot be written because a folder has its name', async () => {
    await mkdir(output, { recursive: true });
    await mkdir(path.join(output, '1.json')); // a folder stands where the file should go
    const { exitCode, stderr } = await label([CLIP], '--format', 'json');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/Cannot write ".*1\.json"/);
    expect(await written()).toEqual([]);
  });

  it('prints help and version on stdout and exits with 0', async () => {
    for (const flag of ['--help', '--version']) expect((await framewise(flag)).exitCode).toBe(0);
    const { stdout } = await framewise('label', '--help');
    expect(stdout.replace(/\s+/g, ' ')).toContain('csv, csv-frames, vtt');
  });
});
