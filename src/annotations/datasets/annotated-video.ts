import { AnnotationError } from '../../errors.js';
import type { LabelSpan } from '../../timeline/timeline.js';
import { placeOf } from '../annotated-segment.js';
import type { LabelOverlap } from '../check-segments.js';
import { reportSkip, type ReadOptions } from '../annotation-format.js';
import type { LabeledFile } from '../label-files.js';
import { videoError, type VideoFinder } from './video-finder.js';

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
  /** What the video belongs to (a person, a camera, a recording), where the dataset says so. */
  group?: string;
  /** The part of the dataset's own split that it belongs to, as the dataset calls it: training, val, test, … */
  subset?: string;
  /** The same for a dataset with several splits, by split. */
  subsetBySplit?: Readonly<Record<string, string>>;
  /** Moments to which the dataset gave two labels, of which `segments` has one. */
  overlaps?: readonly LabelOverlap[];
}

/**
 * Joins what a label file says with the videos that are there.
 *
 * @param videos - By path; receives the videos of the file.
 * @throws {AnnotationError} If a segment cannot be, names an absent video, or a video has two names, label files,
 * groups or subsets.
 */
export async function collectVideos(
  labeled: LabeledFile,
  { find, folders }: VideoFinder,
  videos: Map<string, AnnotatedVideo>,
  options: ReadOptions,
): Promise<void> {
  const { file, segments, overlaps, subsetBySplit, mayListAbsentVideos } = labeled;
  const own = new Map<string, AnnotatedVideo>(); // by the name in the file
  const absent = new Set<string>();
  for (const segment of segments) {
    const { video: name, label, startSec, endSec, group, subset } = segment;
    if (absent.has(name)) continue;
    let video = own.get(name);
    if (!video) {
      const path = await find(file, segment);
      if (path === undefined) {
        if (!mayListAbsentVideos)
          throw videoError(file, segment, `is not in ${folders.map((place) => `"${place}"`).join(' and ')}`);
        absent.add(name);
        reportSkip({ what: JSON.stringify(name), why: `"${file}" labels it, and it is not there` }, options);
        continue;
      }
      const other = videos.get(path);
      if (other) {
        const names = `${JSON.stringify(name)} and ${JSON.stringify(other.name)}`;
        const problem = own.has(other.name)
          ? `${names} are one video, "${path}". Name it one way`
          : `it labels "${path}", as another label file does. Remove one of them, or give one alone`;
        throw new AnnotationError(`"${file}" ${placeOf(segment)}: ${problem}.`, file, segment.line);
      }
      const found = overlaps?.get(name);
      video = {
        path,
        name,
        segments: [],
        ...(group && { group }),
        ...(subset && { subset }),
        ...(subsetBySplit && { subsetBySplit }),
        ...(found && { overlaps: found }),
      };
      own.set(name, video);
      videos.set(path, video);
    }
    if (video.group !== group || video.subset !== subset) {
      const contradiction =
        video.group === group ? ['subset', video.subset, subset] : ['group', video.group, group];
      throw new AnnotationError(
        `"${file}" ${placeOf(segment)}: the ${contradiction[0]} of ${JSON.stringify(name)} is ` +
          `"${contradiction[2] ?? ''}" here and "${contradiction[1] ?? ''}" elsewhere. A video has one: correct it.`,
        file,
        segment.line,
      );
    }
    video.segments.push({ label, startSec, endSec });
  }
}
