import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { findClips, listFolder } from '../annotations/datasets/clip-folders.js';
import { publicSource } from '../addresses.js';
import { isPictureFileName, isVideoFileName } from '../video/media-names.js';
import { isRemoteSource } from '../video/video-source.js';
import { findGlob, isGlob } from './glob.js';

/** A video of a batch. */
export interface FoundVideo {
  /** Path or URL, as a user would write it. */
  source: string;
  /** Subfolder below the given folder, mirrored in the output. Empty for a video that was given by its own path. */
  subfolder: string;
}

/**
 * Finds the videos at the given places:
 *
 * - a file or URL is taken as it is;
 * - a folder is searched recursively for videos and folders of pictures, in natural order;
 * - a pattern such as `day-?.mp4` gives the videos that match, and all videos in folders that match.
 *
 * A place that is missing or contains no video is kept as it is, so that opening it reports the problem. Each video is
 * returned once, even if several places contain it.
 *
 * @example
 * await findVideos(['recordings', 'day-*.mp4']); // [{ source: 'recordings/a/1.mp4', subfolder: 'a' }, …]
 * @throws {DatasetError} If a folder cannot be read.
 */
export async function findVideos(places: readonly string[]): Promise<FoundVideo[]> {
  const videos: FoundVideo[] = [];
  for (const place of places) {
    const found = await findAt(place);
    // One by one, because a folder can hold more videos than a call takes arguments.
    for (const video of found.length > 0 ? found : [{ source: place, subfolder: '' }]) videos.push(video);
  }
  return eachOnce(videos);
}

/** Removes videos that are listed a second time, also under another name. */
export function eachOnce(videos: readonly FoundVideo[]): FoundVideo[] {
  const byIdentity = new Map<string, FoundVideo>();
  for (const video of videos) {
    const identity = videoIdentity(video.source);
    if (!byIdentity.has(identity)) byIdentity.set(identity, video);
  }
  return [...byIdentity.values()];
}

/** Identifies a video: its absolute path, or its URL with a hash in place of the secret parts. */
export function videoIdentity(source: string): string {
  if (!isRemoteSource(source)) return path.resolve(source);
  return `${publicSource(source)}#${createHash('sha256').update(source).digest('hex').slice(0, 16)}`;
}

async function findAt(place: string): Promise<FoundVideo[]> {
  const kind = await kindOf(place);
  if (kind === 'folder') return findBelow(place, place);
  if (kind === 'other' || isRemoteSource(place) || !isGlob(place)) return [];
  const { root, matches } = await findGlob(place);
  const found: FoundVideo[] = [];
  for (const match of matches) {
    const below = (await kindOf(match)) === 'folder' ? await findBelow(match, root) : [];
    if (below.length > 0) found.push(...below);
    else if (await isVideo(match)) found.push(locate(match, root));
  }
  return found;
}

async function findBelow(folder: string, root: string): Promise<FoundVideo[]> {
  return (await findClips(folder)).map((source) => locate(source, root));
}

async function isVideo(place: string): Promise<boolean> {
  if ((await kindOf(place)) !== 'folder') return isVideoFileName(place);
  return (await listFolder(place)).some(({ name }) => isPictureFileName(name));
}

function locate(source: string, root: string): FoundVideo {
  return { source, subfolder: path.dirname(path.relative(root, source)).replace(/^\.$/, '') };
}

async function kindOf(place: string): Promise<'folder' | 'other' | 'missing'> {
  return stat(place).then(
    (entry) => (entry.isDirectory() ? 'folder' : 'other'),
    () => 'missing',
  );
}
