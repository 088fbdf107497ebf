import { AnnotationError } from '../../errors.js';
import type { Timeline } from '../../timeline/timeline.js';
import type { AnnotatedSegment } from '../annotated-segment.js';
import {
  type AnnotationFormat,
  frameRateOf,
  oneLine,
  type LabelFile,
  type ReadContext,
} from '../annotation-format.js';
import { countFrames, labeledFrames, type FrameRun } from '../text/frame-runs.js';
import { videoName } from '../../video/media-names.js';
import { childrenAt, parseXmlFile, type XmlNode, formatXml } from '../text/xml.js';

/**
 * Frame tags as CVAT exports and imports them for a video, in the format "CVAT for images 1.1", because CVAT's format for
 * videos has no tags. Tags of one label on consecutive frames make one segment; shapes are ignored. Only labeled frames
 * are written, by their number in the video.
 *
 * @see https://docs.cvat.ai/docs/other/xml_format
 */
export const cvatFormat: AnnotationFormat = {
  name: 'cvat',
  title: 'CVAT frame tags',
  extension: '.cvat.xml',
  extensions: ['.xml'],
  holds: ['segments', 'overlaps', 'gaps', 'extension'],
  recognizes: ({ text }) => text.includes('<annotations>') && text.includes('<meta>'),
  read: readTags,
  write: writeTags,
};

function writeTags(timeline: Timeline): string {
  const { video, model, segments } = timeline;
  const count = countFrames(timeline, cvatFormat.title);
  const labelsOf = new Map<number, string[]>(); // by frame
  for (const { segment, frame } of labeledFrames(timeline, count, cvatFormat.title)) {
    labelsOf.set(frame, [...(labelsOf.get(frame) ?? []), oneLine(segment.label)]);
  }
  const frames = [...labelsOf].sort(([a], [b]) => a - b);
  const numFrames = count.numFrames || (frames.at(-1)?.[0] ?? -1) + 1;
  const name = videoName(video.source);
  return formatXml({
    annotations: {
      version: '1.1',
      meta: {
        task: {
          name,
          size: numFrames,
          mode: 'interpolation',
          start_frame: 0,
          stop_frame: Math.max(0, numFrames - 1),
          frame_filter: '',
          labels: {
            label: [...new Set(segments.map(({ label }) => oneLine(label)))].map((label) => ({
              name: label,
              type: 'tag',
              attributes: '',
            })),
          },
          original_size: { width: video.width, height: video.height },
          source: name,
        },
      },
      image: frames.map(([frame, labels]) => ({
        '@id': frame,
        '@name': `frame_${String(frame).padStart(6, '0')}`,
        '@width': video.width,
        '@height': video.height,
        tag: labels.map((label) => ({ '@label': label, '@source': model === '' ? 'manual' : 'auto' })),
      })),
    },
  });
}

async function readTags(file: LabelFile, context: ReadContext): Promise<AnnotatedSegment[]> {
  const root = parseXmlFile(file);
  const tasks = ['task', 'job'].flatMap((kind) => childrenAt(root, 'meta', kind));
  const [task] = tasks;
  if (!task) {
    const problem =
      childrenAt(root, 'meta', 'project').length > 0
        ? 'it is the export of a whole project'
        : 'it names no task';
    throw new AnnotationError(
      `"${file.path}" cannot be read: ${problem}. Export each task by itself.`,
      file.path,
    );
  }
  const video = textAt(root, 'meta', 'source') ?? textAt(task, 'source');
  if (!video) {
    throw new AnnotationError(
      `"${file.path}" names no video: expected the element source in meta.`,
      file.path,
    );
  }
  const step = frameStep(task);
  const firstFrame = Number(textAt(task, 'start_frame') ?? 0);
  const frameRate = await frameRateOf(file, { video, line: task.line }, context);

  const tags = childrenAt(root, 'image').flatMap((image) => {
    const frame = frameOf(file, image, firstFrame, step);
    return childrenAt(image, 'tag').map(({ attributes, line }) => ({
      label: attributes['label'] ?? '',
      frame,
      line,
    }));
  });
  return joinTags(tags, step).map(({ label, startFrame, endFrame, line }) => ({
    video,
    label,
    startSec: startFrame / frameRate,
    endSec: endFrame / frameRate,
    line,
  }));
}

interface FrameTag {
  label: string;
  frame: number;
  line: number;
}

/** Joins tags of one label on consecutive frames. Frames that CVAT skipped take the label of the previous frame. */
function joinTags(tags: readonly FrameTag[], step: number): (FrameRun & { line: number })[] {
  const runs: (FrameRun & { line: number })[] = [];
  const lastOf = new Map<string, FrameRun>(); // a frame may have several labels
  for (const { label, frame, line } of [...tags].sort((a, b) => a.frame - b.frame)) {
    const last = lastOf.get(label);
    if (last && last.endFrame >= frame) {
      last.endFrame = frame + step;
      continue;
    }
    const run = { label, startFrame: frame, endFrame: frame + step, line };
    lastOf.set(label, run);
    runs.push(run);
  }
  return runs;
}

/** Returns the frame number in the video. The name states it; the id only counts the frames of the task. */
function frameOf(
  { path }: LabelFile,
  { attributes, line }: XmlNode,
  firstFrame: number,
  step: number,
): number {
  const [, number] = /^frame_(\d+)(?:\.\w+)?$/i.exec(attributes['name'] ?? '') ?? [];
  if (number !== undefined) return Number(number);
  const { id = '' } = attributes;
  if (/^\d+$/.test(id)) return firstFrame + Number(id) * step;
  throw new AnnotationError(
    `"${path}" line ${line}: expected an image with its frame number as id, received "${id}".`,
    path,
    line,
  );
}

/** Distance between the frames of a task, from a filter such as `step=5`; 1 without one. */
function frameStep(task: XmlNode): number {
  return Number(/step=(\d+)/.exec(textAt(task, 'frame_filter') ?? '')?.[1] ?? 1);
}

function textAt(node: XmlNode, ...names: string[]): string | undefined {
  return childrenAt(node, ...names)[0]?.text || undefined;
}
