import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const FIXTURE = path.join(import.meta.dirname, '../../fixtures/drawn-people/clips/wave/1.mp4');

/** A file name of each container, and what encodes it. */
const ENCODINGS = {
  'base.mp4': ['-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-g', '4'],
  'fragments.mp4': ['-c:v', 'libx264', '-g', '4', '-movflags', 'frag_keyframe+empty_moov'],
  'base.mov': ['-c:v', 'rawvideo', '-pix_fmt', 'rgb24', '-r', '5'],
  'base.mkv': ['-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-g', '4'],
  'base.webm': ['-c:v', 'libvpx', '-b:v', '50k'],
  'base.avi': ['-c:v', 'mjpeg', '-q:v', '20'],
  'base.gif': ['-c:v', 'gif'],
  'base.ts': ['-c:v', 'mpeg2video'],
  'base.flv': ['-c:v', 'flv1'],
  'base.ogv': ['-c:v', 'libtheora'],
  'base.asf': ['-c:v', 'msmpeg4'],
  'base.y4m': ['-pix_fmt', 'yuv420p', '-f', 'yuv4mpegpipe'],
} as const;

export type BaseName = keyof typeof ENCODINGS;

/** The undamaged videos that the corpus is made from, some kilobytes each. */
export type BaseVideos = Record<BaseName, Buffer>;

/**
 * Encodes a fixture in every container, each time to the same bytes.
 *
 * @param folder - Where the videos are written.
 */
export async function makeBaseVideos(ffmpegPath: string, folder: string): Promise<BaseVideos> {
  const videos: Partial<BaseVideos> = {};
  for (const [name, encoding] of Object.entries(ENCODINGS) as [BaseName, readonly string[]][]) {
    const file = path.join(folder, name);
    await run(ffmpegPath, [
      ...['-v', 'error', '-nostdin', '-y', '-i', FIXTURE, '-t', '0.8', '-r', '10'],
      ...['-vf', 'scale=32:24', '-fflags', '+bitexact', '-flags', '+bitexact', '-threads', '1'],
      ...[...encoding, file],
    ]);
    videos[name] = await readFile(file);
  }
  return videos as BaseVideos;
}
