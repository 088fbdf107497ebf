import { access, readdir } from 'node:fs/promises';
import path from 'node:path';
import { AnnotationError } from '../../errors.js';
import { placeOf, type VideoReference } from '../annotated-segment.js';
import type { ReadContext, ReadOptions } from '../annotation-format.js';
import { probeVideo } from '../../video/probe-video.js';
import { listFolder } from './clip-folders.js';
import { isConfined } from '../../runtime/input-file.js';
import { isVideoFileName } from '../../video/media-names.js';

/**
 * Finds the video that a label file names.
 *
 * @param file - The label file, for messages.
 * @returns Absolute path of the video; undefined if there is none.
 * @throws {AnnotationError} If several videos match.
 */
export type FindVideo = (file: string, reference: VideoReference) => Promise<string | undefined>;

/** The searched folders, and the function that finds videos in them. */
export interface VideoFinder {
  folders: string[];
  find: FindVideo;
}

/**
 * Creates a finder that looks for a video by its relative path in some folders and in `videos` in each of them, then by
 * its bare name there, with or without extension. A name that differs only in its Unicode normalization, as after
 * unpacking on a Mac, then one that differs only in case, is the same name if no other file has it. Each folder is listed
 * once.
 *
 * @param places - Folders in the order in which they are searched.
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
      const found = await findPath(folder, named);
      if (found !== undefined) return found;
    }
    const matches = matchName(videoFiles, path.posix.basename(named));
    if (matches.length <= 1) return matches[0];
    throw videoError(file, reference, `may be ${matches.map((match) => `"${match}"`).join(' or ')}`);
  };
  return { folders, find };
}

/** Finds a path below a folder, exactly or with names that differ only in how they are written. */
async function findPath(folder: string, named: string): Promise<string | undefined> {
  const exact = path.resolve(folder, named);
  if (await exists(exact)) return exact;
  if (!isConfined(named) || !named.includes('/')) return undefined; // Bare names are matched later.
  let place = folder;
  for (const part of named.split('/')) {
    const names = (await exists(path.join(place, part))) ? [part] : await readdir(place).catch(() => []);
    const [found, ...others] = firstMatch(names, part);
    if (found === undefined || others.length > 0) return undefined;
    place = path.join(place, found);
  }
  return place;
}

/**
 * Finds the files that a bare name may mean: by the whole name, the name without extension, or that of ActivityNet, which
 * has a prefix; if none matches, without what other tools put between, such as the language in `cage1.en.vtt`.
 */
function matchName(videoFiles: readonly string[], wanted: string): string[] {
  const namesOf = (file: string): string[] => [path.basename(file), path.parse(file).name];
  // A name with the extension of a video means that file, not one of another type.
  const withoutLanguage = isVideoFileName(wanted)
    ? wanted
    : wanted.replace(/\.[a-z]{2}(?:-[a-z\d]{2,4})?$/i, '');
  for (const name of [wanted, withoutLanguage]) {
    for (const isSame of SAME) {
      const found = videoFiles.filter((file) =>
        namesOf(file).some((own) => isSame(own, name) || isSame(own, `v_${name}`)),
      );
      if (found.length > 0) return found;
    }
  }
  return [];
}

/** Ways in which two names are the same, the strictest first. */
const SAME: ((one: string, other: string) => boolean)[] = [
  (one, other) => one === other,
  (one, other) => one.normalize('NFC') === other.normalize('NFC'),
  (one, other) => one.normalize('NFC').toLowerCase() === other.normalize('NFC').toLowerCase(),
];

function firstMatch(names: readonly string[], wanted: string): string[] {
  const found = SAME.map((isSame) => names.filter((name) => isSame(name, wanted)));
  return found.find((matches) => matches.length > 0) ?? [];
}

/** The error for a label file whose video is absent or ambiguous. */
export function videoError(file: string, reference: VideoReference, problem: string): AnnotationError {
  return new AnnotationError(
    `"${file}" ${placeOf(reference)} names the video ${JSON.stringify(reference.video)}, which ${problem}. ` +
      "Correct the name, relative to the label file's folder, or add the video.",
    file,
    reference.line,
  );
}

/** Whether a file or folder exists. */
export async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

/**
 * Makes the context in which a label file is read: the options, and a way to probe the videos that the file names. Each
 * video is probed once.
 *
 * @param file - The label file, for messages.
 */
export function createProbeContext(file: string, find: FindVideo, options: ReadOptions): ReadContext {
  const probed = new Map<string, ReturnType<typeof probeVideo>>();
  return {
    ...options,
    async probe(reference) {
      const video = await find(file, reference);
      if (video === undefined) return undefined;
      const info = probed.get(video) ?? probeVideo(video);
      probed.set(video, info);
      return info;
    },
  };
}
