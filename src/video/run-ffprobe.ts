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

/** Enough for a second stream to have its second packet. */
const NUM_COUNTED_PACKETS = 400;

/** Counts the video packets at the beginning of a source, by stream index. */
export async function countPackets(opened: MediaSource, run: FfprobeRun): Promise<Map<number, number>> {
  const entries = ['-show_entries', 'packet=stream_index', '-of', 'csv=p=0'];
  const interval = ['-read_intervals', `%+#${NUM_COUNTED_PACKETS}`];
  const { stdout } = await runFfprobe(opened, ['-select_streams', 'v', ...interval, ...entries], run);
  const counts = new Map<number, number>();
  for (const line of stdout.split(/\r?\n/)) {
    const index = Number.parseInt(line, 10);
    if (Number.isFinite(index)) counts.set(index, (counts.get(index) ?? 0) + 1);
  }
  return counts;
}

/** Seeking here leads to the last key frame. */
const AFTER_EVERY_END_SEC = 99_999_999;

/**
 * Reads when the last packet of a stream is shown, without decoding: from the last key frame on, or from the whole file if
 * it cannot be sought. Packets that an edit list hides do not count.
 *
 * @param frameSec - Length of a packet that does not state it, in seconds.
 * @returns Seconds on the container's clock. Undefined if packets have no times, or reading takes too long.
 */
export async function readStreamEnd(
  opened: MediaSource,
  streamIndex: number,
  frameSec: number,
  run: FfprobeRun,
): Promise<number | undefined> {
  const entries = ['-show_entries', 'packet=pts_time,duration_time,flags', '-of', 'compact=p=0'];
  for (const interval of [['-read_intervals', `${AFTER_EVERY_END_SEC}%`], []]) {
    try {
      const select = ['-select_streams', String(streamIndex)];
      const { stdout } = await runFfprobe(opened, [...select, ...interval, ...entries], run);
      const endSec = latestEnd(stdout, frameSec);
      if (endSec !== undefined) return endSec;
    } catch (error) {
      if (!(error instanceof VideoStalledError)) throw error;
    }
  }
  return undefined;
}

function latestEnd(printed: string, frameSec: number): number | undefined {
  let endSec: number | undefined;
  for (const line of printed.split(/\r?\n/)) {
    const [, pts, duration] = /^pts_time=(-?[\d.]+)\|duration_time=([^|]*)\|flags=[^D]*$/.exec(line) ?? [];
    if (pts === undefined) continue;
    const packetEndSec = Number(pts) + (Number(duration) || frameSec);
    if (packetEndSec > (endSec ?? -Infinity)) endSec = packetEndSec;
  }
  return endSec;
}
