import { access } from 'node:fs/promises';
import path from 'node:path';
import { AnnotationError } from '../../errors.js';
import { placeOf } from '../annotated-segments.js';
import type { VideoReference } from '../annotation-reader.js';
import { listFolder } from './clip-folders.js';
import { isVideoFileName } from '../../video/media-names.js';

/**
 * Finds the video that a label file names.
 *
 * @param file - The label file, for messages.
 * @returns Its absolute path; undefined if there is none.
 * @throws {AnnotationError} If there are several.
 */
export type FindVideo = (file: string, reference: VideoReference) => Promise<string | undefined>;

/** The folders in which videos were looked for, and what finds them there. */
export interface VideoFinder {
  folders: string[];
  find: FindVideo;
}

/**
 * Looks for videos relative to some folders and to `videos` in each; else by the bare name there, with or without
 * extension. Each folder is listed once.
 *
 * @param places - Folders, the first one first.
 * @throws {DatasetError} If a folder cannot be read.
 */
export async function createVideoFinder(places: readonly string[]): Promise<VideoFinder> {
  const folders: string[] = [];
  const videoFiles: string[] = [];
  for (const place of new Set(places.flatMap((each) => [path.resolve(each), path.resolve(each, 'videos')]))) {
    if (!places.some((each) => path.resolve(each) === place) && !(await exists(place))) continue;
    folders.push(place);
    const names = (await listFolder(place)).map((entry) => entry.name);
    videoFiles.push(...names.filter(isVideoFileName).map((name) => path.join(place, name)));
  }
  const find: FindVideo = async (file, reference) => {
    const named = reference.video.replaceAll('\\', '/'); // a label file may come from Windows
    for (const folder of folders) {
      const exact = path.resolve(folder, named);
      if (await exists(exact)) return exact;
    }
    const wanted = path.posix.basename(named);
    const matches = videoFiles.filter((candidate) => {
      const { base, name } = path.parse(candidate);
      return base === wanted || name === wanted || name === `v_${wanted}`; // ActivityNet's files have the prefix
    });
    if (matches.length <= 1) return matches[0];
    throw refusal(file, reference, `may be ${matches.map((match) => `"${match}"`).join(' or ')}`);
  };
  return { folders, find };
}

/** The error of a label file whose video is absent or not clear. */
export function refusal(file: string, reference: VideoReference, problem: string): AnnotationError {
  return new AnnotationError(
    `"${file}" ${placeOf(reference)} names the video ${JSON.stringify(reference.video)}, which ${problem}. ` +
      "Correct the name, relative to the label file's folder, or add the video.",
    file,
    reference.line,
  );
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
