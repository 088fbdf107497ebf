import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFfmpeg } from '../../src/ffmpeg/find-ffmpeg.js';
import {
  ActivityRecognizer,
  UsageError,
  VideoLimitError,
  VideoOpenError,
  type FrameLabel,
  type Timeline,
  type VideoSource,
} from '../../src/index.js';
import { saveUntrainedModel } from '../labeler/untrained-model.js';

const FIXTURE = path.join(import.meta.dirname, '../../fixtures/drawn-people/stitched/stitched-3.mp4');
const { TMPDIR } = process.env;

let folder: string;
let video: string;
let content: Buffer;
let recognizer: ActivityRecognizer;
let ofFile: Timeline;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'framewise-sources-'));
  video = path.join(folder, 'street.mp4');
  const { ffmpegPath } = await findFfmpeg();
  await promisify(execFile)(ffmpegPath, ['-v', 'error', '-t', '6', '-i', FIXTURE, '-c', 'copy', video]);
  content = await readFile(video);
  await saveUntrainedModel(path.join(folder, 'model'));
  recognizer = await ActivityRecognizer.load(path.join(folder, 'model'), { backend: 'wasm', workers: 2 });
  ofFile = await recognizer.label(video);
  await mkdir(path.join(folder, 'tmp'));
  process.env['TMPDIR'] = path.join(folder, 'tmp');
});

afterAll(async () => {
  if (TMPDIR === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = TMPDIR;
  recognizer.dispose();
  await rm(folder, { recursive: true });
});

const leftovers = () => readdir(path.join(folder, 'tmp'));

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Every kind of source that holds the video, and what its timeline calls it. */
const SOURCES: [kind: string, source: () => VideoSource, name: () => string][] = [
  ['a URL', () => pathToFileURL(video), () => video],
  ['the text of a file URL', () => pathToFileURL(video).href, () => video],
  ['a Buffer', () => content, () => '(buffer)'],
  ['a Uint8Array', () => new Uint8Array(content), () => '(buffer)'],
  ['a Blob', () => new Blob([content]), () => '(blob)'],
  ['a File', () => new File([content], 'upload.mp4'), () => 'upload.mp4'],
  ['a Readable', () => createReadStream(video, { highWaterMark: 1000 }), () => '(stream)'],
  ['a web stream', () => new Blob([content]).stream(), () => '(stream)'],
];

describe('sources of label() and stream()', () => {
  it('tests with an MP4 file whose index is at its end', () => {
    expect(content.indexOf('moov')).toBeGreaterThan(content.indexOf('mdat'));
  });

  it.each(SOURCES)('labels %s as the file', async (_, source, name) => {
    const timeline = await recognizer.label(source());
    expect(timeline).toEqual({ ...ofFile, video: { ...ofFile.video, source: name() } });
    expect(await leftovers()).toEqual([]);
  });

  it.each(SOURCES)('streams %s with the labels of the file', async (_, source) => {
    const streamed = await collect(recognizer.stream(source()));
    const labelsOf = (frames: readonly FrameLabel[]) => frames.map(({ timeSec, label }) => [timeSec, label]);
    expect(labelsOf(streamed)).toEqual(labelsOf(ofFile.frames));
    expect(await leftovers()).toEqual([]);
  });

  it('labels an upload while a server receives it', async () => {
    let labeling: Promise<Timeline> | undefined;
    const server = createServer((request: IncomingMessage, response) => {
      labeling = recognizer.label(request);
      labeling.then(
        ({ segments }) => response.end(JSON.stringify(segments)),
        () => response.writeHead(400).end(),
      );
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    try {
      const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      const response = await fetch(address, { method: 'POST', body: content });
      expect(await response.json()).toEqual(ofFile.segments);
    } finally {
      server.close();
    }
    expect(await leftovers()).toEqual([]);
  });

  it('refuses bytes over the limits of files, and a limit of bytes', async () => {
    const source = new File([content], 'upload.mp4');
    for (const limits of [{ maxDurationSec: 1 }, { maxPixels: 100 }, { maxBytes: 1000 }]) {
      await expect(recognizer.label(source, { limits })).rejects.toThrow(VideoLimitError);
      await expect(recognizer.label(source, { limits })).rejects.toThrow(/^"upload\.mp4" has /);
      await expect(collect(recognizer.stream(source, { limits }))).rejects.toThrow(VideoLimitError);
    }
    await expect(recognizer.label(source, { limits: { maxBytes: NaN } })).rejects.toThrow(UsageError);
    expect(await leftovers()).toEqual([]);
  });

  it("names bytes that are no video by the caller's name", async () => {
    const labeling = recognizer.label(new File(['no video'], 'notes.mp4'));
    await expect(labeling).rejects.toThrow(VideoOpenError);
    await expect(labeling).rejects.toThrow(/^Cannot open "notes\.mp4": /);
    await expect(labeling).rejects.not.toThrow(/framewise-upload/);
    await expect(recognizer.label(Buffer.alloc(0))).rejects.toThrow(
      'Cannot open "(buffer)": the file is empty.',
    );
    await expect(recognizer.label(content.subarray(0, 2000))).rejects.toThrow(/^Cannot open "\(buffer\)": /);
    expect(await leftovers()).toEqual([]);
  });

  it('removes the temporary file of a stream that is left early, aborted or broken', async () => {
    for await (const { index } of recognizer.stream(content)) if (index === 2) break;
    expect(await leftovers()).toEqual([]);

    const reason = new Error('enough');
    const controller = new AbortController();
    const labeling = recognizer.label(content, {
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    });
    await expect(labeling).rejects.toBe(reason);
    expect(await leftovers()).toEqual([]);

    const failure = new Error('connection reset');
    const broken = Readable.from(
      (async function* () {
        yield content.subarray(0, 1000);
        await Promise.resolve();
        throw failure;
      })(),
    );
    await expect(recognizer.label(broken)).rejects.toMatchObject({ code: 'ERR_VIDEO_OPEN', cause: failure });
    expect(await leftovers()).toEqual([]);
  });

  it('opens the URL of an address only with permission, and no other value', async () => {
    await expect(recognizer.label(new URL('http://127.0.0.1:9/a.mp4'))).rejects.toThrow(/network address/);
    await expect(recognizer.label(5 as unknown as string)).rejects.toThrow(TypeError);
  });
});
