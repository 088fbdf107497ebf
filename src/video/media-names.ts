import path from 'node:path';

const VIDEO_EXTENSIONS = new Set(
  '.3gp .asf .avi .dv .flv .gif .m2ts .m4v .mkv .mov .mp4 .mpeg .mpg .mts .mxf .ogv .ts .vob .webm .wmv'.split(
    ' ',
  ),
);
/** Words before the ending that tell formats with the same ending apart: `street.via.json` from `street.json`. */
export const FORMAT_WORDS = ['activitynet', 'audacity', 'boris', 'cvat', 'frames', 'label-studio', 'via'];

const PICTURE_EXTENSIONS = new Set(['.jpeg', '.jpg', '.png', '.webp']);

/** What is drawn of labeled videos; where it lies among videos it is none. */
const DRAWING = /\.(?:overlay\.(?:mp4|mkv)|contact-sheet\.jpg)$/i;

/** Whether a file is a video by its extension, in upper or lower case, and not one that was drawn of another. */
export function isVideoFileName(file: string): boolean {
  return !DRAWING.test(file) && VIDEO_EXTENSIONS.has(path.extname(file).toLowerCase());
}

/** Whether a file is a picture that a frame folder may hold, by its extension, and not a contact sheet. */
export function isPictureFileName(file: string): boolean {
  return !DRAWING.test(file) && PICTURE_EXTENSIONS.has(path.extname(file).toLowerCase());
}

/** Orders names as people do: `frame2` before `frame10`. The same on every machine. */
export function compareNaturally(a: string, b: string): number {
  return naturalOrder.compare(a, b) || (a < b ? -1 : Number(a > b));
}
const naturalOrder = new Intl.Collator('en', { numeric: true });

/**
 * A video's source as it may be shown to others: a path as it is, a URL without user, password and query, since label
 * files are shared and cameras put their password there.
 */
export function publicSource(source: string): string {
  return isUrl(source) ? source.replace(/^([^:]+:\/\/)[^/?#]*@/, '$1').replace(/[?#].*$/s, '') : source;
}

/** What the `video` column of a label file says: a file's name without its folder, or a URL's public part. */
export function videoName(source: string): string {
  return isUrl(source) ? publicSource(source) : path.basename(path.resolve(source));
}

/**
 * Names of the label files of many videos, without extension: `clips/street.mp4` gives `street`, `rtsp://camera/1`
 * gives `camera-1`. Videos that would share a name keep their extension (`street.mp4`, `street.avi`); if that is not
 * enough they are counted (`street.mp4-2`). Names differ in more than case, and none is another's with a word that a
 * format adds, such as `.frames`, so no two videos write one file.
 *
 * @param sources - Paths or URLs, in the order in which they take names.
 */
export function outputBaseNames(sources: readonly string[]): string[] {
  const taken = new Set<string>();
  const shortNames = sources.map((source) => shortName(source).toLowerCase());
  return sources.map((source, index) => {
    const isShared = shortNames.some((name, other) => other !== index && name === shortNames[index]);
    const full = isShared ? fullName(source) : shortName(source);
    let name = full;
    for (let count = 2; claims(name).some((claim) => taken.has(claim)); count++) name = `${full}-${count}`;
    for (const claim of claims(name)) taken.add(claim);
    return name;
  });
}

function claims(name: string): string[] {
  return ['', ...FORMAT_WORDS.map((word) => `.${word}`)].map((word) => name.toLowerCase() + word);
}

function shortName(source: string): string {
  const name = fullName(source);
  return isVideoFileName(name) ? path.parse(name).name : name;
}

function fullName(source: string): string {
  if (!isUrl(source)) return videoName(source);
  return publicSource(source)
    .replace(/^[^:]+:\/\//, '')
    .replace(/[^\p{L}\p{N}._-]+/gu, '-')
    .replace(/^-+|-+$/g, '');
}

/** Whether a video's source is a URL, not a path. */
export function isUrl(source: string): boolean {
  return /^[a-z][a-z\d+.-]+:\/\//i.test(source);
}

/** A path out of a URL, its escapes decoded; as it is where they are none, as in a plain name with a percent sign. */
export function decodeUrlPath(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch (error) {
    if (error instanceof URIError) return url;
    throw error;
  }
}
