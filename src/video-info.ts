/** What is known of a video without decoding it. */
export interface VideoInfo {
  /** Path or URL as the caller gave it. */
  source: string;
  /** Displayed width in pixels, after rotation. */
  width: number;
  /** Displayed height in pixels, after rotation. */
  height: number;
  /** Clockwise rotation that the decoder applies: 0, 90, 180 or 270. */
  rotationDegrees: number;
  /** Average frames per second; 0 if unknown. */
  frameRate: number;
  /** Length in seconds; 0 if unknown, as for live input. */
  durationSec: number;
  /** Presentation time of the stream's start on the container's clock, in seconds. */
  startSec: number;
  codec: string;
  /** Number of frames, if the container states it. */
  numFrames?: number;
}
