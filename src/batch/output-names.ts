import { createHash } from 'node:crypto';
import path from 'node:path';
import { annotationFormats } from '../annotations/formats/formats.js';
import { outputBaseNames, videoName } from '../video/media-names.js';
import { isRemoteSource } from '../video/video-source.js';
import { videoIdentity, type FoundVideo } from './find-videos.js';
import { SUMMARY_FILE } from './summary.js';

/**
 * Names the label files of each video of a batch, without extension, below the output folder: `wave/1` for `wave/1.mp4`
 * below a folder that was named, `street` for a video named itself. Where two would write the same files, the one that
 * comes later keeps its extension (`street.avi`), or gets a short hash of its path. A name once given stays, so that
 * names are the same from run to run whatever else is in the batch.
 *
 * @param known - Names that videos have, by their identity.
 * @returns Names with `/` between folders, in the order of the videos.
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
    if (name === undefined) throw new Error(`No name is left for the label files of "${video.source}".`);
    taken.take(name);
    return name;
  });
}

/** Names from the one that reads best to the one that no other video has. */
function namesFor({ source, subfolder }: FoundVideo, identity: string): string[] {
  const below = (name: string): string => path.join(subfolder, name).replaceAll(path.sep, '/');
  const short = outputBaseNames([source])[0] as string;
  const hash = createHash('sha256').update(identity).digest('hex').slice(0, 16);
  const full = isRemoteSource(source) ? short : videoName(source);
  return [below(short), below(full), `${full}-${hash}`];
}

/** Files and folders that label files take, in lower case, since some disks do not tell `Street` from `street`. */
class TakenPaths {
  private readonly files = new Set([SUMMARY_FILE]);
  private readonly folders = new Set<string>();

  isFree(name: string): boolean {
    const { files, folders } = pathsOf(name);
    return (
      files.every((file) => !this.files.has(file) && !this.folders.has(file)) &&
      folders.every((folder) => !this.files.has(folder))
    );
  }

  take(name: string): void {
    const { files, folders } = pathsOf(name);
    for (const file of files) this.files.add(file);
    for (const folder of folders) this.folders.add(folder);
  }
}

/** Of every format, so that a name stays free of clashes when other formats are asked for. */
function pathsOf(name: string): { files: string[]; folders: string[] } {
  const lower = name.toLowerCase();
  const parts = lower.split('/').slice(0, -1);
  return {
    files: annotationFormats.map(({ extension }) => lower + extension),
    folders: parts.map((_, depth) => parts.slice(0, depth + 1).join('/')),
  };
}
