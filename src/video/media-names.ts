import path from 'node:path';
import { isUrl, publicSource } from '../addresses.js';

const VIDEO_EXTENSIONS = new Set(
  '.3gp .asf .avi .dv .flv .gif .m2ts .m4v .mkv .mov .mp4 .mpeg .mpg .mts .mxf .ogv .ts .vob .webm .wmv'.split(
    ' ',
  ),
);
/** Words before the extension that distinguish label formats with the same extension: `street.via.json`, `street.json`. */
export const FORMAT_WORDS = ['activitynet', 'audacity', 'boris', 'cvat', 'frames', 'label-studio', 'via'];

const PICTURE_EXTENSIONS = new Set(['.jpeg', '.jpg', '.png', '.webp']);

/** Overlays and contact sheets, which are not taken for videos or pictures. */
const DRAWING = /\.(?:overlay\.(?:mp4|mkv)|contact-sheet\.jpg)$/i;

/** Whether a file name has the extension of a video, in upper or lower case, and is not that of an overlay. */
export function isVideoFileName(file: string): boolean {
  return !DRAWING.test(file) && VIDEO_EXTENSIONS.has(path.extname(file).toLowerCase());
}

/** Whether a file name has the extension of a picture in a folder of frames, and is not that of a contact sheet. */
export function isPictureFileName(file: string): boolean {
  return !DRAWING.test(file) && PICTURE_EXTENSIONS.has(path.extname(file).toLowerCase());
}

/** Names of files and folders that systems, network storage and archives add, in lower case. */
const SYSTEM_NAMES = new Set(
  (
    '@eadir @tmp @recycle @recently-snapshot @sharebin @appstore #recycle #snapshot ~snapshot lost+found found.000 ' +
    '__macosx $recycle.bin thumbs.db ehthumbs.db desktop.ini'
  )
    .split(' ')
    .concat('system volume information', 'network trash folder', 'temporary items'),
);

/**
 * Whether a file or folder is not a user's: hidden, such as macOS's `._clip.mp4` with metadata, or added by a system, such as
 * `@eaDir` with thumbnails on a Synology NAS. Such names are left out wherever a folder is read.
 */
export function isSystemName(name: string): boolean {
  return (
    name.startsWith('.') || SYSTEM_NAMES.has(name.toLowerCase()) || /@syno(?:eastream|resource)$/i.test(name)
  );
}

/** Compares names in natural order, `frame2` before `frame10`, the same on every machine. */
export function compareNaturally(a: string, b: string): number {
  return naturalOrder.compare(a, b) || (a < b ? -1 : Number(a > b));
}
const naturalOrder = new Intl.Collator('en', { numeric: true });

/** Returns the name of a video for label files: the file name without folder, or the public part of a URL. */
export function videoName(source: string): string {
  return isUrl(source) ? publicSource(source) : path.basename(path.resolve(source));
}

/**
 * Names the label files of a batch, without extension: `clips/street.mp4` becomes `street`, `rtsp://camera/1` becomes
 * `camera-1`. Videos that would share a name keep their extension (`street.mp4`, `street.avi`), and are numbered if that
 * is not enough (`street.mp4-2`). Names differ in more than case, and also with the words that formats add, such as
 * `.frames`, so no two videos write the same file.
 *
 * @param sources - Paths or URLs, in the order in which they get names.
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

/** Decodes the escapes in the path of a URL. Text with invalid escapes, such as a name with a percent sign, stays as it is. */
export function decodeUrlPath(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch (error) {
    if (error instanceof URIError) return url;
    throw error;
  }
}
