import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findFfmpeg } from '../../../src/stages.js';

/** Repeats a sample up to a realistic length, without sound and without encoding it again. */
export async function loopVideo(sample: string, durationSec: number, file: string): Promise<string> {
  const { ffmpegPath } = await findFfmpeg();
  const looped = ['-v', 'error', '-y', '-stream_loop', '-1', '-i', sample, '-t', String(durationSec)];
  await promisify(execFile)(ffmpegPath, [...looped, '-c', 'copy', '-an', file]);
  return file;
}
