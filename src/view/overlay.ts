import { OutputError, VideoStalledError } from '../errors.js';
import type { FfmpegExit } from '../ffmpeg/ffmpeg-process.js';
import { findFfmpeg } from '../ffmpeg/find-ffmpeg.js';
import { runFfmpeg } from '../ffmpeg/run-ffmpeg.js';
import { writeAside } from '../runtime/output-file.js';
import type { Timeline } from '../timeline/timeline.js';
import { bandOf, drawBands, type OverlayBand } from './overlay-pictures.js';
import { openOverlaySource, type OverlayOptions } from './overlay-source.js';
import { streamPictures } from './picture-stream.js';
import { lengthSecOf } from './timeline-drawing.js';

/** File name endings of what {@link writeOverlay} writes. */
export const OVERLAY_EXTENSIONS = { mp4: '.overlay.mp4', matroska: '.overlay.mkv' } as const;

/** Audio codecs that every MP4 player plays. Any other is copied into a Matroska file, which holds all codecs. */
const MP4_AUDIO_CODECS = new Set(['aac', 'mp3', 'ac3', 'eac3', 'alac']);

/** Players assume BT.709 for videos of at least this height that do not name their color matrix. */
const HIGH_DEFINITION_HEIGHT = 720;

const STDERR_TAIL_LINES = 10;

/**
 * Writes a copy of a video with its labels burned in, in one run of ffmpeg. The lower edge shows the current label with
 * the mean confidence of its segment, and a bar of the whole timeline with a mark at the current time.
 *
 * Audio, chapters and metadata are copied. Each frame keeps its time. Rotation is applied, and the picture is encoded as
 * H.264. Subtitles and additional video streams are left out. A folder of pictures becomes a video at the timeline's
 * frame rate, in the order and shape in which the pictures were labeled, all at the size of the first.
 *
 * @param timeline - Its `video.source` is read again.
 * @param base - Path of the file without `.overlay.mp4`, or without `.overlay.mkv` if MP4 cannot hold the audio.
 * @returns The path of the file. The file is written completely or not at all.
 * @throws {VideoOpenError} If the video cannot be read.
 * @throws {VideoDecodeError} If a picture of a folder cannot be read.
 * @throws {VideoLimitError} If the video exceeds `limits`.
 * @throws {VideoStalledError} If there is no progress for `stallTimeoutMs`.
 * @throws {OutputError} If ffmpeg fails.
 * @throws The reason of `signal`, when it is aborted.
 * @example
 * await writeOverlay(await recognizer.label('street.mp4'), 'out/street'); // 'out/street.overlay.mp4'
 */
export async function writeOverlay(
  timeline: Timeline,
  base: string,
  options: OverlayOptions = {},
): Promise<string> {
  const { source, durationSec } = timeline.video;
  const { signal, stallTimeoutMs = 30_000, onProgress } = options;
  signal?.throwIfAborted();
  const { size, shiftSec, audioCodecs, input, pad, environment, pixels } = await openOverlaySource(
    timeline,
    options,
  );
  const band = bandOf(size);
  const bands = drawBands(timeline, band, { videoHeight: size.height, shiftSec });
  const container = audioCodecs.every((codec) => MP4_AUDIO_CODECS.has(codec)) ? 'mp4' : 'matroska';
  const { ffmpegPath, supportsFpsMode } = await findFfmpeg();

  const bandInput = { url: 'pipe:0', options: ['-protocol_whitelist', 'pipe', '-f', 'matroska'] };
  const filters = filtersOf(pad, size, band, { lengthSec: lengthSecOf(timeline), shiftSec });
  const outputOptions = [
    ...['-filter_complex', filters, '-map', '[labeled]', '-map', '0:a?', '-map_metadata', '0'],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '20', '-pix_fmt', 'yuv420p', '-c:a', 'copy'],
    // Each frame once, at its own time. An encoder that counts frames would round the time.
    ...[supportsFpsMode ? '-fps_mode' : '-vsync', 'passthrough', '-enc_time_base', '1:90000'],
    ...(container === 'mp4' ? ['-video_track_timescale', '90000'] : []),
    // Audio waits for the first frame, which a slow encoder gives only after its whole look-ahead.
    ...['-max_muxing_queue_size', '9999', '-f', container],
  ];
  const file = `${base}${OVERLAY_EXTENSIONS[container]}`;
  await writeAside(file, async (aside) => {
    const { stderr, ...exit } = await runFfmpeg(
      {
        ...{ program: ffmpegPath, inputs: [input, bandInput], outputOptions, outputUrl: `file:${aside}` },
        ...{ stdin: streamPictures(bands, band), pipe3: pixels, environment },
      },
      {
        ...{ signal, stallTimeoutMs, stallError: () => stallError(source, stallTimeoutMs) },
        onProgress: (doneSec) => onProgress?.({ doneSec, durationSec }),
      },
    );
    expectWritten(exit, stderr, { source, file, program: ffmpegPath });
  });
  return file;
}

function stallError(source: string, stallTimeoutMs: number): VideoStalledError {
  const message = `Drawing the labels of "${source}" stalled: ffmpeg made no progress for ${stallTimeoutMs} ms.`;
  return new VideoStalledError(message, source, stallTimeoutMs);
}

function expectWritten(
  { exitCode, startError }: FfmpegExit,
  stderr: string,
  { source, file, program }: { source: string; file: string; program: string },
): void {
  if (startError) {
    const message = `Cannot start "${program}": ${startError.message}.`;
    throw new OutputError(message, file, { cause: startError });
  }
  if (exitCode === 0) return;
  const complaints = stderr
    .trim()
    .split(/\r\n|\r|\n/)
    .slice(-STDERR_TAIL_LINES);
  const how = exitCode === null ? 'was killed' : `exited with code ${exitCode}`;
  const because = complaints[0] ? ` (${complaints[0]})` : '';
  const hint = complaints.some((line) => /unknown encoder/i.test(line))
    ? 'Install an ffmpeg with libx264, or name one in FFMPEG_PATH.'
    : 'Check that the video plays and that the disk has space.';
  const message = `Cannot write "${file}" of "${source}": ffmpeg ${how}${because}. ${hint}`;
  throw new OutputError(message, file, { cause: complaints.join('\n') });
}

function filtersOf(
  pad: string,
  { width, height }: { width: number; height: number },
  band: OverlayBand,
  { lengthSec, shiftSec }: { lengthSec: number; shiftSec: number },
): string {
  const matrix = height >= HIGH_DEFINITION_HEIGHT ? 'bt709' : 'bt601';
  const headWidth = Math.max(2, 2 * Math.round(width / 480));
  const share = `clip((t-${shiftSec.toFixed(6)})/${Math.max(lengthSec, 0.001).toFixed(6)},0,1)`;
  // `shortest` ends the output with the video, because the band and the mark never end.
  return [
    // Encoders require even sizes, and some videos change their size midway.
    `[${pad}]scale=${width}:${height},format=yuv420p[video]`,
    `[1:v]scale=out_color_matrix=${matrix}:out_range=tv,format=yuva420p[band]`,
    `[video][band]overlay=x=0:y=${height - band.height}:shortest=1[banded]`,
    `color=c=white:s=${headWidth}x${band.barHeight}:r=1[head]`,
    `[banded][head]overlay=x='${width - headWidth}*${share}':y=${height - band.barHeight}:shortest=1[labeled]`,
  ].join(';');
}
