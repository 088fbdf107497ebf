import { VideoStalledError } from '../errors.js';
import { findFfmpeg } from '../ffmpeg/find-ffmpeg.js';
import { runFfmpeg, type FfmpegResult } from '../ffmpeg/run-ffmpeg.js';
import type { MediaSource } from './video-source.js';

/** How ffprobe is supervised. */
export interface FfprobeRun {
  /** Milliseconds that it may take. Default 30,000. */
  stallTimeoutMs?: number;
  signal?: AbortSignal;
}

/**
 * Runs ffprobe on a source.
 *
 * @param printing - Options that say what is printed, and how.
 * @throws {VideoStalledError} If it takes longer than `stallTimeoutMs`.
 * @throws The reason of `signal`, when it is aborted.
 */
export async function runFfprobe(
  { source, url, inputOptions, environment }: MediaSource,
  printing: readonly string[],
  { stallTimeoutMs = 30_000, signal }: FfprobeRun,
): Promise<FfmpegResult> {
  const { ffprobePath } = await findFfmpeg();
  return runFfmpeg(
    {
      program: ffprobePath,
      environment,
      inputs: [{ url, options: ['-v', 'error', ...printing, ...inputOptions] }],
    },
    { stallTimeoutMs, stallError: () => stallError(source, stallTimeoutMs), signal },
  );
}

function stallError(source: string, stallTimeoutMs: number): VideoStalledError {
  const message =
    `Probing "${source}" gave nothing for ${stallTimeoutMs} ms. ` +
    'Check the source, or raise stallTimeoutMs.';
  return new VideoStalledError(message, source, stallTimeoutMs);
}
