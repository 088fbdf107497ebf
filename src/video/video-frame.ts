export type { VideoInfo } from '../video-info.js';

/** One decoded picture. */
export interface VideoFrame {
  /** Zero-based position in what was decoded. */
  index: number;
  /** Seconds since the stream's start. */
  timeSec: number;
  /** RGB24, row-major, `[height, width, 3]`. */
  data: Uint8Array;
}
