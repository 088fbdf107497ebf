import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PassThrough, Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  OutputError,
  UsageError,
  VideoLimitError,
  VideoOpenError,
  VideoStalledError,
} from '../../src/errors.js';
import { nameSource, spoolSource, type VideoSource } from '../../src/video/spool-source.js';
import { useTemporaryFolder } from '../temporary-folder.js';

const BYTES = Buffer.from('the bytes of a video');
const { inFolder } = useTemporaryFolder();
const { TMPDIR } = process.env;

beforeEach(async () => {
  await mkdir(inFolder('tmp'));
  process.env['TMPDIR'] = inFolder('tmp');
});

afterEach(() => {
  if (TMPDIR === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = TMPDIR;
});

const leftovers = () => readdir(inFolder('tmp'));

/** Gives chunks, then fails. */
async function* failAfter(chunks: Uint8Array[], error: Error): AsyncGenerator<Uint8Array> {
  yield* chunks;
  await sleep(1);
  throw error;
}

describe('spoolSource', () => {
  it.each<[string, VideoSource, string]>([
    ['a path', 'clips/a.mp4', 'clips/a.mp4'],
    ['an address', 'rtsp://camera/1', 'rtsp://camera/1'],
    ['the URL of an address', new URL('http://host/a.mp4'), 'http://host/a.mp4'],
    ['the URL of a file', pathToFileURL('/clips/a b.mp4'), '/clips/a b.mp4'],
    ['the URL of a file as text', 'file:///clips/a%20b.mp4', '/clips/a b.mp4'],
  ])('leaves %s where it is', async (_, source, location) => {
    const spooled = await spoolSource(source);
    expect(spooled).toMatchObject({ location, sourceName: location });
    await spooled.remove();
    expect(await leftovers()).toEqual([]);
  });

  it.each<[string, () => VideoSource, string]>([
    ['a Buffer', () => BYTES, '(buffer)'],
    ['a Uint8Array', () => new Uint8Array(BYTES), '(buffer)'],
    ['a Blob', () => new Blob([BYTES]), '(blob)'],
    ['a File', () => new File([BYTES], 'C:\\fakepath\\street.MP4'), 'street.MP4'],
    ['a Readable', () => Readable.from([BYTES.subarray(0, 5), BYTES.subarray(5)]), '(stream)'],
    ['a web stream', () => new Blob([BYTES]).stream(), '(stream)'],
  ])('writes the bytes of %s to a file that only this user can read', async (_, source, name) => {
    const { location, sourceName, remove } = await spoolSource(source());
    expect(sourceName).toBe(name);
    expect(path.extname(location)).toBe(path.extname(name));
    expect(await readFile(location)).toEqual(BYTES);
    if (process.platform !== 'win32') {
      expect((await stat(location)).mode & 0o777).toBe(0o600);
      expect((await stat(path.dirname(location))).mode & 0o777).toBe(0o700);
    }
    await remove();
    expect(existsSync(location)).toBe(false);
    expect(await leftovers()).toEqual([]);
  });

  it.each<[string, () => VideoSource]>([
    ['a Buffer', () => BYTES],
    ['a Blob', () => new Blob([BYTES])],
    ['a Readable', () => Readable.from([BYTES])],
    ['a web stream', () => new Blob([BYTES]).stream()],
  ])('refuses %s of too many bytes and leaves nothing behind', async (_, source) => {
    const spooling = spoolSource(source(), { limits: { maxBytes: BYTES.length - 1 } });
    await expect(spooling).rejects.toThrow(VideoLimitError);
    await expect(spooling).rejects.toMatchObject({ code: 'ERR_VIDEO_LIMIT', limit: 'maxBytes', maximum: 19 });
    expect(await leftovers()).toEqual([]);
    const { remove } = await spoolSource(source(), { limits: { maxBytes: BYTES.length } });
    await remove();
  });

  it('stops the sender when there are too many bytes', async () => {
    const endless = new Readable({
      read() {
        this.push(BYTES);
      },
    });
    await expect(spoolSource(endless, { limits: { maxBytes: 1000 } })).rejects.toThrow(VideoLimitError);
    expect(endless.destroyed).toBe(true);
  });

  it('keeps the error of a stream as the cause', async () => {
    const failure = new Error('connection reset');
    for (const fail of [
      () => Readable.from(failAfter([BYTES], failure)),
      () => Readable.toWeb(Readable.from(failAfter([BYTES], failure))),
    ]) {
      const spooling = spoolSource(fail());
      await expect(spooling).rejects.toThrow(VideoOpenError);
      await expect(spooling).rejects.toThrow('Cannot open "(stream)": its stream failed (connection reset)');
      await expect(spooling).rejects.toMatchObject({ code: 'ERR_VIDEO_OPEN', cause: failure });
      expect(await leftovers()).toEqual([]);
    }
  });

  it('reports a stream that its sender destroys before its end', async () => {
    const upload = new PassThrough();
    upload.write(BYTES);
    setImmediate(() => upload.destroy());
    await expect(spoolSource(upload)).rejects.toMatchObject({
      code: 'ERR_VIDEO_OPEN',
      cause: { code: 'ERR_STREAM_PREMATURE_CLOSE' },
    });
    expect(await leftovers()).toEqual([]);
  });

  it('rejects with the reason of the signal, before and while it receives', async () => {
    const reason = new Error('enough');
    await expect(spoolSource(BYTES, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    for (const waiting of [new PassThrough(), new ReadableStream<Uint8Array>()]) {
      const controller = new AbortController();
      const spooling = spoolSource(waiting, { signal: controller.signal });
      setImmediate(() => controller.abort(reason));
      await expect(spooling).rejects.toBe(reason);
      if (waiting instanceof PassThrough) expect(waiting.destroyed).toBe(true);
      expect(await leftovers()).toEqual([]);
    }
  });

  it('stops waiting for a stream that sends nothing', async () => {
    const silent = new PassThrough();
    await expect(spoolSource(silent, { stallTimeoutMs: 20 })).rejects.toThrow(VideoStalledError);
    expect(silent.destroyed).toBe(true);
    expect(await leftovers()).toEqual([]);
  });

  it('refuses text, streams that are being read, impossible limits, and other values', async () => {
    await expect(spoolSource(Readable.from(['text']))).rejects.toThrow(UsageError);
    const read = new Blob([BYTES]).stream();
    read.getReader();
    await expect(spoolSource(read)).rejects.toThrow(/being read/);
    await expect(spoolSource(BYTES, { limits: { maxBytes: -1 } })).rejects.toThrow(UsageError);
    for (const wrong of [undefined, null, 5, {}]) {
      await expect(spoolSource(wrong as VideoSource)).rejects.toThrow(TypeError);
      expect(() => nameSource(wrong as VideoSource)).toThrow(/A video source is a path/);
    }
    expect(await leftovers()).toEqual([]);
  });

  it('reports a temporary folder that cannot be written', async () => {
    await rm(inFolder('tmp'), { recursive: true });
    await expect(spoolSource(BYTES)).rejects.toThrow(OutputError);
    await mkdir(inFolder('tmp'));
  });
});
