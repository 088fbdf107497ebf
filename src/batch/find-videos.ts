import { stat } from 'node:fs/promises';
import { findClips } from '../annotations/clip-folders.js';

/**
 * Finds the videos that a person means: files as they are named, and for a folder all videos and folders of pictures
 * below it, in natural order. What is missing, and a folder that holds no video below it, is kept as it is named, so
 * that opening it says what is the matter. Each video comes once.
 */
export async function findVideos(places: readonly string[]): Promise<string[]> {
  const videos = new Set<string>();
  for (const place of places) {
    const found = (await isFolder(place)) ? await findClips(place) : [];
    for (const video of found.length > 0 ? found : [place]) videos.add(video);
  }
  return [...videos];
}

async function isFolder(place: string): Promise<boolean> {
  return stat(place).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}
