import os from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import { FfmpegMissingError } from '../../errors.js';
import { FRAMEWISE_VERSION } from '../../version.js';
import { findFfmpeg } from '../../ffmpeg/find-ffmpeg.js';

/** What this process runs on, by name. The backend is the one that computes now. */
export async function describeVersions(): Promise<Record<string, string>> {
  const ffmpeg = await findFfmpeg().catch((error: unknown) => {
    if (error instanceof FfmpegMissingError) return undefined;
    throw error;
  });
  return {
    framewise: FRAMEWISE_VERSION,
    Node: process.version,
    'TensorFlow.js': tf.version_core,
    backend: tf.getBackend() || 'none',
    ffmpeg: ffmpeg ? `${ffmpeg.version} (${ffmpeg.origin})` : 'none',
    platform: `${os.platform()} ${os.arch()}, ${os.availableParallelism()} cores`,
  };
}
