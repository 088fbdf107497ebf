import { createHash } from 'node:crypto';
import path from 'node:path';
import { annotationFormats } from '../annotations/formats/formats.js';
import { outputBaseNames, videoName } from '../video/media-names.js';
import { isRemoteSource } from '../video/video-source.js';
import { videoIdentity, type FoundVideo } from './find-videos.js';
import { isReserved } from './state-folder.js';
import { SUMMARY_FILE } from './summary.js';

/**
 * Chooses the name of each video's label files, without extension: `wave/1` for `wave/1.mp4` below a given folder,
 * `street` for `street.mp4` given by its own path. If two videos would write the same files, the later one keeps its
 * extension (`street.avi`) or gets a short hash of its path. So does one whose files would lie in the state folder. A video
 * keeps its name in later runs, whatever else is in the batch.
 *
 * @param known - Names from earlier runs, by the identity of the video.
 * @returns Names below the output folder with `/` between folders, in the order of the videos.
 */
export function assignOutputNames(
  videos: readonly FoundVideo[],
  known: ReadonlyMap<string, string>,
): string[] {
  const taken = new TakenPaths();
  for (const name of known.values()) taken.take(name);
  return videos.map((video) => {
    const identity = videoIdentity(video.source);
    const name = known.get(identity) ?? namesFor(video, identity).find((each) => taken.isFree(each));
    if (name === undefined) throw new Error(`No free name for the label files of "${video.source}".`);
    taken.take(name);
    return name;
  });
}

/** Candidates, from the most readable one to one that no other video has. */
function namesFor({ source, subfolder }: FoundVideo, identity: string): string[] {
  const below = (name: string): string => path.join(subfolder, name).replaceAll(path.sep, '/');
  const short = outputBaseNames([source])[0] as string;
  const hash = createHash('sha256').update(identity).digest('hex').slice(0, 16);
  const full = isRemoteSource(source) ? short : videoName(source);
  return [below(short), below(full), `${full}-${hash}`];
}

/** Files and folders that are in use, in lower case, because some file systems do not distinguish `Street` and `street`. */
class TakenPaths {
  readonly #files = new Set([SUMMARY_FILE]);
  readonly #folders = new Set<string>();

  isFree(name: string): boolean {
    const { files, folders } = pathsOf(name);
    return (
      !isReserved(name) &&
      files.every((file) => !this.#files.has(file) && !this.#folders.has(file)) &&
      folders.every((folder) => !this.#files.has(folder))
    );
  }

  take(name: string): void {
    const { files, folders } = pathsOf(name);
    for (const file of files) this.#files.add(file);
    for (const folder of folders) this.#folders.add(folder);
  }
}

/** Paths for every format, so that a name stays free of conflicts if other formats are requested later. */
function pathsOf(name: string): { files: string[]; folders: string[] } {
  const lower = name.toLowerCase();
  const parts = lower.split('/').slice(0, -1);
  return {
    files: annotationFormats.map(({ extension }) => lower + extension),
    folders: parts.map((_, depth) => parts.slice(0, depth + 1).join('/')),
  };
}
