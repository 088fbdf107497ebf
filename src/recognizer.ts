import { encodeVideo } from './encoder/encode-video.js';
import type { FrameEncoder } from './encoder/frame-encoder.js';
import { UsageError } from './errors.js';
import { concatenate } from './labeler/concatenate.js';
import { createModelEncoder } from './labeler/model-encoder.js';
import { loadModel, type ModelDescription } from './labeler/model-folder.js';
import { smoothingOf, type SmoothingRequest } from './labeler/model-smoothing.js';
import { OnlineLabeler } from './labeler/online-labeler.js';
import type { TemporalLabeler } from './labeler/temporal-labeler.js';
import { startBackend, type BackendName } from './runtime/backend.js';
import { buildTimeline } from './timeline/build-timeline.js';
import { labelFrames } from './timeline/frame-labels.js';
import type { FrameLabel, Timeline } from './timeline/timeline.js';
import { markUnknownFrames } from './timeline/unknown.js';
import { probeVideo } from './video/probe-video.js';
import type { VideoLimits } from './video/video-limits.js';
import { isRemoteSource } from './video/video-source.js';

/** What a recognizer runs on. */
export interface RecognizerOptions {
  /** Default: the best that this machine has, see `startBackend`. */
  backend?: BackendName;
  /** Threads that encode frames. Default: one a core, or one on a native backend. */
  workers?: number;
}

/** What is read of a video, and how. */
export interface SourceOptions {
  /** First moment to label, in seconds since the stream's start. Default 0. */
  startSec?: number;
  /** Seconds to label. Default: to the end. */
  durationSec?: number;
  /** Rejects with the signal's reason; the decoder is gone by then. */
  signal?: AbortSignal;
  /** Milliseconds without a frame after which the video counts as stalled. Default 30,000. */
  stallTimeoutMs?: number;
  /** Permit URLs. Only local files are opened otherwise. */
  allowRemote?: boolean;
  /** How large and long a video may be. */
  limits?: VideoLimits;
}

/** How a video is labelled as it comes. */
export interface StreamOptions extends SourceOptions {
  /** Confidence below which a frame, or a segment by its mean, is called "unknown", 0 to 1. Off by default. */
  unknownBelow?: number;
}

/** How a whole video is labelled. */
export interface LabelOptions extends StreamOptions {
  /** Calms the segments; frames keep the model's own labels. Default: as validation videos chose for the model. */
  smoothing?: SmoothingRequest;
  /** One label for each frame of the source at its own time, instead of one each 1/frameRate seconds. */
  everyFrame?: boolean;
  /**
   * Called as the video is gone through, with the seconds seen and its length, 0 if unknown, and the frames labelled: none
   * before the end where the model is bidirectional.
   */
  onProgress?: (progress: { doneSec: number; durationSec: number; numFrames: number }) => void;
}

/** A stretch of frames with the probability of each label. */
interface LabelledChunk {
  firstIndex: number;
  timesSec: number[];
  /** float32 `[numFrames, numLabels]`. */
  probabilities: Float32Array;
  /** Time of the last frame seen, which may be later than those labelled. */
  seenSec: number;
}

/**
 * Labels every frame of videos with the activity it shows: decodes, encodes, and runs a trained network over time.
 * Memory holds one chunk of frames and the labels, whatever the video's length, and a bidirectional model's projection of
 * each frame. Several videos may be labelled at once.
 *
 * @example
 * const recognizer = await ActivityRecognizer.load('models/surveillance-fights');
 * const timeline = await recognizer.label('street.mp4');
 */
export class ActivityRecognizer {
  private constructor(
    /** The trained model: labels, frame rate, encoder, training record. */
    readonly model: ModelDescription,
    private readonly labeler: TemporalLabeler,
    private readonly encoder: FrameEncoder,
  ) {}

  /**
   * @param modelDir - Folder with `model.json` and `weights.bin`.
   * @throws {ModelError} If the model is missing, damaged, or was trained on another encoder than the one found here.
   * @throws {BackendError} If the backend asked for cannot start.
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
   * Labels a whole video file or folder of pictures.
   *
   * @throws {UsageError} If smoothing or threshold are impossible, or the model has not what the smoothing needs.
   * @throws {VideoOpenError} If it cannot be opened.
   * @throws {VideoLimitError} If it is larger or longer than the limits.
   * @throws {VideoDecodeError | VideoStalledError} If decoding fails on the way, or gives no frame.
   */
  async label(source: string, options: LabelOptions = {}): Promise<Timeline> {
    const { everyFrame = false, unknownBelow, onProgress, ...sourceOptions } = options;
    const smoothing = smoothingOf(this.model, options.smoothing ?? {});
    const video = await probeVideo(source, sourceOptions);
    const sourceTimesSec: number[] = [];
    const onSourceFrame = everyFrame ? (timeSec: number) => void sourceTimesSec.push(timeSec) : undefined;
    const timesSec: number[] = [];
    const chunks: Float32Array[] = [];
    for await (const chunk of this.#labelChunks(source, { ...sourceOptions, onSourceFrame })) {
      // One by one: a chunk can be a whole long video, more than a call takes arguments.
      for (const timeSec of chunk.timesSec) timesSec.push(timeSec);
      chunks.push(chunk.probabilities);
      onProgress?.({
        doneSec: chunk.seenSec,
        durationSec: video.durationSec,
        numFrames: timesSec.length,
      });
    }
    return buildTimeline({
      video,
      model: this.model.name,
      labels: this.model.labels,
      frameRate: this.model.frameRate,
      timesSec,
      probabilities: concatenate(chunks),
      smoothing,
      unknownBelow,
      ...(everyFrame && { sourceTimesSec }),
    });
  }

  /**
   * Labels a video as it comes: a file, a folder of pictures, or a URL, which calling this method permits. Frames get
   * the label that labeling the whole file would give them. Smoothing there is none: it needs the frames to come.
   *
   * @yields One label a frame, in order, as soon as it is known.
   * @throws {UsageError} If the model is bidirectional: it knows no label before the video's end.
   */
  async *stream(source: string, options: StreamOptions = {}): AsyncGenerator<FrameLabel> {
    const { unknownBelow, ...sourceOptions } = options;
    const { labels, name, network } = this.model;
    if (network.bidirectional) {
      throw new UsageError(
        `The model "${name}" is bidirectional: it needs a video's end before it labels the first frame of "${source}", ` +
          'and cannot label a stream. Use label() on the whole video, or train a model without bidirectional.',
      );
    }
    const live = { allowRemote: isRemoteSource(source), ...sourceOptions, batchSize: 1 };
    for await (const { firstIndex, timesSec, probabilities } of this.#labelChunks(source, live)) {
      const frames = labelFrames(labels, probabilities, timesSec);
      const isUnknownAllowed = unknownBelow !== undefined;
      for (const frame of isUnknownAllowed ? markUnknownFrames(frames, labels, unknownBelow) : frames) {
        yield { ...frame, index: firstIndex + frame.index };
      }
    }
  }

  /** The one way through the program: pixels, features, probabilities, with state carried from chunk to chunk. */
  async *#labelChunks(
    source: string,
    options: SourceOptions & { batchSize?: number; onSourceFrame?: ((timeSec: number) => void) | undefined },
  ): AsyncGenerator<LabelledChunk> {
    const online = new OnlineLabeler(this.labeler);
    const numLabels = this.model.labels.length;
    /** Times of frames that are not decided yet. */
    let waitingSec: number[] = [];
    let numDecided = 0;
    let seenSec = 0;
    const decide = (probabilities: Float32Array): LabelledChunk => {
      const numFrames = probabilities.length / numLabels;
      const timesSec = waitingSec.slice(0, numFrames);
      const chunk = { firstIndex: numDecided, timesSec, probabilities, seenSec };
      waitingSec = waitingSec.slice(numFrames);
      numDecided += numFrames;
      return chunk;
    };
    try {
      const encoded = encodeVideo(source, this.encoder, { ...options, frameRate: this.model.frameRate });
      for await (const { timesSec, features } of encoded) {
        waitingSec.push(...timesSec);
        seenSec = timesSec.at(-1) ?? seenSec;
        yield decide(await online.push(features));
      }
      yield decide(await online.finish());
    } finally {
      online.dispose();
    }
  }

  /** Frees tensors and threads. The recognizer cannot be used afterwards. */
  dispose(): void {
    this.encoder.dispose();
    this.labeler.dispose();
  }
}
