import path from 'node:path';
import { DatasetError } from '../../errors.js';
import { collectVideos, type AnnotatedVideo } from './annotated-video.js';
import { reportSkip, type ReadOptions, type Skipped } from '../annotation-format.js';
import { isFolder, listFolder, readClipFolders } from './clip-folders.js';
import { isLabelFile, readLabelFile } from '../label-files.js';
import { GROUND_TRUTH } from '../formats/ms-tcn.js';
import { readMsTcn } from './ms-tcn-folder.js';
import { createProbeContext, createVideoFinder } from './video-finder.js';
import type { ItemProgress } from '../../progress.js';

export type { AnnotatedVideo } from './annotated-video.js';

/** How to read a dataset. */
export interface ReadDatasetOptions extends ReadOptions {
  /** Stops between label files. */
  signal?: AbortSignal;
  /** Called after each label file. A dataset of clip folders has none. */
  onProgress?: (progress: ItemProgress) => void;
}

/** Name of the label file that labels its whole folder. */
const LABEL_FILE = 'labels.csv';

/** Subfolders of a dataset that may hold label files, besides the dataset folder itself. */
const LABEL_FOLDERS = ['videos', 'annotations'];

/** Left-out items reported one by one without `onSkip`; the rest are counted, as thousands of videos may be missing. */
const MAX_REPORTED = 5;

/**
 * Reads a dataset of labeled videos in any of its forms:
 *
 * - a label file in any format;
 * - a folder with a `labels.csv`;
 * - a folder with a subfolder `groundTruth`, the layout of MS-TCN;
 * - a folder with label files in it, in `videos` or in `annotations`;
 * - a folder with one folder of clips per label.
 *
 * A label file names its videos relative to its own folder, or to `videos` in it. A bare name finds the only video of
 * that name there, with or without extension.
 *
 * @example
 * const videos = await readDataset('street/labels.csv');
 *
 * @throws {DatasetError} If the path is missing or unreadable, or has no labeled video.
 * @throws {AnnotationError} If a label file is wrong, or names a video that is absent or ambiguous.
 * @throws The reason of `signal`, when it is aborted.
 */
export async function readDataset(
  dataset: string,
  options: ReadDatasetOptions = {},
): Promise<AnnotatedVideo[]> {
  options.signal?.throwIfAborted();
  if (options.onSkip) return read(dataset, options);
  const skipped: Skipped[] = [];
  try {
    return await read(dataset, { ...options, onSkip: (each) => skipped.push(each) });
  } finally {
    for (const each of skipped.slice(0, MAX_REPORTED)) reportSkip(each, options);
    const more = skipped.length - MAX_REPORTED;
    if (more > 0) options.onWarning?.(`Left out ${more} more.`);
  }
}

async function read(dataset: string, options: ReadDatasetOptions): Promise<AnnotatedVideo[]> {
  if (!(await isFolder(dataset))) return readLabelFiles([dataset], path.dirname(dataset), options);
  const names = (await listFolder(dataset)).map((entry) => entry.name);
  if (names.includes(LABEL_FILE)) return readLabelFiles([path.join(dataset, LABEL_FILE)], dataset, options);
  if (names.includes(GROUND_TRUTH)) return readGroundTruth(dataset, options);
  const labelFiles = await findLabelFiles(dataset, names);
  if (labelFiles.length > 0) return readLabelFiles(labelFiles, dataset, options);
  return (await readClipFolders(dataset, options)).map((clip) => ({
    path: path.resolve(clip.path),
    name: path.relative(dataset, clip.path).split(path.sep).join('/'),
    segments: [{ label: clip.label, startSec: 0, endSec: Infinity }],
    clipLabel: clip.label,
  }));
}

/** Finds label files by name and content, because a folder may also hold notes and settings. */
async function findLabelFiles(dataset: string, names: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const folder of ['', ...LABEL_FOLDERS.filter((name) => names.includes(name))]) {
    const place = path.join(dataset, folder);
    if (!(await isFolder(place))) continue;
    for (const { name } of await listFolder(place)) {
      const file = path.join(place, name);
      if (await isLabelFile(file)) files.push(file);
    }
  }
  return files;
}

async function readLabelFiles(
  files: readonly string[],
  dataset: string,
  options: ReadDatasetOptions,
): Promise<AnnotatedVideo[]> {
  const finder = await createVideoFinder([...files.map((file) => path.dirname(file)), dataset]);
  const videos = new Map<string, AnnotatedVideo>(); // by path
  for (const [index, file] of files.entries()) {
    options.signal?.throwIfAborted();
    const labeled = await readLabelFile(file, createProbeContext(file, finder.find, options));
    if (labeled.segments.length === 0 && files.length > 1) {
      reportSkip({ what: `"${file}"`, why: 'it labels nothing' }, options);
    }
    await collectVideos(labeled, finder, videos, options);
    options.onProgress?.({ numDone: index + 1, numTotal: files.length, name: file });
  }
  return refuseNone([...videos.values()], files[0] as string);
}

async function readGroundTruth(dataset: string, options: ReadOptions): Promise<AnnotatedVideo[]> {
  const finder = await createVideoFinder([dataset]);
  const place = path.join(dataset, GROUND_TRUTH);
  const videos = new Map<string, AnnotatedVideo>();
  for (const labeled of await readMsTcn(dataset, createProbeContext(place, finder.find, options))) {
    await collectVideos(labeled, finder, videos, options);
  }
  return refuseNone([...videos.values()], place);
}

function refuseNone(videos: AnnotatedVideo[], file: string): AnnotatedVideo[] {
  if (videos.length > 0) return videos;
  throw new DatasetError(
    `"${file}" labels nothing: it has no segment of an available video. Label something, or add the videos.`,
    file,
  );
}
