import { randomUUID } from 'node:crypto';
import { findFfmpeg } from '../ffmpeg/find-ffmpeg.js';
import { checkDecodeOptions, type DecodeOptions } from './decode-options.js';
import { decodeImageFolder } from './image-folder.js';
import { openLiveInput } from './live-input.js';
import { probeStream } from './probe-video.js';
import { VideoDecoder, type DecodePlan } from './video-decoder.js';
import type { StreamProbe, VideoFrame, VideoInfo } from './video-frame.js';
import { expectWithinLimits, ffmpegLimits, limitsOf } from './video-limits.js';
import { openSource, type MediaSource } from './video-source.js';

/**
 * Decodes a source to RGB frames of one size, with exact times. ffmpeg starts when the first frame is requested, and has
 * ended when the loop is left, also when it is left early.
 *
 * Rotation is applied. The stream that players show is used, or `stream`. Times are seconds since the start of the stream, or since the
 * first frame of a live source. A damaged video still gives its readable frames. They are followed by an error if the
 * end of the video is missing, or by the process warning `FRAMEWISE_DAMAGED_VIDEO` if single frames are damaged.
 *
 * @param source - A video file or a folder of pictures; with `allowRemote` also a network address, with `allowLive` also
 *   `-` and `device:NAME`.
 * @throws {UsageError} If an option is out of its range. Thrown by the call itself, before the first frame.
 * @throws {VideoOpenError} If the source cannot be read or has no video stream.
 * @throws {VideoDecodeError} If there is no frame, or after the last good frame if the rest is missing or damaged.
 * @throws {VideoLimitError} If the video exceeds `limits`: before the first frame if the file states its size and
 *   length, otherwise after the last frame within the limits.
 * @throws {VideoStalledError} If there is no progress for `stallTimeoutMs`.
 * @throws The reason of `signal`, when it is aborted.
 * @example
 * for await (const { timeSec, data } of decodeFrames('street.mp4', { width: 224, height: 224, frameRate: 5 })) …
 */
export function decodeFrames(source: string, options: DecodeOptions): AsyncGenerator<VideoFrame> {
  checkDecodeOptions(options);
  return decodeSource(source, options);
}

async function* decodeSource(source: string, options: DecodeOptions): AsyncGenerator<VideoFrame> {
  const live = options.allowLive ? openLiveInput(source, options.stdin) : undefined;
  const opened =
    live ?? (await openSource(source, options.allowRemote, options.sourceName, options.allowHosts));
  yield* opened.kind === 'folder' ? decodeImageFolder(source, options) : decodeVideo(opened, options);
}

/**
 * Decodes a video with ffmpeg. See `decodeFrames`.
 *
 * Times are exact because two muxers write each frame: `rawvideo` writes its pixels to stdout, `framecrc` its timestamp
 * in microseconds to stderr. The `showinfo` filter prints the times of source frames before the frame rate is changed,
 * without checksums so that it reads no pixels. It writes a dozen times per frame, so it prints every source frame only
 * if `onSourceFrame` is set, and a few otherwise.
 */
async function* decodeVideo(opened: MediaSource, options: DecodeOptions): AsyncGenerator<VideoFrame> {
  const { signal } = options;
  signal?.throwIfAborted();
  // Probing a live source would open another connection, whose times differ, and would consume standard input.
  const isProbed = opened.kind === 'file' || (opened.kind === 'remote' && options.startSec);
  const probe = isProbed ? (options.probe ?? (await probeStream(opened, options))) : undefined;
  signal?.throwIfAborted();
  if (probe) expectWithinLimits(probe.info, options);
  const decoder = await startDecoder(opened, probe, options);
  try {
    for (let frame = await decoder.next(); frame; frame = await decoder.next()) yield frame;
  } finally {
    await decoder.stop();
  }
}

/**
 * Starts to decode, from a key frame before the range if the container finds one. An index may be missing or wrong, its
 * times may be those of decoding, and frames that follow the key frame of an open GOP are not shown. So the first frame is
 * checked, and the video is decoded from its start if frames of the range may be lost.
 */
async function startDecoder(
  opened: MediaSource,
  probe: StreamProbe | undefined,
  options: DecodeOptions,
): Promise<VideoDecoder> {
  if (probe?.canSeek && options.startSec) {
    const decoder = new VideoDecoder(await planDecoding(opened, probe, options, true), options);
    let isInTime = false;
    try {
      isInTime = await decoder.beginsInTime();
    } finally {
      if (!isInTime) await decoder.stop();
    }
    if (isInTime) return decoder;
  }
  return new VideoDecoder(await planDecoding(opened, probe, options, false), options);
}

async function planDecoding(
  { kind, source, url, inputOptions, environment, stdin }: MediaSource,
  probe: StreamProbe | undefined,
  options: DecodeOptions,
  isSeeking: boolean,
): Promise<DecodePlan> {
  const { ffmpegPath, supportsFpsMode } = await findFfmpeg();
  const { startSec = 0, durationSec = Infinity } = options;
  const syncOption = supportsFpsMode ? '-fps_mode' : '-vsync';
  const clock = planClock(probe, startSec, isSeeking);
  // A random token in the names of the printing filters keeps tags of a video from imitating their lines.
  const token = randomUUID().slice(0, 8);
  const general = [
    ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'repeat+level+info'],
    // Several threads do not scale small frames faster. Decoding has its own threads.
    ...['-filter_threads', '1'],
  ];
  const isWhole = startSec === 0 && durationSec === Infinity;
  const limits = limitsOf(options.limits, kind !== 'file');
  const stretch = isWhole ? [] : [trim(startSec, startSec + durationSec)];
  const print = (name: string) => `showinfo@${name}${token}=checksum=0`;
  // In branches of their own, because a filter that makes or drops frames may never pass one on.
  const watch = [
    'split=3[seen][counted][passed]',
    `[seen]${chain(SOME_FRAMES, print('source'), 'nullsink')}`,
    `[counted]${chain(...stretch, `select='gte(n,${limits.maxFrames})'`, print('surplus'), 'nullsink')}`,
    '[passed]null',
  ].join(';');
  const rate = options.frameRate === 'source' ? [] : [`fps=fps=${options.frameRate},settb=1/1000000`];
  const filters = chain(
    'settb=1/1000000',
    clock.filter,
    options.onSourceFrame ? print('source') : watch,
    ...rate,
    ...stretch,
    resize(options),
  );
  return {
    source,
    info: probe?.info,
    mustBeginBySec: isSeeking ? startSec : undefined,
    limits,
    token,
    url,
    command: {
      program: ffmpegPath,
      environment,
      stdin,
      inputs: [
        { url, options: [...general, ...ffmpegLimits(limits), ...inputOptions, ...clock.inputOptions] },
      ],
      // `passthrough` neither duplicates nor drops frames.
      outputOptions: [
        ...[
          '-filter:v',
          filters,
          '-map',
          streamOf(probe, options),
          syncOption,
          'passthrough',
          '-c:v',
          'rawvideo',
        ],
        ...['-enc_time_base', '1:1000000', '-avoid_negative_ts', 'disabled', '-f', 'tee'],
      ],
      // framecrc comes first, so that a frame's time is written before its pixels.
      outputUrl: '[f=framecrc:flush_packets=1]pipe:2|[f=rawvideo]pipe:1',
    },
  };
}

/** The stream as ffmpeg's `-map` has it. `V` excludes cover pictures. */
function streamOf(probe: StreamProbe | undefined, { stream }: DecodeOptions): string {
  return `0:${probe?.streamIndex ?? stream ?? 'V:0'}`;
}

/** Selects one frame per second of the wall clock, and each frame more than five seconds after its predecessor. */
const SOME_FRAMES = "select='if(gt(time(0)-ld(0),1)+gt(pts-prev_pts,5000000),st(0,time(0)),0)'";

function chain(...filters: string[]): string {
  return filters.join(',');
}

/**
 * Scales frames. `bilinear` averages all pixels under a triangle when it shrinks, as sharp's kernel does for the pictures
 * of a folder. `dar` respects pixels that are not square, ffmpeg's `force_original_aspect_ratio` does not. Bars are added
 * in RGB, where they can start at any pixel.
 */
function resize({ width, height, fit = 'fill' }: DecodeOptions): string {
  if (fit === 'fill') return `scale=${width}:${height}:flags=bilinear,format=rgb24`;
  const inner = `w='max(1,round(min(${width},${height}*dar)))':h='max(1,round(min(${height},${width}/dar)))'`;
  return `scale=${inner}:flags=bilinear,format=rgb24,pad=${width}:${height}:(ow-iw)/2:(oh-ih)/2:black`;
}

/** Makes ffmpeg's timestamps count from the start of the stream. */
function planClock(
  probe: StreamProbe | undefined,
  startSec: number,
  isSeeking: boolean,
): { inputOptions: string[]; filter: string } {
  // Without a length (a live source or a raw stream) there is no index either. Time starts at the first frame.
  if (!probe || (probe.info.durationSec === 0 && !isSeeking)) {
    return { inputOptions: [], filter: 'setpts=PTS-STARTPTS' };
  }
  const { info, containerStartSec } = probe;
  // ffmpeg moves the container's start to zero and repairs clocks that jump.
  const inputOptions: string[] = [];
  if (!isSeeking) return { inputOptions, filter: shiftBy(containerStartSec - info.startSec) };
  // After seeking, ffmpeg would count from the seek time, rounded to ticks, so `copyts` keeps its clock. It seeks to a
  // key frame; `trim` makes the exact cut.
  const seekSec = Math.max(0, startSec + info.startSec - containerStartSec - seekMarginSec(info));
  inputOptions.push('-copyts', '-noaccurate_seek', '-ss', seekSec.toFixed(6));
  return { inputOptions, filter: shiftBy(-info.startSec) };
}

/**
 * How far before the range to seek. Containers look for a key frame by its time of decoding, which is earlier than the one
 * of presentation by up to 16 frames. A picture that is refreshed in stripes is complete about a second after a key frame.
 */
function seekMarginSec({ frameRate }: VideoInfo): number {
  return Math.max(1, frameRate > 0 ? 20 / frameRate : 4);
}

function shiftBy(seconds: number): string {
  return `setpts=PTS+${toMicroseconds(seconds)}`;
}

function trim(startSec: number, endSec: number): string {
  const end = Number.isFinite(endSec) ? `:end_pts=${toMicroseconds(endSec)}` : '';
  return `trim=start_pts=${toMicroseconds(startSec)}${end}`;
}

function toMicroseconds(seconds: number): string {
  return (seconds * 1e6).toFixed(0);
}
