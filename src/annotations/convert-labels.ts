import { access } from 'node:fs/promises';
import path from 'node:path';
import { FramewiseError, OutputError } from '../errors.js';
import { writeFileAtomic } from '../runtime/output-file.js';
import { separateSegments } from './check-segments.js';
import type { AnnotationFormat, Detail, ReadOptions } from './annotation-format.js';
import { findFormats } from './formats/formats.js';
import { annotatedSegmentsOf, timelineOf } from './annotated-segment.js';
import { detailsOf } from './losses.js';
import { outputBaseNames } from '../video/media-names.js';
import { createProbeContext, createVideoFinder, type VideoFinder } from './datasets/video-finder.js';
import { readLabeledVideos, type LabeledVideo } from './read-labeled-videos.js';

/** How label files are converted. */
export interface ConvertOptions extends ReadOptions {
  /** Name of the format to write. */
  to: string;
  /** Name of the format to read. Default: what each file's ending and content say. */
  from?: string;
  /** Folder for the files. Default: beside each label file. */
  outputDir?: string;
  /** Folder in which videos are looked for, beside that of the label file. */
  videoDir?: string;
  /** The label of frames that have none, for formats that label every frame. */
  background?: string;
  /** Write over files that are there. */
  shouldOverwrite?: boolean;
  signal?: AbortSignal;
}

/** What became of one label file. */
export type ConvertOutcome =
  | { source: string; status: 'converted'; videos: ConvertedVideo[] }
  | { source: string; status: 'failed'; error: FramewiseError };

/** One video of a label file, and its file in the new format. */
export interface ConvertedVideo {
  video: string;
  file: string;
  /** What the new format had no place for. */
  losses: Detail[];
}

/**
 * Converts label files from any format to another, a file a video, named after the video. A label file that fails is
 * reported, and the rest go on; none of its videos is written then, unless writing itself failed.
 *
 * @example
 * for await (const outcome of convertLabels(['street.eaf'], { to: 'csv' })) console.log(outcome);
 *
 * @returns One outcome a label file, in order, each when it is done.
 * @throws {UsageError} If a format is unknown; nothing is read then.
 * @throws {DatasetError} If a folder of videos cannot be read.
 */
export async function* convertLabels(
  files: readonly string[],
  options: ConvertOptions,
): AsyncGenerator<ConvertOutcome> {
  const [to] = findFormats([options.to]) as [AnnotationFormat];
  const [from] = findFormats(options.from === undefined ? [] : [options.from]);
  const finders = new Map<string, Promise<VideoFinder>>(); // by folder, which is listed once
  const written = new Set<string>();
  for (const source of files) {
    options.signal?.throwIfAborted();
    try {
      yield { source, status: 'converted', videos: await convert(source) };
    } catch (error) {
      if (!(error instanceof FramewiseError)) throw error;
      yield { source, status: 'failed', error };
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
    const { background } = options;
    const isSeparate = losses.includes('overlaps');
    const segments = isSeparate
      ? timelineOf(timeline.video, separateSegments(annotatedSegmentsOf(timeline), '').segments).segments
      : timeline.segments;
    return to.write(
      { ...timeline, segments },
      {
        includeProbabilities: true,
        ...(background !== undefined && { background }),
        ...(group !== undefined && { group }),
        ...(subset !== undefined && { subset }),
      },
    );
  }

  async function refuseExisting(file: string): Promise<void> {
    if (written.has(path.resolve(file))) {
      throw new OutputError(
        `"${file}" was written from another label file of the same video. Convert them into folders of their own.`,
        file,
      );
    }
    if (options.shouldOverwrite || !(await exists(file))) return;
    throw new OutputError(
      `"${file}" is there already. Choose another folder (outputDir, --output), or have it replaced (shouldOverwrite, --overwrite).`,
      file,
    );
  }
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
