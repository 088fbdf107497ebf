import type { TrainingRecord } from '../loop/training-log.js';
import type { ReportData } from './report-data.js';

/** All that a report tells of a training. */
export interface TrainingReport {
  /** The model's name. */
  name: string;
  /** What was typed to train it; empty where a program trained it. */
  command: string;
  /** What `readTrainingLog` gives. */
  records: readonly TrainingRecord[];
  /** Of the validation videos, with the weights that were kept; null without such videos. */
  results: ReportData | null;
  dataset: ReportDataset;
  /** Settings by name, as text or what JSON can spell. */
  settings: Readonly<Record<string, unknown>>;
}

/** What a model was trained on. */
interface ReportDataset {
  /** The dataset as it was named. */
  source: string;
  /** SHA-256 of what there was to learn, hexadecimal. */
  hash: string;
  /** Videos of each part. */
  numTraining: number;
  numValidation: number;
  labels: readonly {
    label: string;
    /** Labeled segments, or whole clips. */
    numSegments: number;
    /** Videos that show it, where counted. */
    numVideos?: number;
    /** Labeled time in seconds, where known. */
    labelledSec?: number | null;
  }[];
  /** What is odd about it: overlaps, videos left out. */
  notes?: readonly string[];
}
