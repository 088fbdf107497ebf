import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ActivityRecognizer } from '../../src/index.js';
import { OnlineLabeler } from '../../src/labeler/online-labeler.js';
import { createFrameEncoder, startBackend, TemporalLabeler } from '../../src/stages.js';
import { saveUntrainedModel } from '../labeler/untrained-model.js';

const VIDEO = path.join(import.meta.dirname, '../../fixtures/drawn-people/stitched/stitched-3.mp4');

let folder: string;
let model: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'framewise-dispose-'));
  model = path.join(folder, 'model');
  await startBackend('wasm');
  await saveUntrainedModel(model);
});

afterAll(() => rm(folder, { recursive: true }));

describe('using', () => {
  it('is known to this Node without a polyfill', () => {
    expect(typeof Symbol.dispose).toBe('symbol');
    expect(typeof Symbol.asyncDispose).toBe('symbol');
  });

  it('frees a recognizer at the end of its block, with its tensors', async () => {
    // In this thread, so that its weights are counted here.
    const options = { backend: 'wasm', workers: 0 } as const;
    const label = async (): Promise<number> => {
      await using recognizer = await ActivityRecognizer.load(model, options);
      const { frames } = await recognizer.label(VIDEO, { durationSec: 1 });
      expect(frames.length).toBeGreaterThan(0);
      return tf.memory().numTensors;
    };
    const before = tf.memory().numTensors;
    expect(await label()).toBeGreaterThan(before);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('frees a recognizer when its block throws', async () => {
    const before = tf.memory().numTensors;
    const fail = async (): Promise<void> => {
      using recognizer = await ActivityRecognizer.load(model, { backend: 'wasm', workers: 0 });
      throw new Error(recognizer.model.name);
    };
    await expect(fail()).rejects.toThrow('untrained');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('frees a recognizer only once', async () => {
    const before = tf.memory().numTensors;
    {
      await using recognizer = await ActivityRecognizer.load(model, { backend: 'wasm', workers: 1 });
      recognizer.dispose();
      recognizer.dispose();
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([0, 1])('frees a frame encoder with %s worker threads', async (workers) => {
    const before = tf.memory().numTensors;
    {
      using encoder = await createFrameEncoder(undefined, { backend: 'wasm', workers });
      const pixels = new Uint8Array(encoder.inputHeight * encoder.inputWidth * 3);
      expect(await encoder.encode(pixels, 1)).toHaveLength(encoder.featureSize);
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it('frees a labeler and the state of a video', async () => {
    const before = tf.memory().numTensors;
    {
      using labeler = TemporalLabeler.create({ featureSize: 3, numLabels: 2, units: 4, projectionUnits: 4 });
      const ofLabeler = tf.memory().numTensors;
      expect(ofLabeler).toBeGreaterThan(before);
      {
        using online = new OnlineLabeler(labeler);
        await online.push(new Float32Array(6));
        expect(tf.memory().numTensors).toBeGreaterThan(ofLabeler);
      }
      expect(tf.memory().numTensors).toBe(ofLabeler);
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});
