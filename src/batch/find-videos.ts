import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { findClips, listFolder } from '../annotations/datasets/clip-folders.js';
import { isPictureFileName, isVideoFileName, publicSource } from '../video/media-names.js';
import { isRemoteSource } from '../video/video-source.js';
import { findGlob, isGlob } from './glob.js';

/** A video of a batch. */
export interface FoundVideo {
  /** Path or address as a person would write it. */
  source: string;
  /** Folder below the place that was named, which the output mirrors; empty for a video named itself. */
  subfolder: string;
}

/**
 * Finds the videos that a person means: files and addresses as they are named; of a folder all videos and folders of
 * pictures below it, in natural order; of a pattern such as `day-?.mp4` those that match, and those below folders that
 * match. What is missing, and a place that holds no video, is kept as it is named, so that opening it says what is the
 * matter. Each video comes once, however often it is named.
 *
 * @throws {DatasetError} If a folder cannot be read.
 */
export async function findVideos(places: readonly string[]): Promise<FoundVideo[]> {
  const videos: FoundVideo[] = [];
  for (const place of places) {
    const found = await findAt(place);
    // One by one: a folder can hold more than a call takes arguments.
    for (const video of found.length > 0 ? found : [{ source: place, subfolder: '' }]) videos.push(video);
  }
  return eachOnce(videos);
}

/** Videos without those that came before under another name. */
export function eachOnce(videos: readonly FoundVideo[]): FoundVideo[] {
  const byIdentity = new Map<string, FoundVideo>();
  for (const video of videos) {
    const identity = videoIdentity(video.source);
    if (!byIdentity.has(identity)) byIdentity.set(identity, video);
  }
  return [...byIdentity.values()];
}

/** What makes two names one video: the absolute path, or the address, of which a hash stands for what is secret. */
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
