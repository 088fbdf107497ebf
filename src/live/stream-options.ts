import type { Readable } from 'node:stream';
import type { FrameLabel } from '../timeline/timeline.js';
import type { VideoLimits } from '../video/video-limits.js';
import type { ConnectionLoss } from './reconnect.js';

/** Which part of a video is read, and how. */
export interface SourceOptions {
  /** Start of the range to label, in seconds since the start of the stream. Default 0. */
  startSec?: number;
  /** Length of the range to label, in seconds. Default: to the end. */
  durationSec?: number;
  /** Stops with the signal's reason, after the decoder has ended. */
  signal?: AbortSignal;
  /** Milliseconds without progress after which the video counts as stalled. Default 30,000. */
  stallTimeoutMs?: number;
  /** Index of the video stream, as ffprobe counts all streams of the file. Default: the stream that players show. */
  stream?: number;
  /** Permit URLs. Only local files are opened otherwise. */
  allowRemote?: boolean;
  /** Hosts besides that of the address that redirects and playlists may lead to. Default: none. */
  allowHosts?: readonly string[];
  /**
   * Gray levels, 0 to 255. A frame reuses the features of the last encoded frame if the means of all its tiles of 16 by
   * 16 pixels, at the encoder's size, differ by less. Faster for a camera that does not move. Default: every frame is
   * encoded.
   */
  skipUnchanged?: number;
  /** How large and long a video may be. */
  limits?: VideoLimits;
}

/** How a video is labeled while it arrives. */
export interface StreamOptions extends SourceOptions {
  /** Frames with a lower confidence, 0 to 1, are labeled "unknown". Off by default. */
  unknownBelow?: number;
  /**
   * Whether the oldest waiting frame is dropped when labeling falls behind. Otherwise the source has to wait. Default:
   * true for sources of unknown length (live).
   */
  dropFrames?: boolean;
  /** Number of decoded frames that may wait to be labeled, 1 or more. Default 4. */
  maxWaiting?: number;
  /**
   * Reconnect attempts in a row when a live source is lost or delivers nothing new, including the first connection.
   * Default: unlimited for a URL that has delivered a frame, unless it replays the same recording; otherwise 0.
   */
  reconnect?: number;
  /** Called for each lost connection before the next attempt. */
  onConnectionLost?: (loss: ConnectionLoss) => void;
  /** What the source `-` reads. Default: standard input of this process. */
  stdin?: Readable;
}

/** The label of one frame of a stream. */
export interface StreamedFrame extends FrameLabel {
  /** Milliseconds from the arrival of the decoded frame to its label. */
  delayMs: number;
  /** Number of frames dropped between the frame before and this one, because labeling fell behind. */
  numDropped: number;
}
