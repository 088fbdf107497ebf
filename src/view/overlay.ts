import { randomUUID } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { OutputError } from '../errors.js';
import { prepareOutputFolder } from '../runtime/output-file.js';
import { findFfmpeg } from '../ffmpeg/find-ffmpeg.js';
import type { Timeline } from '../timeline/timeline.js';
import type { VideoLimits } from '../video/video-limits.js';
import { bandOf, drawBands, type OverlayBand } from './overlay-pictures.js';
import { openOverlaySource } from './overlay-source.js';
import { streamPictures } from './picture-stream.js';
import { runFfmpeg } from '../ffmpeg/run-ffmpeg.js';
import { lengthSecOf } from './timeline-bar.js';

/** How a labeled video is written. */
export interface OverlayOptions {
  limits?: VideoLimits | undefined;
  /** Whether a network address may be opened. Default false. */
  allowRemote?: boolean | undefined;
  /** Milliseconds without progress after which it is given up. Default 30,000. */
  stallTimeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Called about twice a second with the seconds written and the video's length, 0 if unknown. */
  onProgress?: (progress: { doneSec: number; durationSec: number }) => void;
}

/** How the files end that {@link writeOverlay} writes. */
export const OVERLAY_EXTENSIONS = { mp4: '.overlay.mp4', matroska: '.overlay.mkv' } as const;

/** Sounds that every player of MP4 plays; any other is copied into a Matroska file, which holds all. */
const MP4_SOUNDS = new Set(['aac', 'mp3', 'ac3', 'eac3', 'alac']);

/** From this height on, videos that do not say which colors they mean are taken for BT.709 by players. */
const HIGH_DEFINITION_HEIGHT = 720;

/**
 * Writes a video again with its labels burned in: at the lower edge the label of the moment with the segment's mean
 * confidence, and a bar of the whole timeline with a mark where it is. One run of ffmpeg. Sounds are copied as they are,
 * as are chapters and what the file says of itself; each frame keeps its time; rotation is applied; the picture is encoded
 * as H.264. Subtitles and further video streams are left out. The pictures of a folder become a video at the timeline's rate,
 * in the order and shape in which they were labeled, all of the first one's size.
 *
 * @param timeline - Of `timeline.video.source`, which is read again.
 * @param base - Path of the file to write, without `.overlay.mp4`, or `.overlay.mkv` where MP4 cannot hold the sounds.
 * @returns The file's path. It is written whole or not at all.
 * @throws {VideoOpenError} If the video cannot be read.
 * @throws {VideoDecodeError} If a picture of a folder cannot be read.
 * @throws {VideoLimitError} If it is larger or longer than `limits` allow.
 * @throws {VideoStalledError} If nothing comes for `stallTimeoutMs`.
 * @throws {OutputError} If ffmpeg fails.
 * @throws The reason of `signal`, when it is aborted.
 */
export async function writeOverlay(
  timeline: Timeline,
  base: string,
  options: OverlayOptions = {},
): Promise<string> {
  const { source, durationSec } = timeline.video;
  const { signal, stallTimeoutMs, onProgress } = options;
  signal?.throwIfAborted();
  const { size, shiftSec, audioCodecs, inputOptions, pixels } = await openOverlaySource(timeline, options);
  const band = bandOf(size);
  const pictures = drawBands(timeline, band, { videoHeight: size.height, shiftSec });
  const container = audioCodecs.every((codec) => MP4_SOUNDS.has(codec)) ? 'mp4' : 'matroska';
  const { supportsFpsMode } = await findFfmpeg();

  const inputs = [...inputOptions, '-protocol_whitelist', 'pipe', '-f', 'matroska', '-i', 'pipe:0'];
  const filters = filtersOf(size, band, { lengthSec: lengthSecOf(timeline), shiftSec });
  const outputs = [
    ...['-filter_complex', filters, '-map', '[labeled]', '-map', '0:a?', '-map_metadata', '0'],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '20', '-pix_fmt', 'yuv420p', '-c:a', 'copy'],
    // Each frame once, at its own time; an encoder that counts frames would round it.
    ...[supportsFpsMode ? '-fps_mode' : '-vsync', 'passthrough', '-enc_time_base', '1:90000'],
    ...(container === 'mp4' ? ['-video_track_timescale', '90000'] : []),
    // Sounds wait for the first picture, which wants the whole of a slow encoder's look-ahead.
    ...['-max_muxing_queue_size', '9999', '-f', container],
  ];
  const file = `${base}${OVERLAY_EXTENSIONS[container]}`;
  await writeAside(file, (aside) =>
    runFfmpeg([...inputs, ...outputs, `file:${aside}`], {
      ...{ source, file, input: streamPictures(pictures, band), secondInput: pixels },
      ...{ signal, stallTimeoutMs },
      onProgress: (doneSec) => onProgress?.({ doneSec, durationSec }),
    }),
  );
  return file;
}

function filtersOf(
  { width, height }: { width: number; height: number },
  band: OverlayBand,
  { lengthSec, shiftSec }: { lengthSec: number; shiftSec: number },
): string {
  const matrix = height >= HIGH_DEFINITION_HEIGHT ? 'bt709' : 'bt601';
  const headWidth = Math.max(2, 2 * Math.round(width / 480));
  const share = `clip((t-${shiftSec.toFixed(6)})/${Math.max(lengthSec, 0.001).toFixed(6)},0,1)`;
  // `shortest`: what lies on the video goes on without an end, or frames that the video does not have would follow it.
  return [
    // Encoders want even sizes, and some videos change theirs on the way.
    `[0:V:0]scale=${width}:${height},format=yuv420p[video]`,
    `[1:v]scale=out_color_matrix=${matrix}:out_range=tv,format=yuva420p[band]`,
    `[video][band]overlay=x=0:y=${height - band.height}:shortest=1[banded]`,
    `color=c=white:s=${headWidth}x${band.barHeight}:r=1[head]`,
    `[banded][head]overlay=x='${width - headWidth}*${share}':y=${height - band.barHeight}:shortest=1[labeled]`,
  ].join(';');
}

/** Has a file written beside its place, and put there once it is whole. */
async function writeAside(file: string, write: (aside: string) => Promise<void>): Promise<void> {
  const folder = path.dirname(file);
  await prepareOutputFolder(folder);
  const aside = path.resolve(folder, `.${path.basename(file)}.${randomUUID()}.part`);
  try {
    await write(aside);
    await rename(aside, file).catch((cause: unknown) => {
      throw new OutputError(`Cannot write "${file}": ${(cause as Error).message}.`, file, { cause });
    });
  } finally {
    await rm(aside, { force: true });
  }
}
