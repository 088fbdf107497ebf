import path from 'node:path';
import type { AnnotatedVideo } from '../../annotations/datasets/dataset.js';
import { compareNaturally } from '../../video/media-names.js';
import { DatasetError } from '../../errors.js';

/** Which videos belong together (one recording, one person, one camera) and must stay on one side of a split. */
export interface GroupOptions {
  /**
   * `video`: each by itself. `folder`: those in one folder; of a dataset with a folder of clips for each label, the
   * folder below that. `column`: those that the dataset's column `group` says. Default: `video`.
   */
  groupBy?: 'video' | 'folder' | 'column';
  /**
   * Those with the same text in the pattern's capture groups, matched against the video's name; takes the place of
   * `groupBy`. `/(\d*)\d\.mp4$/` captures all of a number but its last digit: blocks of ten consecutive numbers.
   */
  groupPattern?: RegExp;
}

/**
 * Sorts videos into groups.
 *
 * @returns The videos of each group, by its name, in natural order of the names.
 * @throws {DatasetError} If a video has no group: its name does not match, it has no folder, or its column is empty.
 */
export function groupVideos(
  videos: readonly AnnotatedVideo[],
  options: GroupOptions = {},
): Map<string, AnnotatedVideo[]> {
  const groups = new Map<string, AnnotatedVideo[]>();
  for (const video of videos) {
    const name = groupOf(video, options);
    const group = groups.get(name);
    if (group) group.push(video);
    else groups.set(name, [video]);
  }
  return new Map([...groups].sort(([a], [b]) => compareNaturally(a, b)));
}

/** The name of a video's group. */
function groupOf(video: AnnotatedVideo, { groupBy = 'video', groupPattern }: GroupOptions): string {
  const { name, group } = video;
  if (groupPattern) {
    // Without the flags that make a pattern remember where it stopped.
    const match = new RegExp(groupPattern, groupPattern.flags.replace(/[gy]/g, '')).exec(name);
    if (!match) throw refusal(video, `does not match the group pattern ${String(groupPattern)}`);
    return match.length > 1 ? match.slice(1).join('/') : match[0];
  }
  switch (groupBy) {
    case 'video':
      return name;
    case 'folder':
      return folderOf(video);
    case 'column':
      if (group === undefined) {
        throw refusal(video, 'has no group: expected a column "group" with one for each video');
      }
      return group;
  }
}

function folderOf(video: AnnotatedVideo): string {
  const folder = path.posix.dirname(video.name.replaceAll('\\', '/'));
  if (video.clipLabel === undefined) return folder;
  const [, ...below] = folder.split('/'); // the first folder is the label's own
  if (below.length === 0)
    throw refusal(video, 'lies in no folder below that of its label, so it has none to group by');
  return below.join('/');
}

function refusal({ name, path }: AnnotatedVideo, problem: string): DatasetError {
  return new DatasetError(`The video "${name}" ${problem}. Correct it, or group by something else.`, path);
}
