import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { DatasetError } from '../../errors.js';
import { reportSkip, type ReadOptions } from '../annotation-format.js';
import {
  compareNaturally,
  isPictureFileName,
  isSystemName,
  isVideoFileName,
} from '../../video/media-names.js';

/** A clip that shows one activity from start to end. */
interface LabeledClip {
  /** Path of a video file, or of a folder of pictures. */
  path: string;
  /** Name of the class folder. */
  label: string;
}

/**
 * Reads a folder with one folder of clips per label: `<folder>/<label>/**`. A clip is a video file, or a folder of
 * pictures, anywhere below the class folder. Hidden files and other files are ignored. A class folder without a clip is
 * left out, because a label without a video cannot be learned.
 *
 * @returns Clips in natural order, label by label.
 * @throws {DatasetError} If the folder cannot be read or no class folder has a clip; with `isStrict`, also if a single
 *   class folder has none.
 */
export async function readClipFolders(folder: string, options: ReadOptions = {}): Promise<LabeledClip[]> {
  const clips: LabeledClip[] = [];
  for (const entry of await listFolder(folder)) {
    const label = entry.name;
    const classFolder = path.join(folder, label);
    if (!entry.isDirectory() && !(entry.isSymbolicLink() && (await isFolder(classFolder)))) continue;
    const found = await findClips(classFolder);
    if (found.length === 0) {
      leaveOut(classFolder, options);
      continue;
    }
    clips.push(...found.map((clip) => ({ path: clip, label })));
  }
  if (clips.length === 0) {
    throw new DatasetError(
      `"${folder}" has no labeled clips: expected one folder of clips per label, or a labels.csv.`,
      folder,
    );
  }
  return clips;
}

/**
 * Reports a class folder without a clip.
 *
 * @throws {DatasetError} If `isStrict` is set.
 */
function leaveOut(classFolder: string, options: ReadOptions): void {
  if (options.isStrict) {
    throw new DatasetError(
      `The class folder "${classFolder}" has no clip. Put video files or folders of pictures into it, or remove it.`,
      classFolder,
    );
  }
  reportSkip({ what: `"${classFolder}"`, why: 'the class folder has no clip' }, options);
}

/**
 * Whether a path is a folder, or a link to one.
 *
 * @throws {DatasetError} If the path is missing or unreadable.
 */
export async function isFolder(place: string): Promise<boolean> {
  try {
    return (await stat(place)).isDirectory();
  } catch (cause) {
    throw new DatasetError(
      `Cannot open "${place}": ${(cause as Error).message}. A dataset is a label file, a folder with a labels.csv, ` +
        'or a folder with one folder of clips per label.',
      place,
      { cause },
    );
  }
}

/** Finds clips anywhere below a folder. Links to files count; links to folders are not followed, as they may form a loop. */
export async function findClips(folder: string): Promise<string[]> {
  const clips: string[] = [];
  for (const entry of await listFolder(folder)) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) {
      const inside = await findClips(file);
      if (inside.length > 0) clips.push(...inside);
      else if ((await listFolder(file)).some(({ name }) => isPictureFileName(name))) clips.push(file);
    } else if (isVideoFileName(entry.name)) {
      clips.push(file);
    }
  }
  return clips;
}

/**
 * Lists a folder in natural order, without hidden entries and those of systems and network storage.
 *
 * @throws {DatasetError} If the folder cannot be read.
 */
export async function listFolder(folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter(({ name }) => !isSystemName(name)).sort((a, b) => compareNaturally(a.name, b.name));
  } catch (cause) {
    throw new DatasetError(`Cannot read the folder "${folder}": ${(cause as Error).message}.`, folder, {
      cause,
    });
  }
}
