import { execFile, type ChildProcess } from 'node:child_process';
import diagnosticsChannel from 'node:diagnostics_channel';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Sharp } from 'sharp';
import { afterAll, beforeAll } from 'vitest';
import { findFfmpeg, type FfmpegTools } from '../../src/ffmpeg/find-ffmpeg.js';
import { decodeFrames } from '../../src/video/decode-frames.js';
import type { DecodeOptions } from '../../src/video/decode-options.js';
import type { VideoFrame } from '../../src/video/video-frame.js';

const run = promisify(execFile);

/** Runs something with other environment variables; undefined takes one away. */
export async function withEnvironment<T>(
  variables: Record<string, string | undefined>,
  action: () => Promise<T>,
): Promise<T> {
  const before = { ...process.env };
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  try {
    return await action();
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name];
    Object.assign(process.env, before);
  }
}

const unset = { FFMPEG_PATH: undefined, FFPROBE_PATH: undefined };

/** The tools of npm: they are on every machine, so the test videos are made with them. */
export const bundledTools = await withEnvironment({ ...unset, PATH: '' }, findFfmpeg);

const installed = await withEnvironment(unset, findFfmpeg);

/** Every ffmpeg that this machine has, to run the same tests on each. */
export const everyTools: FfmpegTools[] =
  installed.origin === 'bundled' ? [bundledTools] : [bundledTools, installed];

/** Makes the tests of a describe block use these tools. */
export function useTools({ ffmpegPath, ffprobePath }: FfmpegTools): void {
  const { FFMPEG_PATH, FFPROBE_PATH } = process.env;
  beforeAll(() => {
    Object.assign(process.env, { FFMPEG_PATH: ffmpegPath, FFPROBE_PATH: ffprobePath });
  });
  afterAll(() => {
    delete process.env['FFMPEG_PATH'];
    delete process.env['FFPROBE_PATH'];
    // An assigned undefined would become the text "undefined".
    if (FFMPEG_PATH !== undefined) process.env['FFMPEG_PATH'] = FFMPEG_PATH;
    if (FFPROBE_PATH !== undefined) process.env['FFPROBE_PATH'] = FFPROBE_PATH;
  });
}

/** A folder for this file's tests, removed after them. */
export const folder = await mkdtemp(path.join(os.tmpdir(), 'framewise-video-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Makes a video from a lavfi description. The last of the options may choose codec, filters and format. */
export async function makeVideo(name: string, lavfi: string, ...options: string[]): Promise<string> {
  const file = path.join(folder, name);
  await ffmpeg('-f', 'lavfi', '-i', lavfi, ...options, `file:${file}`);
  return file;
}

/** Makes a folder of pictures, and of other files. */
export async function makeFolder(name: string, files: Record<string, Sharp | string>): Promise<string> {
  const place = path.join(folder, name);
  await mkdir(place);
  for (const [file, content] of Object.entries(files)) {
    await writeFile(path.join(place, file), typeof content === 'string' ? content : await content.toBuffer());
  }
  return place;
}

export async function ffmpeg(...options: string[]): Promise<void> {
  await run(bundledTools.ffmpegPath, ['-v', 'error', '-nostdin', '-y', ...options]);
}

/** What ffprobe, a program of its own, says of each frame's time: seconds since the stream's start. */
export async function probeTimes(file: string): Promise<number[]> {
  const what = 'stream=start_time:frame=best_effort_timestamp_time';
  const options = [
    '-v',
    'error',
    '-select_streams',
    'V:0',
    '-show_entries',
    what,
    '-of',
    'json',
    `file:${file}`,
  ];
  const environment = { ...process.env, GCONV_PATH: os.devNull };
  const { stdout } = await run(bundledTools.ffprobePath, options, { env: environment, maxBuffer: 2 ** 26 });
  const { frames, streams } = JSON.parse(stdout) as {
    frames: { best_effort_timestamp_time: string }[];
    streams: { start_time: string }[];
  };
  const startSec = Number(streams[0]?.start_time);
  return frames.map((frame) => Number(frame.best_effort_timestamp_time) - startSec);
}

/** Decodes to the end; the frames that came before an error are lost. */
export async function decodeAll(source: string, options: Partial<DecodeOptions> = {}): Promise<VideoFrame[]> {
  const frames: VideoFrame[] = [];
  for await (const frame of decodeFrames(source, {
    width: 32,
    height: 24,
    frameRate: 'source',
    ...options,
  })) {
    frames.push(frame);
  }
  return frames;
}

export function timesOf(frames: VideoFrame[]): number[] {
  return frames.map(({ timeSec }) => timeSec);
}

/** Fails where two lists of times differ by more than a millisecond, or in length. */
export function largestDifference(times: number[], expected: number[]): number {
  if (times.length !== expected.length) return Infinity;
  return Math.max(...times.map((time, i) => Math.abs(time - (expected[i] ?? Infinity))));
}

const children: ChildProcess[] = [];
diagnosticsChannel.subscribe('child_process', (message) => {
  children.push((message as { process: ChildProcess }).process);
});

/** Processes of ffmpeg and ffprobe that this process started and has not reaped. */
export function countRunning(): number {
  const isRunning = ({ exitCode, signalCode, spawnfile = '' }: ChildProcess) =>
    exitCode === null && signalCode === null && /ff(?:mpeg|probe)[^/\\]*$/.test(spawnfile);
  return children.filter(isRunning).length;
}
