/** What is known of a video before it is decoded. */
export interface VideoInfo {
  /** Path or URL as the caller gave it. */
  source: string;
  /** Width in pixels as shown, after rotation. */
  width: number;
  /** Height in pixels as shown, after rotation. */
  height: number;
  /** Clockwise rotation that the decoder applies: 0, 90, 180 or 270. */
  rotationDegrees: number;
  /** Average frames a second; 0 where the source does not say. */
  frameRate: number;
  /** Length in seconds; 0 where the source does not say, as for live input. */
  durationSec: number;
  /** Presentation time of the stream's start on the container's clock, in seconds. */
  startSec: number;
  codec: string;
  /** Number of frames, where the container says. */
  numFrames?: number;
}

/** One decoded picture. */
export interface VideoFrame {
  /** Zero-based position in what was decoded. */
  index: number;
  /** Seconds since the stream's start. */
  timeSec: number;
  /** RGB24, row-major, `[height, width, 3]`. */
  data: Uint8Array;
}
