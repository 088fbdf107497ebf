import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ModelError, UsageError, VideoOpenError } from '../src/errors.js';
import { ActivityRecognizer } from '../src/recognizer.js';
import { findFfmpeg } from '../src/ffmpeg/find-ffmpeg.js';
import type { FrameLabel } from '../src/timeline/timeline.js';
import { saveUntrainedModel, UNTRAINED_LABELS } from './labeler/untrained-model.js';

const VIDEO = path.join(import.meta.dirname, '../fixtures/drawn-people/stitched/stitched-3.mp4');

let folder: string;
let recognizer: ActivityRecognizer;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'framewise-recognizer-'));
  await saveUntrainedModel(path.join(folder, 'model'));
  recognizer = await ActivityRecognizer.load(path.join(folder, 'model'), { backend: 'wasm', workers: 2 });
});

afterAll(async () => {
  recognizer.dispose();
  await rm(folder, { recursive: true });
});

async function collect(frames: AsyncIterable<FrameLabel>): Promise<FrameLabel[]> {
  const all: FrameLabel[] = [];
  for await (const frame of frames) all.push(frame);
  return all;
}

describe('ActivityRecognizer', () => {
  it('labels each frame at the model’s rate, and segments that cover the whole video', async () => {
    const { frames, segments, video, labels } = await recognizer.label(VIDEO);
    expect(labels).toEqual(UNTRAINED_LABELS);
    expect(frames.map(({ index }) => index)).toEqual([...frames.keys()]);
    frames.forEach(({ timeSec, probabilities, label, confidence }, index) => {
      expect(timeSec).toBeCloseTo(index / 5, 3);
      expect(probabilities?.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
      expect(probabilities?.[labels.indexOf(label)]).toBe(confidence);
    });
    expect(segments[0]?.startSec).toBe(0);
    expect(segments.at(-1)?.endSec).toBeCloseTo(video.durationSec, 3);
    segments.slice(1).forEach(({ startSec }, i) => expect(startSec).toBe(segments[i]?.endSec));
  });

  it('gives each frame of a stream the label and the probabilities that it has in the whole file', async () => {
    const { frames } = await recognizer.label(VIDEO);
    const streamed = await collect(recognizer.stream(VIDEO));
    expect(streamed.map(({ index, timeSec, label }) => ({ index, timeSec, label }))).toEqual(
      frames.map(({ index, timeSec, label }) => ({ index, timeSec, label })),
    );
    streamed.forEach(({ probabilities }, i) => {
      probabilities?.forEach((value, j) =>
        expect(value).toBeCloseTo(frames[i]?.probabilities?.[j] ?? NaN, 5),
      );
    });
  });

  it('labels a whole video with a bidirectional model, counting what it has seen, and refuses a stream', async () => {
    const directory = path.join(folder, 'bidirectional');
    await saveUntrainedModel(directory, 5, { bidirectional: true });
    const whole = await ActivityRecognizer.load(directory, { backend: 'wasm', workers: 2 });
    const progress: { doneSec: number; numFrames: number }[] = [];
    const { frames, video } = await whole.label(VIDEO, { onProgress: (now) => progress.push(now) });
    frames.forEach(({ timeSec }, index) => expect(timeSec).toBeCloseTo(index / 5, 3));
    expect(frames.length / 5).toBeCloseTo(video.durationSec, 0);
    expect(progress.length).toBeGreaterThan(2);
    for (const { doneSec, numFrames } of progress.slice(0, -1)) {
      expect(doneSec).toBeGreaterThan(0);
      expect(numFrames).toBe(0);
    }
    expect(progress.at(-1)).toMatchObject({ doneSec: frames.at(-1)?.timeSec, numFrames: frames.length });
    expect(progress.at(-1)?.doneSec).toBeLessThan(video.durationSec);
    const streaming = collect(whole.stream(VIDEO));
    await expect(streaming).rejects.toThrow(UsageError);
    await expect(streaming).rejects.toThrow(/"untrained" is bidirectional.*end.*label\(\)/);
    whole.dispose();
  });

  it('calls the same frames unknown in a stream and in the whole file, and no other', async () => {
    const plain = await recognizer.label(VIDEO);
    const sorted = plain.frames.map(({ confidence }) => confidence).sort((a, b) => a - b);
    const unknownBelow = (sorted[10]! + sorted[11]!) / 2;
    const { frames } = await recognizer.label(VIDEO, { unknownBelow });
    const streamed = await collect(recognizer.stream(VIDEO, { unknownBelow }));
    expect(streamed.map(({ label }) => label)).toEqual(frames.map(({ label }) => label));
    expect(frames.map(({ label }) => label)).toEqual(
      plain.frames.map(({ label, confidence }) => (confidence < unknownBelow ? 'unknown' : label)),
    );
    expect(frames.filter(({ label }) => label === 'unknown')).toHaveLength(11);
  });

  it('labels two videos at once as it labels them one by one', async () => {
    const alone = await recognizer.label(VIDEO);
    const both = await Promise.all([recognizer.label(VIDEO), recognizer.label(VIDEO)]);
    for (const { frames } of both) expect(frames).toEqual(alone.frames);
  });

  it('gives every source frame a label at its own time, as ffprobe tells it', async () => {
    const { ffprobePath } = await findFfmpeg();
    const entries = ['-show_entries', 'frame=best_effort_timestamp_time', '-of', 'csv=p=0'];
    const { stdout } = await promisify(execFile)(ffprobePath, [
      '-v',
      'error',
      '-select_streams',
      'v:0',
      ...entries,
      VIDEO,
    ]);
    const times = (stdout.match(/\d+\.\d+/g) ?? []).map(Number);
    const { frames } = await recognizer.label(VIDEO, { everyFrame: true });
    expect(frames).toHaveLength(times.length);
    frames.forEach(({ timeSec }, i) => expect(Math.abs(timeSec - (times[i] as number))).toBeLessThan(0.001));
    const sampled = await recognizer.label(VIDEO);
    expect(frames.find(({ timeSec }) => timeSec >= 2)?.label).toBe(sampled.frames[10]?.label);
  });

  it('labels a stretch with the source’s own times', async () => {
    const { frames } = await recognizer.label(VIDEO, { startSec: 3, durationSec: 2 });
    expect(frames[0]?.timeSec).toBeCloseTo(3, 1);
    expect(frames.length).toBeGreaterThanOrEqual(9);
    expect(frames.length).toBeLessThanOrEqual(11);
  });

  it('streams from a URL, which labeling a file does not open without permission', async () => {
    const content = await readFile(VIDEO);
    const server = createServer((_, response) => response.end(content)).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/street.mp4`;
    try {
      await expect(recognizer.label(url)).rejects.toThrow(VideoOpenError);
      const streamed = await collect(recognizer.stream(url));
      const { frames } = await recognizer.label(VIDEO);
      expect(streamed.map(({ label }) => label)).toEqual(frames.map(({ label }) => label));
    } finally {
      server.close();
    }
  });

  it('stops in the middle when it is told to, and when the consumer of a stream has enough', async () => {
    const controller = new AbortController();
    const labeling = recognizer.label(VIDEO, {
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    });
    await expect(labeling).rejects.toThrow('enough');
    for await (const { index } of recognizer.stream(VIDEO)) if (index === 3) break;
    expect((await recognizer.label(VIDEO)).frames.length).toBeGreaterThan(40);
  });

  it('keeps no tensor of a video that it labeled, streamed or gave up', async () => {
    const use = async (): Promise<void> => {
      await recognizer.label(VIDEO);
      for await (const { index } of recognizer.stream(VIDEO)) if (index === 2) break;
      await expect(recognizer.label('absent.mp4')).rejects.toThrow(VideoOpenError);
    };
    await use();
    const before = tf.memory().numTensors;
    await use();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses a model that was trained on another encoder', async () => {
    const other = path.join(folder, 'other');
    await cp(path.join(folder, 'model'), other, { recursive: true });
    const file = path.join(other, 'model.json');
    const description = JSON.parse(await readFile(file, 'utf8')) as object;
    await writeFile(file, JSON.stringify({ ...description, encoderId: 'another-network' }));
    await expect(ActivityRecognizer.load(other)).rejects.toThrow(ModelError);
    await expect(ActivityRecognizer.load(other)).rejects.toThrow(/trained on the encoder another-network/);
  });
});
