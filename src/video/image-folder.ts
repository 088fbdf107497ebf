import { open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Sharp } from 'sharp';
import { FramewiseError, VideoDecodeError } from '../errors.js';
import { loadSharp } from '../runtime/load-sharp.js';
import type { DecodeOptions } from './decode-options.js';
import { compareNaturally, isPictureFileName, isSystemName } from './media-names.js';
import type { VideoFrame, VideoInfo } from './video-frame.js';
import { expectFewPixels, limitError, limitsOf } from './video-limits.js';
import { refusal } from './video-source.js';

const DEFAULT_FRAME_RATE = 25;

/**
 * Describes a folder of JPEG, PNG and WebP pictures as a video.
 *
 * @param frameRate - Rate at which the pictures were taken, in frames per second.
 * @throws {VideoOpenError} If the folder has no pictures or the first one cannot be read.
 */
export async function probeImageFolder(folder: string, frameRate = DEFAULT_FRAME_RATE): Promise<VideoInfo> {
  const pictures = await listPictures(folder);
  const first = path.join(folder, pictures[0] ?? '');
  const { width, height, format } = await openPicture(first).catch((cause: unknown) => {
    if (cause instanceof FramewiseError) throw cause;
    const why = `its picture "${first}" cannot be read (${oneLine(cause)}). Repair or remove it.`;
    throw refusal(folder, why, cause);
  });
  return {
    source: folder,
    width,
    height,
    rotationDegrees: 0,
    frameRate,
    durationSec: pictures.length / frameRate,
    startSec: 0,
    codec: format,
    numFrames: pictures.length,
  };
}

/**
 * Reads the JPEG, PNG and WebP pictures of a folder as frames of a video, in natural order (`frame2` before `frame10`).
 * EXIF rotation is applied, transparent pixels are put on black, gray becomes RGB, and pictures are resized as ffmpeg
 * resizes frames. The time of picture i is i / folderFrameRate.
 *
 * @throws {VideoOpenError} If the folder has no pictures.
 * @throws {VideoDecodeError} If a picture cannot be read or none is in the range.
 * @throws {VideoLimitError} Before the first picture beyond the limits.
 */
export async function* decodeImageFolder(folder: string, options: DecodeOptions): AsyncGenerator<VideoFrame> {
  const { folderFrameRate = DEFAULT_FRAME_RATE, frameRate, startSec = 0, durationSec = Infinity } = options;
  const pictures = await listPictures(folder);
  const limits = limitsOf(options.limits, false);
  const wantedRate = frameRate === 'source' ? folderFrameRate : frameRate;
  const numWanted = Math.max(1, Math.round((pictures.length / folderFrameRate) * wantedRate));
  const isInRange = (timeSec: number) => timeSec >= startSec && timeSec < startSec + durationSec;
  let index = 0;
  let numReported = 0;
  for (let position = 0; position < numWanted; position++) {
    const timeSec = position / wantedRate;
    if (!isInRange(timeSec)) continue;
    if (index === limits.maxFrames) throw limitError(folder, limits, 'maxFrames');
    if (timeSec - startSec > limits.maxDurationSec) throw limitError(folder, limits, 'maxDurationSec');
    options.signal?.throwIfAborted();
    // The last picture whose time rounds to this position or an earlier one, as in ffmpeg's `fps` filter.
    const chosen =
      Math.min(pictures.length, Math.ceil(((position + 0.5) * folderFrameRate) / wantedRate)) - 1;
    const data = await readPicture(path.join(folder, pictures[chosen] ?? ''), options);
    options.signal?.throwIfAborted();
    for (; numReported <= chosen; numReported++) report(numReported);
    yield { index: index++, timeSec, data };
  }
  for (; numReported < pictures.length; numReported++) report(numReported);
  if (index === 0) {
    throw decodeError(
      folder,
      `Decoding "${folder}" gave no frame from ${startSec} s on. The folder has ${pictures.length} images.`,
    );
  }

  function report(picture: number): void {
    const timeSec = picture / folderFrameRate;
    if (isInRange(timeSec)) options.onSourceFrame?.(timeSec);
  }
}

/** File names in natural order. */
async function listPictures(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw refusal(folder, `the folder cannot be read (${oneLine(cause)}). Check its permissions.`, cause);
  });
  const pictures = names
    .filter((name) => isPictureFileName(name) && !isSystemName(name))
    .sort(compareNaturally);
  if (pictures.length === 0) {
    throw refusal(
      folder,
      'it is a folder without images. Give it a video file, or a folder of JPEG, PNG or WebP files.',
    );
  }
  return pictures;
}

async function readPicture(file: string, options: DecodeOptions): Promise<Uint8Array> {
  const { width, height, fit = 'fill' } = options;
  try {
    const { image, ...picture } = await openPicture(file);
    expectFewPixels(file, picture, limitsOf(options.limits, false));
    const pixels = await image
      .autoOrient()
      .flatten({ background: 'black' })
      .toColorspace('srgb')
      // The same triangle kernel as ffmpeg's `bilinear`. Shrinking while loading a JPEG would use another.
      .resize(width, height, { fit, background: 'black', kernel: 'linear', fastShrinkOnLoad: false })
      .raw({ depth: 'uchar' })
      .toBuffer();
    return new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  } catch (cause) {
    if (cause instanceof FramewiseError) throw cause;
    const message = `Cannot read the picture "${file}": ${oneLine(cause)}. Repair or remove it.`;
    throw decodeError(file, message, cause);
  }
}

function decodeError(where: string, message: string, cause?: unknown): VideoDecodeError {
  return new VideoDecodeError(message, { path: where, exitCode: null, stderrTail: '' }, { cause });
}

function oneLine(error: unknown): string {
  return (error as Error).message.trim().replace(/\s*\n\s*/g, '; ');
}

/** A picture whose header has been read. */
interface Picture {
  /** Gives the pixels. */
  image: Sharp;
  /** Width and height in pixels as shown, after the rotation that EXIF asks for. */
  width: number;
  height: number;
  format: string;
}

/** First bytes of each format, as Latin-1. */
const SIGNATURES = [/^\xff\xd8\xff/, /^\x89PNG\r\n\x1a\n/, /^RIFF[^]{4}WEBP/];
const SIGNATURE_BYTES = 12;

/**
 * Opens a JPEG, PNG or WebP file, whatever its extension. sharp alone would also open other formats, among them SVG,
 * which can take long to draw and can name other files.
 *
 * @throws {Error} If it is not a file, has another format, or is damaged.
 */
async function openPicture(file: string): Promise<Picture> {
  // Opening a named pipe would wait for a writer, and a device may have no end.
  if (!(await stat(file)).isFile()) throw new Error('it is not a file');
  const start = await readStart(file);
  if (!SIGNATURES.some((signature) => signature.test(start))) {
    throw new Error('its content is not that of a JPEG, PNG or WebP file');
  }
  const sharp = await loadSharp();
  const image = sharp(file, { limitInputPixels: false }); // the caller checks its own limit
  const { autoOrient, format } = await image.metadata();
  return { image, width: autoOrient.width, height: autoOrient.height, format };
}

/** Reads the first bytes as Latin-1. */
async function readStart(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(SIGNATURE_BYTES), position: 0 });
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
