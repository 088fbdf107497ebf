import path from 'node:path';
import { FramewiseError, OutputError } from '../errors.js';
import { writeFileAtomic } from '../runtime/output-file.js';
import { separateSegments } from './check-segments.js';
import type { AnnotationFormat, Detail, ReadOptions } from './annotation-format.js';
import { findFormats } from './formats/formats.js';
import { annotatedSegmentsOf, timelineOf } from './annotated-segment.js';
import { detailsOf } from './losses.js';
import { outputBaseNames } from '../video/media-names.js';
import { createProbeContext, createVideoFinder, exists, type VideoFinder } from './datasets/video-finder.js';
import { readLabeledVideos, type LabeledVideo } from './read-labeled-videos.js';
import type { ItemProgress } from '../progress.js';

/** How to convert label files. */
export interface ConvertOptions extends ReadOptions {
  /** Name of the output format, such as `csv`. */
  to: string;
  /** Name of the input format. Default: detected from each file's extension and content. */
  from?: string;
  /** Output folder. Default: the folder of each label file. */
  outputDir?: string;
  /** Folder to search for videos, in addition to that of the label file. */
  videoDir?: string;
  /** Write `'` before texts in CSV files that a spreadsheet would take for a formula. Default false. */
  escapeFormulas?: boolean;
  /** Label of unlabeled frames, for formats that label every frame. */
  background?: string;
  /** Replace existing files. Default false: an existing file is an error. */
  shouldOverwrite?: boolean;
  /** Stops between label files. */
  signal?: AbortSignal;
  /** Called after each label file. */
  onProgress?: (progress: ItemProgress) => void;
}

/** The result of converting one label file. */
export type ConvertOutcome =
  | { source: string; status: 'converted'; videos: ConvertedVideo[] }
  | { source: string; status: 'failed'; error: FramewiseError };

/** One video of a label file, and the file that was written for it. */
export interface ConvertedVideo {
  video: string;
  file: string;
  /** The details that the output format could not hold. */
  losses: Detail[];
}

/**
 * Converts label files from one format to another. One file is written per video, named after the video. A label file
 * that fails is reported and the others are still converted; nothing is written for it, unless writing itself failed.
 *
 * @example
 * for await (const outcome of convertLabels(['street.eaf'], { to: 'csv' })) console.log(outcome);
 *
 * @returns One outcome per label file, in order, as each is finished.
 * @throws {UsageError} If a format is unknown. Nothing is read in that case.
 * @throws {DatasetError} If a folder of videos cannot be read.
 */
export async function* convertLabels(
  files: readonly string[],
  options: ConvertOptions,
): AsyncGenerator<ConvertOutcome> {
  const [to] = findFormats([options.to]) as [AnnotationFormat];
  const [from] = findFormats(options.from === undefined ? [] : [options.from]);
  const finders = new Map<string, Promise<VideoFinder>>(); // by folder, so that each folder is listed once
  const written = new Set<string>();
  for (const [index, source] of files.entries()) {
    options.signal?.throwIfAborted();
    const outcome = await settle(source);
    options.onProgress?.({ numDone: index + 1, numTotal: files.length, name: source });
    yield outcome;
  }

  async function settle(source: string): Promise<ConvertOutcome> {
    try {
      return { source, status: 'converted', videos: await convert(source) };
    } catch (error) {
      if (!(error instanceof FramewiseError)) throw error;
      return { source, status: 'failed', error };
    }
  }

  async function convert(source: string): Promise<ConvertedVideo[]> {
    const folder = path.dirname(source);
    const finder = finders.get(folder) ?? createVideoFinder([folder, options.videoDir ?? folder]);
    finders.set(folder, finder);
    const context = createProbeContext(source, (await finder).find, options);
    const videos = await readLabeledVideos(source, context, from);
    const baseNames = outputBaseNames(videos.map(({ timeline }) => timeline.video.source));
    const contents: { file: string; text: string; converted: ConvertedVideo }[] = [];
    for (const [position, video] of videos.entries()) {
      const file = path.join(options.outputDir ?? folder, `${baseNames[position]}${to.extension}`);
      await refuseExisting(file);
      const losses = detailsOf(video).filter((detail) => !to.holds.includes(detail));
      const text = writeVideo(video, losses);
      contents.push({ file, text, converted: { video: video.timeline.video.source, file, losses } });
    }
    for (const { file, text } of contents) {
      await writeFileAtomic(file, text);
      written.add(path.resolve(file));
    }
    return contents.map(({ converted }) => converted);
  }

  function writeVideo({ timeline, group, subset }: LabeledVideo, losses: readonly Detail[]): string {
    const { background, escapeFormulas } = options;
    const isSeparate = losses.includes('overlaps');
    const segments = isSeparate
      ? timelineOf(timeline.video, separateSegments(annotatedSegmentsOf(timeline), '').segments).segments
      : timeline.segments;
    return to.write(
      { ...timeline, segments },
      { includeProbabilities: true, background, escapeFormulas, group, subset },
    );
  }

  async function refuseExisting(file: string): Promise<void> {
    if (written.has(path.resolve(file))) {
      throw new OutputError(
        `"${file}" was already written from another label file of the same video. Convert each into its own folder.`,
        file,
      );
    }
    if (options.shouldOverwrite || !(await exists(file))) return;
    throw new OutputError(
      `"${file}" already exists. Choose another folder (outputDir, --output), or replace it (shouldOverwrite, --overwrite).`,
      file,
    );
  }
}
