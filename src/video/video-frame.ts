import type { VideoInfo } from '../video-info.js';

export type { VideoInfo };

/** One decoded picture. */
export interface VideoFrame {
  /** Zero-based position in what was decoded. */
  index: number;
  /** Seconds since the stream's start. */
  timeSec: number;
  /** RGB24, row-major, `[height, width, 3]`. */
  data: Uint8Array;
}

/** What ffprobe tells of a video stream: `VideoInfo` and what decoding needs beyond it. */
export interface StreamProbe {
  info: VideoInfo;
  /** Index of the stream among all streams of the container. */
  streamIndex: number;
  /** Earliest time of any stream of the container, in seconds. ffmpeg's own clock begins here. */
  containerStartSec: number;
  /** Whether the container has an index by presentation time, so that ffmpeg finds the key frame before a given time. */
  canSeek: boolean;
  /** Codecs of the audio streams, as ffmpeg names them. */
  audioCodecs: string[];
}
