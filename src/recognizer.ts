import { encodeVideo } from './encoder/features/encode-video.js';
import type { FrameEncoder } from './encoder/frame-encoder.js';
import { concatenate } from './labeler/stream/concatenate.js';
import { joinBatches } from './labeler/stream/join-batches.js';
import { labelEncoded } from './labeler/stream/label-encoded.js';
import { createModelEncoder } from './labeler/model/model-encoder.js';
import { loadModel, type ModelDescription } from './labeler/model/model-folder.js';
import { smoothingOf, type SmoothingRequest } from './labeler/model/model-smoothing.js';
import type { TemporalLabeler } from './labeler/temporal-labeler.js';
import { streamLabels } from './live/stream-labels.js';
import type { SourceOptions, StreamedFrame, StreamOptions } from './live/stream-options.js';
import { backendDevice, startBackend, type BackendName } from './runtime/backend.js';
import { buildTimeline } from './timeline/build-timeline.js';
import type { Timeline } from './timeline/timeline.js';
import { examineVideo } from './video/probe-video.js';

/** What a recognizer runs on. */
export interface RecognizerOptions {
  /** Default: the best that this machine has, see `startBackend`. */
  backend?: BackendName;
  /** Threads that encode frames. Default: one a core, or one on a native backend. */
  workers?: number;
}

/** How a whole video is labeled. */
export interface LabelOptions extends SourceOptions {
  /** Confidence below which a frame, or a segment by its mean, is called "unknown", 0 to 1. Off by default. */
  unknownBelow?: number | undefined;
  /** Calms the segments; frames keep the model's own labels. Default: as validation videos chose for the model. */
  smoothing?: SmoothingRequest;
  /** One label for each frame of the source at its own time, instead of one each 1/frameRate seconds. */
  everyFrame?: boolean;
  /**
   * Called as the video is gone through, with the seconds seen and its length, 0 if unknown, and the frames labeled: none
   * before the end where the model is bidirectional.
   */
  onProgress?: (progress: { doneSec: number; durationSec: number; numFrames: number }) => void;
}

/** Frames that the labeler gets at a time where nobody waits for a label. A GPU needs as long for one as for many. */
const FRAMES_A_STRETCH = { cpu: 32, gpu: 128 };

/**
 * Labels every frame of videos with the activity it shows: decodes, encodes, and runs a trained network over time.
 * Memory holds one chunk of frames and the labels, whatever the video's length, and a bidirectional model's projection of
 * each frame. Several videos may be labeled at once.
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
   * @param modelDir - Folder with `model.json` and its weights.
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
    const { info: video, probe } = await examineVideo(source, sourceOptions);
    const sourceTimesSec: number[] = [];
    const onSourceFrame = everyFrame ? (timeSec: number) => void sourceTimesSec.push(timeSec) : undefined;
    const timesSec: number[] = [];
    const chunks: Float32Array[] = [];
    const decoding = { ...sourceOptions, probe, onSourceFrame, frameRate: this.model.frameRate };
    const batches = encodeVideo(source, this.encoder, decoding);
    const encoded = joinBatches(batches, FRAMES_A_STRETCH[backendDevice()]);
    for await (const chunk of labelEncoded(this.labeler, encoded)) {
      // One by one: a chunk can be a whole long video, more than a call takes arguments.
      for (const timeSec of chunk.timesSec) timesSec.push(timeSec);
      chunks.push(chunk.probabilities);
      onProgress?.({
        doneSec: chunk.seenSec,
        durationSec: video.durationSec,
        numFrames: timesSec.length,
      });
    }
    const { startSec = 0, durationSec = Infinity } = options;
    // Counted is better than claimed.
    const isEach = everyFrame && startSec === 0 && durationSec === Infinity;
    return buildTimeline({
      video: isEach ? { ...video, numFrames: sourceTimesSec.length } : video,
      model: this.model.name,
      labels: this.model.labels,
      frameRate: this.model.frameRate,
      untilSec: startSec + durationSec,
      timesSec,
      probabilities: concatenate(chunks),
      smoothing,
      unknownBelow,
      ...(everyFrame && { sourceTimesSec }),
    });
  }

  /**
   * Labels a video as it comes: a file, a folder of pictures, or what this method permits beside them: an address (RTSP,
   * HTTP, …), a camera `device:/dev/video0`, or `-`, standard input. Smoothing there is none: it needs the frames to come.
   *
   * What knows its length is labeled from frame to frame, with the labels that the whole file would get. What does not is
   * live. Of its frames a few wait, and where labeling falls behind the oldest of them are dropped; the others keep their
   * times. An address that was connected once and is lost is connected anew, without end, after pauses that grow; times
   * go on by the wall clock, and the network starts afresh. One that then gives, frame for frame, what it gave before, is
   * a recording: it goes on where it broke, and where it ended it is over. `options` change all that.
   *
   * @yields One label a frame, in order, as soon as it is known.
   * @throws {UsageError} If the model is bidirectional: it knows no label before the video's end.
   * @throws {VideoOpenError} If it cannot be opened, or a live source gives no frame.
   * @throws {VideoDecodeError | VideoStalledError} If it fails on the way, and is not connected anew.
   * @throws {VideoLimitError} If it is larger than the limits, or longer than those asked for.
   */
  stream(source: string, options: StreamOptions = {}): AsyncGenerator<StreamedFrame> {
    const { model, labeler, encoder } = this;
    return streamLabels({ model, labeler, encoder }, source, options);
  }

  /** Frees tensors and threads. The recognizer cannot be used afterwards. */
  dispose(): void {
    this.encoder.dispose();
    this.labeler.dispose();
  }
}
