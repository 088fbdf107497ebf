/**
 * Labels every frame of a video with the activity it shows.
 *
 * This entry has what most programs need. `framewise/stages` has the parts that it is made of: decoding, encoders, the
 * labeler, timelines and scoring. `framewise/recurrent` has the recurrent layers.
 *
 * @packageDocumentation
 */
/// <reference lib="esnext.disposable" preserve="true" />
export * from './errors.js';
export {
  ActivityRecognizer,
  type LabelOptions,
  type LabelProgress,
  type RecognizerOptions,
} from './recognizer.js';
export type { ConnectionLoss } from './live/reconnect.js';
export type { SourceOptions, StreamedFrame, StreamOptions } from './live/stream-options.js';
export type { SmoothingRequest } from './labeler/model/model-smoothing.js';
export type { ModelDescription } from './labeler/model/model-folder.js';
export type { BackendName } from './runtime/backend.js';
export type { FrameLabel, LabelSpan, ScoredFrame, Segment, Timeline } from './timeline/timeline.js';
export type { VideoInfo } from './video/video-frame.js';
export type { VideoSource } from './video/spool-source.js';
export type { VideoLimits } from './video/video-limits.js';

export { labelVideos, type LabelVideosOptions, type VideoProgress } from './batch/label-videos.js';
export type { FoundVideo } from './batch/find-videos.js';
export type { BatchSummary, FailedVideo, LabeledVideo, VideoOutcome } from './batch/summary.js';

export { trainModel, type DatasetSummary, type TrainModelOptions } from './training/train-model.js';
export type { EpochReport } from './training/loop/training-reports.js';
export type {
  AugmentationOptions,
  DataOptions,
  NetworkOptions,
  OptimizerOptions,
  RunOptions,
  TrainingOptions,
} from './training/options/training-options.js';
export {
  crossValidate,
  type CrossValidateOptions,
  type CrossValidation,
  type FoldProgress,
} from './training/evaluation/cross-validate.js';
export { evaluateModel, type EvaluateOptions } from './training/evaluation/evaluate-model.js';
export type { DatasetScores } from './training/evaluation/score-sequences.js';
export type { SegmentationScores } from './timeline/metrics.js';

export type { Detail } from './annotations/annotation-format.js';
export {
  convertLabels,
  type ConvertedVideo,
  type ConvertOptions,
  type ConvertOutcome,
} from './annotations/convert-labels.js';
export { readDataset, type AnnotatedVideo, type ReadDatasetOptions } from './annotations/datasets/dataset.js';
export type { EncodingProgress, ItemProgress } from './progress.js';

export { writeContactSheet, type ContactSheetOptions } from './view/contact-sheet.js';
export { writeOverlay } from './view/overlay.js';
export type { OverlayOptions } from './view/overlay-source.js';
