import { findFormats, writeAnnotations } from '../annotations/formats.js';
import { outputBaseNames } from '../annotations/media-names.js';
import { FramewiseError, OutputError } from '../errors.js';
import type { ActivityRecognizer, LabelOptions } from '../recognizer.js';
import { prepareOutputFolder } from '../runtime/output-file.js';
import type { Segment } from '../timeline/timeline.js';

/** How many videos are labelled and where the labels go. */
export interface LabelVideosOptions extends Omit<LabelOptions, 'onProgress'> {
  /** Folder for the label files; made if missing. */
  outputDir: string;
  /** Names of label formats. Default `json`. */
  formats?: readonly string[];
  /** Write the probability of every label where a format has a place for it. */
  includeProbabilities?: boolean;
  /** Called as a video advances, with the seconds done and its length, 0 if unknown. */
  onProgress?: (
    source: string,
    progress: { doneSec: number; durationSec: number; numFrames: number },
  ) => void;
  /** Called when a video is done, well or badly. */
  onOutcome?: (outcome: VideoOutcome) => void;
}

/** What became of one video. */
export type VideoOutcome =
  | { source: string; status: 'labelled'; numFrames: number; segments: Segment[]; files: string[] }
  | { source: string; status: 'failed'; error: FramewiseError };

/**
 * Labels videos one after another, all cores at work on each, and writes their label files. A video that fails is
 * reported, and the rest go on.
 *
 * @returns One outcome a video, in order.
 * @throws {UsageError} If a format is unknown; nothing is labelled then.
 * @throws {OutputError} If the output cannot be written: the next video's could not either.
 */
export async function labelVideos(
  recognizer: ActivityRecognizer,
  sources: readonly string[],
  options: LabelVideosOptions,
): Promise<VideoOutcome[]> {
  const {
    outputDir,
    formats = ['json'],
    includeProbabilities,
    onProgress,
    onOutcome,
    ...labelOptions
  } = options;
  findFormats(formats);
  await prepareOutputFolder(outputDir);
  const baseNames = outputBaseNames(sources);
  const outcomes: VideoOutcome[] = [];
  for (const [position, source] of sources.entries()) {
    const baseName = baseNames[position] as string;
    const outcome = await labelVideo(source, baseName).catch((error: unknown): VideoOutcome => {
      const isVideosOwn = error instanceof FramewiseError && !(error instanceof OutputError);
      if (!isVideosOwn) throw error;
      return { source, status: 'failed', error };
    });
    outcomes.push(outcome);
    onOutcome?.(outcome);
  }
  return outcomes;

  async function labelVideo(source: string, baseName: string): Promise<VideoOutcome> {
    const timeline = await recognizer.label(source, {
      ...labelOptions,
      onProgress: (progress) => onProgress?.(source, progress),
    });
    const files = await writeAnnotations(timeline, { formats, outputDir, baseName, includeProbabilities });
    const { frames, segments } = timeline;
    return { source, status: 'labelled', numFrames: frames.length, segments, files };
  }
}
