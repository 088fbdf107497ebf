import { open } from 'node:fs/promises';
import { chooseStream, movingStreams, shownSize, type ProbedStream } from './choose-stream.js';
import { probeImageFolder } from './image-folder.js';
import { countPackets, readStreamEnd, runFfprobe } from './run-ffprobe.js';
import type { StreamProbe, VideoInfo } from './video-frame.js';
import { openSource, refusal, type MediaSource } from './video-source.js';

/**
 * Formats with an index and a presentation time for every frame. Without an index, as in MPEG-TS, seeking may land after
 * the key frame. In AVI the times of reordered frames are guessed from the frames before, so after seeking they differ;
 * codecs without reordering can seek.
 */
const INDEXED_FORMAT = /^(?:mov|matroska)/;
const INTRA_CODECS = new Set(['mjpeg', 'rawvideo', 'dvvideo', 'huffyuv', 'ffvhuff', 'utvideo', 'png']);

/** How a source is probed. */
export interface ProbeOptions {
  /** Whether a network address may be opened. Default false. */
  allowRemote?: boolean;
  /** Hosts besides that of the address that redirects and playlists may lead to. Default: none. */
  allowHosts?: readonly string[];
  /** Rate at which the pictures of a folder were taken, in frames per second. Default 25. */
  folderFrameRate?: number;
  /** Milliseconds that probing may take. Default 30,000. */
  stallTimeoutMs?: number;
  signal?: AbortSignal;
  /** What results and messages call a file. Default: its path. */
  sourceName?: string;
  /** Index of the stream, as ffprobe counts all streams of the file. Default: the stream that players show. */
  stream?: number;
}

interface MediaFormat {
  format_name?: string;
  start_time?: string;
  duration?: string;
}

interface ProbedMedia {
  streams?: ProbedStream[];
  format?: MediaFormat;
}

/**
 * Reads the properties of the video stream that players show: the default one, else the largest. Cover pictures and
 * streams of a single frame are skipped.
 *
 * Width and height are as shown: with square pixels and after rotation.
 *
 * @param source - A video file, a folder of pictures, or, with `allowRemote`, a network address.
 * @throws {VideoOpenError} If the source cannot be read or has no video stream.
 * @throws {VideoStalledError} If probing takes longer than `stallTimeoutMs`.
 * @throws {FfmpegMissingError} If this machine has no ffprobe.
 * @throws The reason of `signal`, when it is aborted.
 * @example
 * const { width, height, durationSec } = await probeVideo('street.mp4');
 */
export async function probeVideo(source: string, options: ProbeOptions = {}): Promise<VideoInfo> {
  return (await examineVideo(source, options)).info;
}

/**
 * Probes a video like `probeVideo`, and also returns what decoding needs.
 *
 * @returns `probe` is absent for a folder of pictures.
 */
export async function examineVideo(
  source: string,
  options: ProbeOptions = {},
): Promise<{ info: VideoInfo; probe?: StreamProbe }> {
  const opened = await openSource(source, options.allowRemote, options.sourceName, options.allowHosts);
  if (opened.kind === 'folder') return { info: await probeImageFolder(source, options.folderFrameRate) };
  const probe = await probeStream(opened, options);
  return { info: probe.info, probe };
}

/** Probes an opened source. Throws as `probeVideo` does. */
export async function probeStream(
  opened: MediaSource,
  options: Pick<ProbeOptions, 'signal' | 'stallTimeoutMs' | 'stream'>,
): Promise<StreamProbe> {
  const { source } = opened;
  const { format = {}, streams = [] } = await probeMedia(opened, options);
  const stream = await findStream(opened, streams, options);
  const { width, height } = shownSize(stream);
  if (width === 0 || height === 0) {
    throw refusal(source, 'its video stream holds no picture that ffmpeg can read. Copy or record it again.');
  }
  const containerStartSec = toNumber(format.start_time);
  const rotationDegrees = rotationOf(stream);
  const isTurned = rotationDegrees % 180 !== 0;
  const frameRate = toRate(stream.avg_frame_rate) || toRate(stream.r_frame_rate);
  const startSec = toNumber(stream.start_time, containerStartSec);
  const durationSec = await findDuration(opened, { stream, format, startSec, frameRate }, options);
  const numFrames = toNumber(stream.nb_frames);
  // An edit list can hide frames that the file holds.
  const isShown = numFrames > 0 && numFrames <= 1.01 * durationSec * frameRate + 2;
  const info: VideoInfo = {
    source,
    width: isTurned ? height : width,
    height: isTurned ? width : height,
    rotationDegrees,
    frameRate,
    durationSec,
    startSec,
    codec: stream.codec_name ?? 'unknown',
    // Absent rather than undefined if unknown, so that whole objects can be compared.
    ...(isShown ? { numFrames } : {}),
  };
  const formatName = format.format_name ?? '';
  const canSeek = INDEXED_FORMAT.test(formatName) || (formatName === 'avi' && INTRA_CODECS.has(info.codec));
  const sounds = streams.filter((each) => each.codec_type === 'audio');
  const audioCodecs = sounds.map(({ codec_name: codec = 'unknown' }) => codec);
  return { info, streamIndex: stream.index, containerStartSec, canSeek, audioCodecs };
}

/** Returns the stream that the options ask for, else the one that players show. */
async function findStream(
  opened: MediaSource,
  streams: readonly ProbedStream[],
  options: ProbeOptions,
): Promise<ProbedStream> {
  const { source } = opened;
  const moving = movingStreams(streams);
  if (options.stream !== undefined) {
    const wanted = streams.find(
      ({ index, codec_type: type }) => index === options.stream && type === 'video',
    );
    if (wanted) return wanted;
    const known = moving.map(({ index }) => index).join(', ') || 'none';
    throw refusal(source, `stream ${options.stream} is no video stream of it. Its video streams: ${known}.`);
  }
  if (moving.length === 0)
    throw refusal(source, 'it has no video stream. Give it a file with moving pictures.');
  const isCounted = moving.length === 1 || moving.every((stream) => toNumber(stream.nb_frames) > 0);
  return chooseStream(moving, isCounted ? new Map<number, number>() : await countPackets(opened, options));
}

/**
 * Finds the length of a stream in seconds. Headers state it up to three times, for the stream, in a tag and for the
 * container. Where they agree they are right. Else the last packets are read, which only a file allows.
 *
 * @returns 0 if the length is unknown.
 */
async function findDuration(
  opened: MediaSource,
  {
    stream,
    format,
    startSec,
    frameRate,
  }: { stream: ProbedStream; format: MediaFormat; startSec: number; frameRate: number },
  options: ProbeOptions,
): Promise<number> {
  const tagSec = toSeconds(stream.tags?.['DURATION']);
  const statedSec = toNumber(stream.duration) || tagSec || toNumber(format.duration);
  if (opened.kind !== 'file') return statedSec;
  const frameSec = frameRate > 0 ? 1 / frameRate : 0;
  const slackSec = Math.max(0.5, 2 * frameSec);
  const containerSec = toNumber(format.start_time) + toNumber(format.duration) - startSec;
  const isAgreed = statedSec > 0 && Math.abs(statedSec - containerSec) <= slackSec;
  if (isAgreed) return statedSec;
  const endSec = await readStreamEnd(opened, stream.index, frameSec, options);
  return endSec !== undefined && endSec > startSec ? endSec - startSec : statedSec;
}

/** Runs ffprobe with JSON output, because a line break in a file name or tag corrupts its text output. */
async function probeMedia(opened: MediaSource, options: ProbeOptions): Promise<ProbedMedia> {
  const { source, url } = opened;
  const printing = ['-print_format', 'json', '-show_format', '-show_streams'];
  const { stdout, stderr, ...exit } = await runFfprobe(opened, printing, options);
  try {
    if (exit.startError) throw exit.startError;
    if (exit.exitCode !== 0) throw new Error(exit.signal ?? `ffprobe exited with code ${exit.exitCode}`);
    return JSON.parse(stdout) as ProbedMedia;
  } catch (cause) {
    const why = stderr.includes('moov atom not found')
      ? await explainMissingIndex(opened)
      : explain(stderr.replaceAll(url, ''), (cause as Error).message);
    throw refusal(source, why, cause);
  }
}

/** ffmpeg takes any file named `.mp4` for an MP4 without an index. The first box shows whether it really is one. */
async function explainMissingIndex({ path }: MediaSource): Promise<string> {
  if (path !== undefined) {
    const file = await open(path);
    try {
      const { buffer } = await file.read({ buffer: Buffer.alloc(8), position: 0 });
      if (!/^(?:ftyp|mdat|free|skip|wide|moof|styp)$/.test(buffer.toString('latin1', 4))) {
        return 'its content is not that of a video, whatever its name says. Give it the video itself.';
      }
    } finally {
      await file.close();
    }
  }
  return 'it is cut short, its index (moov atom) is missing. Copy or record it again.';
}

function explain(stderr: string, failure: string): string {
  const lastLine = stderr.trim().split('\n').at(-1) || failure.split('\n', 1)[0];
  if (lastLine?.endsWith('End of file')) return 'it ends before its first frame. Copy or record it again.';
  if (/not on whitelist/i.test(stderr)) {
    return 'it is a playlist, a list of files or another format that is not opened. Give it the video itself.';
  }
  const complaint = lastLine?.replace(/^[:\s]+/, ''); // left over from the removed file name
  return `ffmpeg cannot read it as a video (${complaint}). Check that it is one and plays elsewhere.`;
}

/** Returns clockwise degrees. The display matrix counts counterclockwise, the older `rotate` tag clockwise. */
function rotationOf({ side_data_list: sideData = [], tags }: ProbedStream): number {
  const counterclockwise = sideData.find((entry) => entry.rotation !== undefined)?.rotation;
  const clockwise = counterclockwise === undefined ? toNumber(tags?.['rotate']) : -counterclockwise;
  return (((Math.round(clockwise / 90) * 90) % 360) + 360) % 360;
}

function toNumber(text: string | undefined, fallback = 0): number {
  const number = Number.parseFloat(text ?? '');
  return Number.isFinite(number) ? number : fallback;
}

/** "30000/1001" → 29.97…; "0/0", an unknown rate, → 0. */
function toRate(text = ''): number {
  const [numerator = 0, denominator = 0] = text.split('/').map(Number);
  return denominator > 0 ? numerator / denominator : 0;
}

/** "00:01:02.500000000", Matroska's tag for the length of a stream, → 62.5. */
function toSeconds(text = ''): number {
  const [hours = 0, minutes = 0, seconds = 0] = text.split(':').map(Number);
  return hours * 3600 + minutes * 60 + seconds || 0;
}
