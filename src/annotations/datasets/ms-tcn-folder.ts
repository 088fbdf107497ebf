import path from 'node:path';
import { DatasetError } from '../../errors.js';
import { reportSkip, type ReadContext } from '../annotation-format.js';
import { listFolder } from './clip-folders.js';
import { type LabeledFile, openLabelFile } from '../label-files.js';
import { GROUND_TRUTH, linesOf, readFrameLabels } from '../formats/ms-tcn.js';

/**
 * Reads a dataset in the layout of MS-TCN: `groundTruth/<video>.txt` with one label per line and frame, `mapping.txt`
 * with all labels, and `splits/<part>.<split>.bundle` with names of videos. Frame numbers become seconds at the video's
 * own rate, or at the rate that the user gives. Absent videos are left out.
 *
 * @see Abu Farha and Gall 2019, arXiv:1903.01945, and the data that its authors publish.
 * @throws {DatasetError} If there is no ground truth.
 * @throws {AnnotationError} If a file cannot be read, or a frame has no label.
 */
export async function readMsTcn(folder: string, context: ReadContext): Promise<LabeledFile[]> {
  const place = path.join(folder, GROUND_TRUTH);
  const names = (await listFolder(place)).map(({ name }) => name).filter((name) => name.endsWith('.txt'));
  if (names.length === 0) {
    throw new DatasetError(`"${place}" has no ground truth: expected one file <video>.txt per video.`, place);
  }
  const subsets = await readBundles(folder, names, context);
  const files: LabeledFile[] = [];
  for (const name of names) {
    const file = await openLabelFile(path.join(place, name));
    const video = path.parse(name).name;
    const info = await context.probe?.({ video, line: 1 });
    if (!info) {
      reportSkip({ what: `"${file.path}"`, why: `its video "${video}" was not found` }, context);
      continue;
    }
    const segments = await readFrameLabels(file, context);
    const numLabels = Math.max(0, ...segments.map(({ endFrame }) => endFrame));
    const rate = context.frameRate ?? info.frameRate;
    const isOwnRate = context.frameRate === undefined;
    const expected = Math.round((isOwnRate && info.numFrames) || info.durationSec * rate);
    if (expected > 0 && Math.abs(numLabels - expected) > 1) {
      context.onWarning?.(
        `"${file.path}" labels ${numLabels} frames, but "${video}" has ${expected} at ${rate} per second. If the ` +
          'labels were made at another rate, give it (frameRate, --frame-rate).',
      );
    }
    files.push({ file: file.path, segments, subsetBySplit: subsets.get(video) });
  }
  await compareMapping(folder, files, context);
  return files;
}

/** Reads the part of each split that each video belongs to, by video and split. Names may end in `.txt`. */
async function readBundles(
  folder: string,
  groundTruth: readonly string[],
  { onWarning }: ReadContext,
): Promise<Map<string, Record<string, string>>> {
  const subsets = new Map<string, Record<string, string>>(
    groundTruth.map((name) => [path.parse(name).name, {}]),
  );
  const places = (await listFolder(folder)).filter(({ name }) => name === 'splits');
  const bundles = places.length > 0 ? await listFolder(path.join(folder, 'splits')) : [];
  for (const { name } of bundles) {
    const [, part, split = 'split'] = /^([^.]+)(?:\.(.+))?\.bundle$/.exec(name) ?? [];
    if (part === undefined) continue;
    const bundle = await openLabelFile(path.join(folder, 'splits', name));
    for (const line of linesOf(bundle).filter(Boolean)) {
      const video = line.replace(/\.txt$/, '');
      const own = subsets.get(video);
      if (own) own[split] = part;
      else onWarning?.(`"${bundle.path}" names "${video}", which has no file in ${GROUND_TRUTH}.`);
    }
  }
  for (const [video, own] of subsets) if (Object.keys(own).length === 0) subsets.delete(video);
  return subsets;
}

/** Warns about labels that are only in the mapping, or only in the ground truth. */
async function compareMapping(
  folder: string,
  files: readonly LabeledFile[],
  { onWarning }: ReadContext,
): Promise<void> {
  if (!(await listFolder(folder)).some(({ name }) => name === 'mapping.txt')) return;
  const mapping = await openLabelFile(path.join(folder, 'mapping.txt'));
  const listed = new Set(linesOf(mapping).map((line) => line.replace(/^\d+\s+/, '')));
  listed.delete('');
  const shown = new Set(files.flatMap(({ segments }) => segments.map(({ label }) => label)));
  const unlisted = [...shown].filter((label) => !listed.has(label));
  const unshown = [...listed].filter((label) => !shown.has(label));
  if (unlisted.length > 0) onWarning?.(`"${mapping.path}" does not list the label ${unlisted.join(', ')}.`);
  if (unshown.length > 0)
    onWarning?.(`No frame has the label ${unshown.join(', ')}, which "${mapping.path}" lists.`);
}
