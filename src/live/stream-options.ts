import type { Readable } from 'node:stream';
import type { FrameLabel } from '../timeline/timeline.js';
import type { VideoLimits } from '../video/video-limits.js';
import type { ConnectionLoss } from './reconnect.js';

/** What is read of a video, and how. */
export interface SourceOptions {
  /** First moment to label, in seconds since the stream's start. Default 0. */
  startSec?: number | undefined;
  /** Seconds to label. Default: to the end. */
  durationSec?: number | undefined;
  /** Rejects with the signal's reason; the decoder is gone by then. */
  signal?: AbortSignal | undefined;
  /** Milliseconds without a frame after which the video counts as stalled. Default 30,000. */
  stallTimeoutMs?: number | undefined;
  /** Permit URLs. Only local files are opened otherwise. */
  allowRemote?: boolean | undefined;
  /**
   * Frames that look like the last one encoded take its features: those of which no tile of 16 by 16 pixels, at the
   * encoder's size, differs by so many gray levels, 0 to 255, on average. Quicker on a camera that stands still. Default:
   * every frame is encoded.
   */
  skipUnchanged?: number | undefined;
  /** How large and long a video may be. */
  limits?: VideoLimits | undefined;
}

/** How a video is labeled as it comes. */
export interface StreamOptions extends SourceOptions {
  /** Confidence below which a frame is called "unknown", 0 to 1. Off by default. */
  unknownBelow?: number | undefined;
  /**
   * Whether the frame that has waited longest gives way where labeling falls behind; else the source is made to wait.
   * Default: as the source is live, which one is that does not know its own length.
   */
  dropFrames?: boolean | undefined;
  /** Decoded frames that may wait to be labeled, 1 or more. Default 4. */
  maxWaiting?: number | undefined;
  /**
   * How often in a row to connect anew with a live source that is lost or gives nothing new, the first connection among
   * them. Default: without end for an address once it gave a frame, until it gives but what it gave before, else 0.
   */
  reconnect?: number | undefined;
  /** Told of each connection that is lost and will be tried again. */
  onConnectionLost?: ((loss: ConnectionLoss) => void) | undefined;
  /** What the source `-` reads. Default: standard input of this process. */
  stdin?: Readable | undefined;
}

/** The label of one frame of a stream. */
export interface StreamedFrame extends FrameLabel {
  /** Milliseconds from the moment at which the decoder gave the frame to the one at which its label is given. */
  delayMs: number;
  /** Frames between the one before and this one that were dropped, since labeling had fallen behind. */
  numDropped: number;
}
