import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { DatasetError } from '../../errors.js';
import { reportSkip, type ReadOptions } from '../annotation-format.js';
import { compareNaturally, isPictureFileName, isVideoFileName } from '../../video/media-names.js';

/** A clip that shows one activity from start to end. */
interface LabeledClip {
  /** Path of a video file, or of a folder of pictures that are its frames. */
  path: string;
  /** Name of the class folder. */
  label: string;
}

/**
 * Reads a folder that holds a folder of clips for each label: `<folder>/<label>/**`. A clip is a video file, or a
 * folder of pictures below the class folder. Hidden files and other files are passed over; a class folder without a clip
 * is left out, for a class without a video cannot be learned.
 *
 * @returns Clips in natural order, label by label.
 * @throws {DatasetError} If the folder cannot be read, or no class folder holds a clip; if strict, also if one holds none.
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
      `"${folder}" holds no labeled clips: expected one folder of clips for each label, or a labels.csv.`,
      folder,
    );
  }
  return clips;
}

/** @throws {DatasetError} If strict. */
function leaveOut(classFolder: string, options: ReadOptions): void {
  if (options.isStrict) {
    throw new DatasetError(
      `The class folder "${classFolder}" holds no clip. Put video files or folders of pictures into it, or remove it.`,
      classFolder,
    );
  }
  reportSkip({ what: `"${classFolder}"`, why: 'the class folder holds no clip' }, options);
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
      `Cannot open "${place}": ${(cause as Error).message}. A dataset is a folder with a labels.csv, a CSV file, or a ` +
        'folder with a folder of clips for each label.',
      place,
      { cause },
    );
  }
}

/** Clips anywhere below a folder. Links to files are taken; links to folders are not followed, as they may be circles. */
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
 * What a folder holds, in natural order, without hidden entries.
 *
 * @throws {DatasetError} If the folder cannot be read.
 */
export async function listFolder(folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter(({ name }) => !name.startsWith('.'))
      .sort((a, b) => compareNaturally(a.name, b.name));
  } catch (cause) {
    throw new DatasetError(`Cannot read the folder "${folder}": ${(cause as Error).message}.`, folder, {
      cause,
    });
  }
}
