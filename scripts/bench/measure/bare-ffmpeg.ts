import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findFfmpeg } from '../../../src/stages.js';

/** Decodes with the filters of the product and discards the frames: the lower bound for any program that uses ffmpeg. */
export async function runBareFfmpeg(
  video: string,
  { size, frameRate }: { size: number; frameRate: number | 'source' },
): Promise<{ processorSec: number }> {
  const { ffmpegPath, supportsFpsMode } = await findFfmpeg();
  const rate = frameRate === 'source' ? '' : `fps=${frameRate},`;
  const filters = `${rate}scale=${size}:${size}:flags=bilinear,format=rgb24`;
  const passthrough = [supportsFpsMode ? '-fps_mode' : '-vsync', 'passthrough'];
  const { stderr } = await promisify(execFile)(ffmpegPath, [
    ...['-hide_banner', '-nostdin', '-nostats', '-benchmark', '-i', video],
    ...['-map', '0:V:0', '-vf', filters, ...passthrough, '-f', 'null', '-'],
  ]);
  const [, user, system] = /bench: utime=([\d.]+)s stime=([\d.]+)s/.exec(stderr) ?? [];
  return { processorSec: Number(user) + Number(system) };
}
