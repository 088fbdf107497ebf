import { AnnotationError } from '../../errors.js';
import type { LabelSpan } from '../../timeline/timeline.js';
import { placeOf } from '../annotated-segment.js';
import type { LabelOverlap } from '../check-segments.js';
import { reportSkip, type ReadOptions } from '../annotation-format.js';
import type { LabeledFile } from '../label-files.js';
import { videoError, type VideoFinder } from './video-finder.js';

/** A video and its true labels. */
export interface AnnotatedVideo {
  /** Absolute path of the video file, or of the folder of pictures. */
  path: string;
  /** The video as the dataset names it; unique within the dataset. */
  name: string;
  /** True segments, sorted by start, without overlaps. A clip of one activity has one segment from 0 to Infinity. */
  segments: LabelSpan[];
  /** Label of the whole clip, if the dataset labels whole clips. */
  clipLabel?: string;
  /** Group of the video (a person, a camera, a recording), if the dataset states it. */
  group?: string;
  /** Part of the dataset's own split, as the dataset calls it: training, val, test, … */
  subset?: string;
  /** The same for a dataset with several splits: part by name of the split. */
  subsetBySplit?: Readonly<Record<string, string>>;
  /** Time spans to which the dataset gave two labels; `segments` has one of them. */
  overlaps?: readonly LabelOverlap[];
}

/**
 * Finds the videos that a label file names, and adds them with their segments.
 *
 * @param videos - Videos by path; receives those of the file.
 * @throws {AnnotationError} If a segment names an absent video, or a video has two names, label files, groups or subsets.
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
        reportSkip({ what: JSON.stringify(name), why: `"${file}" labels it, but it was not found` }, options);
        continue;
      }
      const other = videos.get(path);
      if (other) {
        const names = `${JSON.stringify(name)} and ${JSON.stringify(other.name)}`;
        const problem = own.has(other.name)
          ? `${names} are the same video, "${path}". Use one name`
          : `another label file also labels "${path}". Remove one of them, or give only one`;
        throw new AnnotationError(`"${file}" ${placeOf(segment)}: ${problem}.`, file, segment.line);
      }
      video = {
        path,
        name,
        segments: [],
        group: group || undefined,
        subset: subset || undefined,
        subsetBySplit,
        overlaps: overlaps?.get(name),
      };
      own.set(name, video);
      videos.set(path, video);
    }
    if (video.group !== group || video.subset !== subset) {
      const contradiction =
        video.group === group ? ['subset', video.subset, subset] : ['group', video.group, group];
      throw new AnnotationError(
        `"${file}" ${placeOf(segment)}: the ${contradiction[0]} of ${JSON.stringify(name)} is ` +
          `"${contradiction[2] ?? ''}" here and "${contradiction[1] ?? ''}" elsewhere. A video has only one: correct it.`,
        file,
        segment.line,
      );
    }
    video.segments.push({ label, startSec, endSec });
  }
}
