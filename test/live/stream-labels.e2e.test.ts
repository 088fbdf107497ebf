import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { UsageError, VideoOpenError } from '../../src/errors.js';
import type { ConnectionLoss } from '../../src/live/reconnect.js';
import { streamLabels, type StreamStages } from '../../src/live/stream-labels.js';
import type { StreamedFrame } from '../../src/live/stream-options.js';
import { countRunning, everyTools, makeVideo, useTools } from '../video/video-fixtures.js';
import { createRtspServer } from './rtsp-server.js';
import { createSmallStages, FRAME_RATE } from './small-stages.js';

const TEN_SECONDS = 'testsrc2=d=10:r=25:s=64x48';
const video = await makeVideo('live.mp4', TEN_SECONDS, '-c:v', 'libx264', '-movflags', '+faststart');
const transport = await makeVideo('live.ts', TEN_SECONDS, '-c:v', 'mpeg2video', '-q:v', '3');
const bytes = await readFile(transport);
const laterBytes = await readFile(
  await makeVideo('later.ts', 'testsrc=d=10:r=25:s=64x48', '-c:v', 'mpeg2video', '-q:v', '3'),
);
const NUM_FRAMES = 10 * FRAME_RATE;

let stages: StreamStages;
const servers: Server[] = [];

beforeAll(async () => {
  stages = await createSmallStages();
});
afterEach(() => {
  expect(countRunning()).toBe(0);
  for (const server of servers.splice(0)) server.close();
});
afterAll(() => stages.labeler.dispose());

async function serve(server: Server): Promise<string> {
  servers.push(server.listen(0, '127.0.0.1'));
  if (!server.listening) await new Promise((resolve) => server.once('listening', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const serveHttp = async (listener: RequestListener): Promise<string> =>
  `http://${await serve(createServer(listener))}/live.ts`;

async function collect(frames: AsyncIterable<StreamedFrame>): Promise<StreamedFrame[]> {
  const all: StreamedFrame[] = [];
  for await (const frame of frames) all.push(frame);
  return all;
}

/** Collects a number of frames, then leaves the stream. */
async function collectFirst(
  numFrames: number,
  frames: AsyncIterable<StreamedFrame>,
): Promise<StreamedFrame[]> {
  const all: StreamedFrame[] = [];
  for await (const frame of frames) if (all.push(frame) === numFrames) break;
  return all;
}

const plain = (frames: StreamedFrame[]) =>
  frames.map(({ index, timeSec, label }) => ({ index, timeSec: timeSec.toFixed(3), label }));

describe.each(everyTools)('streamLabels with ffmpeg $version', (tools) => {
  useTools(tools);

  it('labels every frame of a file and of piped input alike', async () => {
    const ofFile = await collect(streamLabels(stages, video, {}));
    const stdin = createReadStream(video);
    const piped = await collect(streamLabels(stages, '-', { stdin }));
    expect(ofFile).toHaveLength(NUM_FRAMES);
    expect(plain(piped)).toEqual(plain(ofFile));
    for (const { numDropped, delayMs } of [...ofFile, ...piped]) {
      expect(numDropped).toBe(0);
      expect(delayMs).toBeGreaterThan(0);
    }
    expect(stdin.destroyed).toBe(true);
  });

  it('continues with the next connection when one breaks, with times that increase', async () => {
    let numRequests = 0;
    const address = await serveHttp((_, response) => {
      const isFirst = ++numRequests === 1;
      response.write(isFirst ? bytes.subarray(0, bytes.length / 2) : laterBytes, () => {
        if (isFirst) response.destroy();
      });
    });
    const losses: ConnectionLoss[] = [];
    const options = { dropFrames: false, onConnectionLost: (loss: ConnectionLoss) => void losses.push(loss) };
    const frames = await collectFirst(40, streamLabels(stages, address, options));
    expect(numRequests).toBe(2);
    expect(losses).toMatchObject([{ attempt: 1 }]);
    expect(frames.map(({ index }) => index)).toEqual([...frames.keys()]);
    const steps = frames.slice(1).map(({ timeSec }, i) => timeSec - frames[i]!.timeSec);
    for (const step of steps) expect(step).toBeGreaterThan(1 / FRAME_RATE - 1e-6);
    // Before and after the break, frames have the distance that they have in the source.
    expect(steps.filter((step) => Math.abs(step - 1 / FRAME_RATE) < 1e-6).length).toBeGreaterThanOrEqual(38);
    const [first] = await collectFirst(1, streamLabels(stages, transport, {}));
    expect(frames[0]?.probabilities).toEqual(first?.probabilities);
  });

  it('continues a recording of unknown length where it broke, and ends when a connection delivers nothing new', async () => {
    const ofFile = await collect(streamLabels(stages, transport, {}));
    let numRequests = 0;
    const address = await serveHttp((_, response) => {
      const isFirst = ++numRequests === 1;
      const half = bytes.subarray(0, bytes.length / 2);
      response.write(half, () => (isFirst ? response.destroy() : response.end(bytes.subarray(half.length))));
    });
    const numAttempts: number[] = [];
    const onConnectionLost = ({ attempt }: ConnectionLoss) => void numAttempts.push(attempt);
    const frames = await collect(streamLabels(stages, address, { dropFrames: false, onConnectionLost }));
    // The end of the broken connection may contain one more, damaged frame.
    expect(frames.length - NUM_FRAMES).toBeOneOf([0, 1]);
    expect(frames[0]?.probabilities).toEqual(ofFile[0]?.probabilities);
    expect({ numRequests, numAttempts }).toEqual({ numRequests: 3, numAttempts: [1, 1] });
  });

  it('reconnects to a finished recording as often as reconnect says', async () => {
    let numRequests = 0;
    const address = await serveHttp((_, response) => {
      numRequests++;
      response.write(bytes, () => response.end());
    });
    const numAttempts: number[] = [];
    const onConnectionLost = ({ attempt }: ConnectionLoss) => void numAttempts.push(attempt);
    const options = { dropFrames: false, reconnect: 2, onConnectionLost };
    expect(await collect(streamLabels(stages, address, options))).toHaveLength(NUM_FRAMES);
    expect({ numRequests, numAttempts }).toEqual({ numRequests: 3, numAttempts: [1, 2] });
  });

  it('fails at once if the source refuses, or after the requested number of attempts', async () => {
    const server = createServer();
    const closed = `http://${await serve(server)}/live.ts`;
    await new Promise((resolve) => server.close(resolve));
    const missing = await serveHttp((_, response) => response.writeHead(404).end());
    const losses: ConnectionLoss[] = [];
    const onConnectionLost = (loss: ConnectionLoss) => void losses.push(loss);
    for (const [address, reason] of [
      [closed, 'Connection refused'],
      [missing, '404'],
    ] as const) {
      const refused = collect(streamLabels(stages, address, { onConnectionLost }));
      await expect(refused).rejects.toThrow(VideoOpenError);
      await expect(refused).rejects.toThrow(`Cannot open "${address}": `);
      await expect(refused).rejects.toThrow(reason);
    }
    expect(losses).toEqual([]);
    const retried = collect(streamLabels(stages, closed, { onConnectionLost, reconnect: 1 }));
    await expect(retried).rejects.toThrow(VideoOpenError);
    expect(losses).toMatchObject([{ attempt: 1, error: { code: 'ERR_VIDEO_OPEN' } }]);
  });

  it('ends with a URL that states its length', async () => {
    const content = await readFile(video);
    let numRequests = 0;
    const address = await serveHttp((_, response) => {
      numRequests++;
      response.end(content);
    });
    expect(await collect(streamLabels(stages, address, {}))).toHaveLength(NUM_FRAMES);
    expect(numRequests).toBe(1);
  });

  it('plays a camera by RTSP over TCP, and again when the camera closes the connection', async () => {
    const requests: string[] = [];
    const address = `rtsp://${await serve(createRtspServer([bytes, laterBytes], requests))}/1`;
    const losses: ConnectionLoss[] = [];
    const options = { dropFrames: false, onConnectionLost: (loss: ConnectionLoss) => void losses.push(loss) };
    const frames = await collectFirst(60, streamLabels(stages, address, options));
    const isPlayed = (request: string) => request.startsWith('PLAY');
    expect(frames).toHaveLength(60);
    expect(losses).toHaveLength(1);
    expect(requests.filter(isPlayed)).toHaveLength(2);
    expect(requests.find((request) => request.startsWith('SETUP'))).toMatch(/RTP\/AVP\/TCP/);
  });

  it('ends at once if the consumer leaves or the signal is aborted while the source is silent', async () => {
    const address = await serveHttp((_, response) => void response.write(bytes));
    expect(await collectFirst(10, streamLabels(stages, address, {}))).toHaveLength(10);
    const abort = new AbortController();
    const reason = new Error('the user left');
    const silent = await serveHttp((_, response) => {
      response.write('nothing yet', () => abort.abort(reason));
    });
    await expect(collect(streamLabels(stages, silent, { signal: abort.signal }))).rejects.toBe(reason);
    expect(countRunning()).toBe(0);
  });
});

describe('streamLabels, when labeling is slower than the source', () => {
  it('drops the oldest waiting frame, holds few frames, and keeps the times of the others', async () => {
    let isBlocked = true;
    let numEncoding = 0;
    const slow = await createSmallStages(async () => {
      numEncoding++;
      // The first frame takes until the decoder has ended.
      while (isBlocked && countRunning() > 0) await turn();
    });
    const frames = await collect(streamLabels(slow, video, { dropFrames: true, maxWaiting: 3 }));
    isBlocked = false;
    slow.labeler.dispose();
    const numDropped = frames.reduce((sum, frame) => sum + frame.numDropped, 0);
    expect(frames).toHaveLength(numEncoding);
    // Frames that wait, and frames that the encoder reads ahead.
    expect(frames.length).toBeLessThanOrEqual(3 + 3);
    expect(frames.length + numDropped).toBe(NUM_FRAMES);
    expect(frames.map(({ index }) => index)).toEqual([...frames.keys()]);
    let position = -1;
    for (const { timeSec, numDropped: dropped } of frames) {
      position += dropped + 1;
      expect(timeSec).toBeCloseTo(position / FRAME_RATE, 3);
    }
    expect(frames.at(-1)?.timeSec).toBeCloseTo((NUM_FRAMES - 1) / FRAME_RATE, 3);
  });

  it('makes the source wait if it is a file or dropFrames is false', async () => {
    const slow = await createSmallStages(async () => {
      for (let i = 0; i < 50; i++) await turn();
    });
    const frames = await collect(streamLabels(slow, video, { maxWaiting: 1 }));
    const stdin = createReadStream(transport);
    const piped = await collect(streamLabels(slow, '-', { stdin, maxWaiting: 1, dropFrames: false }));
    slow.labeler.dispose();
    for (const all of [frames, piped]) {
      expect(all).toHaveLength(NUM_FRAMES);
      expect(all.every(({ numDropped }) => numDropped === 0)).toBe(true);
    }
  });
});

it('streamLabels leaks no tensor, whether it ends, fails or is left', async () => {
  const use = async (): Promise<void> => {
    await collect(streamLabels(stages, video, {}));
    await collectFirst(3, streamLabels(stages, video, {}));
    await expect(collect(streamLabels(stages, 'http://127.0.0.1:1/', {}))).rejects.toThrow(VideoOpenError);
  };
  await use();
  const before = tf.memory().numTensors;
  await use();
  expect(tf.memory().numTensors).toBe(before);
});

it.each([
  ['maxWaiting', { maxWaiting: 0 }],
  ['reconnect', { reconnect: -1 }],
])('streamLabels refuses an invalid %s', async (_, options) => {
  await expect(collect(streamLabels(stages, 'http://127.0.0.1:1/', options))).rejects.toThrow(UsageError);
});
