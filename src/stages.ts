/**
 * The parts that framewise is made of, for pipelines that use only some of them: decoding, encoders, the labeler,
 * timelines, scoring, label files, training data and batches.
 *
 * @packageDocumentation
 */
/// <reference lib="esnext.disposable" preserve="true" />
export { BACKEND_NAMES, startBackend, type BackendName } from './runtime/backend.js';
export { examineMachine, type MachineReport } from './runtime/doctor.js';
export { findFfmpeg, type FfmpegTools } from './ffmpeg/find-ffmpeg.js';

export { decodeFrames } from './video/decode-frames.js';
export type { DecodeOptions } from './video/decode-options.js';
export { probeVideo, type ProbeOptions } from './video/probe-video.js';
export type { VideoFrame, VideoInfo } from './video/video-frame.js';
export type { VideoLimits } from './video/video-limits.js';

export { createFrameEncoder, type FrameEncoderOptions } from './encoder/create-frame-encoder.js';
export { encodeFrames, type EncodeFramesOptions } from './encoder/features/encode-frames.js';
export type { EncodedFrames } from './encoder/features/encoded-frames.js';
export { encodeVideo, type EncodeVideoOptions } from './encoder/features/encode-video.js';
export type { EncoderSpec } from './encoder/encoder-spec.js';
export { FeatureStore } from './encoder/features/feature-store.js';
export type { FrameEncoder } from './encoder/frame-encoder.js';

export type { LabelerConfig, LabelerOptions } from './labeler/labeler-config.js';
export { disposeState, resetLanes, type LabelerState } from './labeler/labeler-state.js';
export {
  loadModel,
  saveModel,
  type ModelDescription,
  type TrainedModel,
} from './labeler/model/model-folder.js';
export { TemporalLabeler } from './labeler/temporal-labeler.js';

export { buildTimeline } from './timeline/build-timeline.js';
export { SegmentationScorer, type SegmentationScores } from './timeline/metrics.js';
export type { SegmentPrior } from './timeline/viterbi.js';
export { smoothLabels, type SmoothingOptions } from './timeline/smoothing.js';
export type { FrameLabel, LabelSpan, ScoredFrame, Segment, Timeline } from './timeline/timeline.js';

export { writeAnnotations, type AnnotationTarget } from './annotations/formats/formats.js';
export { readTimelineJson, timelineJsonSchema } from './annotations/formats/json.js';

export { describeDataset, type DatasetReport } from './training/data/dataset-report.js';
export { splitVideos, type SplitOptions } from './training/data/split-videos.js';
export { labelSequence, type LabeledSequence } from './training/data/sequences.js';
export { trainLabeler, type TrainedLabeler } from './training/loop/train-labeler.js';
export type { EpochReport } from './training/loop/training-reports.js';
export type { LabelerTrainingOptions } from './training/loop/training-settings.js';
export { calibrateLabeler, type Calibration } from './training/evaluation/calibrate-labeler.js';

export { findVideos, type FoundVideo } from './batch/find-videos.js';
export {
  drawBatch,
  type BatchDrawings,
  type DrawBatchOptions,
  type DrawingEvent,
  type VideoDrawings,
} from './batch/draw-batch.js';
