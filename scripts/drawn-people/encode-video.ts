import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { OutputError } from '../../src/errors.js';
import { findFfmpeg } from '../../src/runtime/ffmpeg.js';
import { FRAME_HEIGHT, FRAME_WIDTH } from './scene.js';
import { FRAME_RATE } from './screenplay.js';

/** How to encode. */
export interface EncodeOptions {
  /** Width of the encoded picture in pixels, even; its height keeps the shape. */
  width?: number;
  /** libx264's quality: a higher number makes a smaller file. */
  crf?: number;
}

/**
 * Encodes drawn frames as H.264 in MP4. One ffmpeg gives the same bytes for the same frames: one thread, and
 * neither date nor version in the file. The file appears when it is whole.
 *
 * @throws {FfmpegMissingError} If there is no ffmpeg.
 * @throws {OutputError} If ffmpeg fails.
 */
export async function encodeVideo(
  frames: AsyncIterable<Uint8Array>,
  file: string,
  { width = FRAME_WIDTH, crf = 23 }: EncodeOptions = {},
): Promise<void> {
  const { ffmpegPath } = await findFfmpeg();
  await mkdir(path.dirname(file), { recursive: true });
  const aside = `${file}.part`;
  const height = (width * FRAME_HEIGHT) / FRAME_WIDTH;
  const input = `-f rawvideo -pix_fmt rgb24 -s ${FRAME_WIDTH}x${FRAME_HEIGHT} -r ${FRAME_RATE} -i pipe:0`;
  const codec = `-c:v libx264 -preset slow -crf ${crf} -pix_fmt yuv420p -threads 1`;
  const container = '-fflags +bitexact -flags:v +bitexact -map_metadata -1 -movflags +faststart -f mp4';
  const options = `-v error -y ${input} -vf scale=${width}:${height}:flags=area ${codec} ${container}`;

  const ffmpeg = spawn(ffmpegPath, [...options.split(' '), aside], { stdio: ['pipe', 'ignore', 'pipe'] });
  const closed = once(ffmpeg, 'close') as Promise<[exitCode: number | null]>;
  let complaint = '';
  ffmpeg.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  try {
    await pipeline(Readable.from(frames), ffmpeg.stdin);
    const [exitCode] = await closed;
    if (exitCode !== 0) throw new Error(`ffmpeg exited with ${exitCode}`);
    await rename(aside, file);
  } catch (cause) {
    ffmpeg.kill('SIGKILL');
    await closed.catch(() => undefined);
    await rm(aside, { force: true });
    const reason = complaint.trim().split('\n').at(-1) || (cause as Error).message;
    throw new OutputError(`Cannot encode "${file}": ${reason}. Check that ffmpeg has libx264.`, file, {
      cause,
    });
  }
}
