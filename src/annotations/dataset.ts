import { access } from 'node:fs/promises';
import path from 'node:path';
import { AnnotationError, DatasetError } from '../errors.js';
import type { LabelSpan } from '../timeline/timeline.js';
import type { AnnotatedSegment } from './annotated-segments.js';
import { isFolder, listFolder, readClipFolders } from './clip-folders.js';
import { isVideoFileName } from './media-names.js';
import { readSegmentsCsv, type ReadOptions } from './read-segments-csv.js';

/** Name of the label file in a dataset's folder. */
const LABEL_FILE = 'labels.csv';

/** A video and what it truly shows. */
export interface AnnotatedVideo {
  /** Absolute path of the video file, or of the folder of its pictures. */
  path: string;
  /** The video as the dataset names it; unique within the dataset. */
  name: string;
  /** What it shows, by start, none overlapping; a clip of one activity has one span from 0 without an end. */
  segments: LabelSpan[];
  /** The label of the whole clip, where the dataset labels whole clips. */
  clipLabel?: string;
}

/**
 * Reads a dataset of labelled videos in any of its forms: a folder with a `labels.csv`, a CSV file itself, or a folder
 * with a folder of clips for each label.
 *
 * A CSV names its videos relative to its own folder, or to `videos` in it; a bare name finds the one video of that
 * name there, with or without extension.
 *
 * @throws {DatasetError} If the path is missing or unreadable, or holds no labelled video.
 * @throws {AnnotationError} If the label file is wrong, or names a video that is absent or not clear.
 */
export async function readDataset(dataset: string, options: ReadOptions = {}): Promise<AnnotatedVideo[]> {
  if (!(await isFolder(dataset))) return readLabelledVideos(dataset, options);
  const names = (await listFolder(dataset)).map((entry) => entry.name);
  if (names.includes(LABEL_FILE)) return readLabelledVideos(path.join(dataset, LABEL_FILE), options);
  return (await readClipFolders(dataset)).map((clip) => ({
    path: path.resolve(clip.path),
    name: path.relative(dataset, clip.path).split(path.sep).join('/'),
    segments: [{ label: clip.label, startSec: 0, endSec: Infinity }],
    clipLabel: clip.label,
  }));
}

async function readLabelledVideos(file: string, options: ReadOptions): Promise<AnnotatedVideo[]> {
  const segments = await readSegmentsCsv(file, options);
  if (segments.length === 0)
    throw new DatasetError(`"${file}" labels nothing: it has a header and no row.`, file);
  const findVideo = await createVideoFinder(file);
  const videos = new Map<string, AnnotatedVideo>(); // by path
  for (const segment of segments) {
    const { video: name, label, startSec, endSec } = segment;
    const found = await findVideo(segment);
    const video = videos.get(found) ?? { path: found, name, segments: [] };
    if (video.name !== name) {
      throw new AnnotationError(
        `"${file}" line ${segment.line}: "${name}" and "${video.name}" are one video, "${found}". Name it one way.`,
        file,
        segment.line,
      );
    }
    video.segments.push({ label, startSec, endSec });
    videos.set(found, video);
  }
  return [...videos.values()];
}

/** Looks for the videos that a label file names; each folder is listed once. */
async function createVideoFinder(file: string): Promise<(segment: AnnotatedSegment) => Promise<string>> {
  const folder = path.dirname(path.resolve(file));
  const besides = await listFolder(folder);
  const folders = [folder];
  if (besides.some((entry) => entry.name === 'videos')) folders.push(path.join(folder, 'videos'));
  const videoFiles: string[] = [];
  for (const place of folders) {
    const names = (await listFolder(place)).map((entry) => entry.name);
    videoFiles.push(...names.filter(isVideoFileName).map((name) => path.join(place, name)));
  }
  return async ({ video, line }) => {
    const named = video.replaceAll('\\', '/'); // a label file may come from Windows
    for (const place of folders) {
      const exact = path.resolve(place, named);
      if (await exists(exact)) return exact;
    }
    const wanted = path.posix.basename(named);
    const matches = videoFiles.filter((candidate) => {
      const { base, name } = path.parse(candidate);
      return base === wanted || name === wanted;
    });
    if (matches.length === 1) return matches[0] as string;
    const places = folders.map((place) => `"${place}"`).join(' and ');
    const problem =
      matches.length === 0
        ? `names the video ${JSON.stringify(video)}, which is not in ${places}`
        : `names the video ${JSON.stringify(video)}, which may be ${matches.map((match) => `"${match}"`).join(' or ')}`;
    throw new AnnotationError(
      `"${file}" line ${line} ${problem}. Correct the name, relative to the label file's folder, or add the video.`,
      file,
      line,
    );
  };
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
