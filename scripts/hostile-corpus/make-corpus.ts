import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeAbsurdHeaders } from './absurd-headers.js';
import { makeBaseVideos } from './base-videos.js';
import type { Canary } from './canary.js';
import { damageVideos } from './damage.js';
import type { HostileFile, HostileInput } from './hostile-input.js';
import { makeNoVideos, makeOddNames, placeSpecialFiles } from './odd-files.js';
import { placePictureFolders } from './picture-folders.js';
import { makeReferences } from './references.js';

/**
 * Writes the corpus: the same files for the same seed and ffmpeg.
 *
 * @param folder - Empty; takes some megabytes.
 */
export async function makeCorpus(
  ffmpegPath: string,
  folder: string,
  canary: Canary,
  seed: number,
): Promise<HostileInput[]> {
  await mkdir(path.join(folder, 'bases'));
  const videos = await makeBaseVideos(ffmpegPath, path.join(folder, 'bases'));
  const whole = Object.entries(videos).map(([name, bytes]): HostileFile => ({
    kind: 'undamaged',
    path: name,
    bytes,
  }));
  const files = [
    ...whole,
    ...damageVideos(videos, seed),
    ...makeAbsurdHeaders(videos),
    ...makeReferences(videos, canary),
    ...makeOddNames(videos),
    ...makeNoVideos(),
  ];
  for (const file of files) await writeFile(path.resolve(folder, file.path), file.bytes, { flag: 'wx' });
  const special = await placeSpecialFiles(folder);
  const pictures = await placePictureFolders(folder, seed);
  return [...files.map(({ kind, path: name }) => ({ kind, path: name })), ...special, ...pictures];
}
