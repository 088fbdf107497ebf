import { encodeVideo } from './encoder/features/encode-video.js';
import type { FrameEncoder } from './encoder/frame-encoder.js';
import { concatenate, joinBatches } from './encoder/features/encoded-frames.js';
import { labelEncoded } from './labeler/online-labeler.js';
import { createModelEncoder, loadModel, type ModelDescription } from './labeler/model/model-folder.js';
import { smoothingOf, type SmoothingRequest } from './labeler/model/model-smoothing.js';
import type { TemporalLabeler } from './labeler/temporal-labeler.js';
import { expectOnline, streamLabels } from './live/stream-labels.js';
import type { SourceOptions, StreamedFrame, StreamOptions } from './live/stream-options.js';
import { backendDevice, startBackend, type BackendName } from './runtime/backend.js';
import { endOfVideo } from './timeline/segments.js';
import { buildTimeline } from './timeline/build-timeline.js';
import type { Timeline } from './timeline/timeline.js';
import { examineVideo } from './video/probe-video.js';
import { nameSource, spoolSource, type SpooledSource, type VideoSource } from './video/spool-source.js';

/** What a recognizer runs on. */
export interface RecognizerOptions {
  /** Default: the fastest backend of this machine, see `startBackend`. */
  backend?: BackendName;
  /** Threads that encode frames. Default: one per core, or one on a native backend. */
  workers?: number;
}

/** How a whole video is labeled. */
export interface LabelOptions extends SourceOptions {
  /** Frames, and segments by their mean, with a lower confidence are labeled "unknown", 0 to 1. Default: none. */
  unknownBelow?: number;
  /** Smooths the segments. Frames keep the model's own labels. Default: as validation videos chose for the model. */
  smoothing?: SmoothingRequest;
  /** Label each frame of the source at its own time, instead of one frame every 1/frameRate seconds. */
  everyFrame?: boolean;
  /** Called after each chunk of frames. */
  onProgress?: (progress: LabelProgress) => void;
}

/** How much of a video is labeled. */
export interface LabelProgress {
  /** Seconds of the video that are decoded and encoded. */
  doneSec: number;
  /** Length of the video in seconds; 0 if unknown. */
  durationSec: number;
  /** Labeled frames. A bidirectional model labels all of them at the end. */
  numFrames: number;
}

/** Most frames that the labeler gets at once in a whole video. A GPU needs as long for one frame as for many. */
const FRAMES_PER_STRETCH = { cpu: 32, gpu: 128 };

/**
 * Labels every frame of videos with the activity it shows: decodes, encodes, and runs a trained network over time.
 *
 * Memory holds one chunk of frames and the labels, however long the video is, and for a bidirectional model one projection
 * per frame. Several videos can be labeled at the same time.
 *
 * @example
 * await using recognizer = await ActivityRecognizer.load('models/surveillance-fights');
 * const timeline = await recognizer.label('street.mp4');
 * for (const { label, startSec, endSec } of timeline.segments) console.log(label, startSec, endSec);
 */
export class ActivityRecognizer implements Disposable, AsyncDisposable {
  /** The trained model: labels, frame rate, encoder, training record. */
  readonly model: ModelDescription;
  readonly #labeler: TemporalLabeler;
  readonly #encoder: FrameEncoder;
  #isDisposed = false;

  private constructor(model: ModelDescription, labeler: TemporalLabeler, encoder: FrameEncoder) {
    this.model = model;
    this.#labeler = labeler;
    this.#encoder = encoder;
  }

  /**
   * Loads a trained model. The caller disposes the recognizer.
   *
   * @param modelDir - Folder with `model.json` and its weights.
   * @throws {ModelError} If the model is missing, damaged, or was trained on another encoder than the one found here.
   * @throws {BackendError} If the requested backend cannot start.
   */
  static async load(
    modelDir: string,
    { backend, workers }: RecognizerOptions = {},
  ): Promise<ActivityRecognizer> {
    await startBackend(backend);
    const { description, labeler } = await loadModel(modelDir);
    try {
      const encoder = await createModelEncoder(modelDir, description, { backend, workers });
      return new ActivityRecognizer(description, labeler, encoder);
    } catch (error) {
      labeler.dispose();
      throw error;
    }
  }

  /**
   * Labels a whole video.
   *
   * Bytes (a buffer, a blob or a stream, for example an upload) are first written to a private temporary file, which is
   * always removed. `video.source` of the timeline is then the file's name, or `(buffer)`, `(blob)` or `(stream)`.
   *
   * @param source - File, folder of pictures, with `allowRemote` a network address, or the bytes of a video file.
   * @throws {UsageError} If smoothing or threshold are impossible, or the model lacks what the smoothing needs.
   * @throws {VideoOpenError} If the video cannot be opened, or a stream fails; `cause` is then the stream's error.
   * @throws {VideoLimitError} If the video exceeds the limits.
   * @throws {VideoDecodeError | VideoStalledError} If decoding fails on the way, or gives no frame.
   * @throws The reason of `signal`, when it is aborted.
   *
   * @example
   * const timeline = await recognizer.label(request, { limits: { maxBytes: 100e6 } }); // an upload of a Node server
   */
  async label(source: VideoSource, options: LabelOptions = {}): Promise<Timeline> {
    const smoothing = smoothingOf(this.model, options.smoothing ?? {});
    const spooled = await spoolSource(source, options);
    try {
      return await this.#label(spooled, options, smoothing);
    } finally {
      await spooled.remove();
    }
  }

  /**
   * Labels a video as it arrives. Besides the sources of {@link label}, the source can be an address (RTSP, HTTP, …)
   * without `allowRemote`, a camera (`device:/dev/video0`), or `-` for standard input. Streams are not smoothed, because
   * smoothing needs later frames.
   *
   * A video of known length is labeled frame by frame, with the labels that {@link label} gives it. Bytes are first
   * received whole, as in {@link label}; pass a stream as `stdin` with the source `-` to label it while it arrives.
   *
   * A source of unknown length is live. A few of its frames wait; when labeling falls behind, the oldest of them are
   * dropped, and the others keep their times. A lost connection to an address is opened again after growing pauses,
   * without end. Times then continue by the wall clock, and the network starts afresh. If the address delivers the same
   * frames as before, it is a recording: labeling resumes at the break and stops at the recording's end. `options` change
   * all of this.
   *
   * @yields One label per frame, in order, as soon as it is known.
   * @throws {UsageError} If the model is bidirectional: it labels no frame before the end of the video.
   * @throws {VideoOpenError} If the source cannot be opened, or a live source gives no frame.
   * @throws {VideoDecodeError | VideoStalledError} If decoding fails on the way, and the source is not opened again.
   * @throws {VideoLimitError} If the video exceeds the limits. Live sources have no limit of length by default.
   * @throws The reason of `signal`, when it is aborted.
   */
  async *stream(source: VideoSource, options: StreamOptions = {}): AsyncGenerator<StreamedFrame> {
    const stages = { model: this.model, labeler: this.#labeler, encoder: this.#encoder };
    expectOnline(this.model, nameSource(source));
    const { location, sourceName, remove } = await spoolSource(source, options);
    try {
      yield* streamLabels(stages, location, { ...options, sourceName });
    } finally {
      await remove();
    }
  }

  /** Frees tensors and threads. The recognizer cannot be used afterwards. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#encoder.dispose();
    this.#labeler.dispose();
  }

  /** Same as {@link dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Same as {@link dispose}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    this.dispose();
    return Promise.resolve();
  }

  async #label(
    { location, sourceName }: SpooledSource,
    { everyFrame = false, unknownBelow, onProgress, ...options }: LabelOptions,
    smoothing: ReturnType<typeof smoothingOf>,
  ): Promise<Timeline> {
    const { model } = this;
    const { frameRate, labels, name } = model;
    const { info: video, probe } = await examineVideo(location, { ...options, sourceName });
    const sourceTimesSec: number[] = [];
    const onSourceFrame = everyFrame ? (timeSec: number) => void sourceTimesSec.push(timeSec) : undefined;
    const timesSec: number[] = [];
    const chunks: Float32Array[] = [];
    const decoding = { ...options, sourceName, probe, onSourceFrame, frameRate };
    const batches = encodeVideo(location, this.#encoder, decoding);
    const encoded = joinBatches(batches, FRAMES_PER_STRETCH[backendDevice()]);
    for await (const chunk of labelEncoded(this.#labeler, encoded)) {
      // One by one, because a chunk can be a whole long video, and a call takes fewer arguments than that.
      for (const timeSec of chunk.timesSec) timesSec.push(timeSec);
      chunks.push(chunk.probabilities);
      const { durationSec } = video;
      onProgress?.({ doneSec: chunk.seenSec, durationSec, numFrames: timesSec.length });
      options.signal?.throwIfAborted();
    }
    const { startSec = 0, durationSec = Infinity } = options;
    // The container's frame count may be wrong, so the decoded frames are counted.
    const isWhole = startSec === 0 && durationSec === Infinity;
    const isCounted = everyFrame && isWhole;
    const shownRate = (everyFrame && video.frameRate) || frameRate;
    const lastSec = (everyFrame ? sourceTimesSec : timesSec).at(-1) ?? 0;
    // A stated length that contradicts the decoded frames is wrong.
    const isContradicted = isWhole || lastSec >= video.durationSec;
    if (isContradicted) video.durationSec = endOfVideo(lastSec, shownRate, video.durationSec);
    return buildTimeline({
      video: isCounted ? { ...video, numFrames: sourceTimesSec.length } : video,
      model: name,
      labels,
      frameRate,
      untilSec: startSec + durationSec,
      timesSec,
      probabilities: concatenate(chunks),
      smoothing,
      unknownBelow,
      sourceTimesSec: everyFrame ? sourceTimesSec : undefined,
    });
  }
}
