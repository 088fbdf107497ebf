import { AnnotationError } from '../errors.js';
import type { AnnotatedSegment } from './annotated-segments.js';
import { frameRateOf, type AnnotationReader, type LabelFile, type ReadContext } from './annotation-reader.js';
import { childrenAt, parseXmlFile, type XmlNode } from './parse-xml.js';

/**
 * Frame tags as CVAT exports them for a video ("CVAT for images 1.1", a tag being no part of the format for videos):
 * tags of one label on consecutive frames are one segment. Shapes are passed over.
 *
 * @see https://docs.cvat.ai/docs/other/xml_format
 */
export const cvatReader: AnnotationReader = {
  name: 'CVAT frame tags',
  extensions: ['.xml'],
  recognizes: ({ text }) => text.includes('<annotations>') && text.includes('<meta>'),
  read: readTags,
};

async function readTags(file: LabelFile, context: ReadContext): Promise<AnnotatedSegment[]> {
  const root = parseXmlFile(file);
  const tasks = ['task', 'job'].flatMap((kind) => childrenAt(root, 'meta', kind));
  const [task] = tasks;
  if (!task) {
    const problem =
      childrenAt(root, 'meta', 'project').length > 0 ? 'it is the export of a project' : 'it names no task';
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

  const open = new Map<string, AnnotatedSegment & { endFrame: number }>(); // the last segment of each label
  const segments: AnnotatedSegment[] = [];
  const images = childrenAt(root, 'image')
    .map((image) => ({ image, frame: frameOf(image, firstFrame, step) }))
    .sort((a, b) => a.frame - b.frame);
  for (const { image, frame } of images) {
    for (const { attributes, line } of childrenAt(image, 'tag')) {
      const label = attributes['label'] ?? '';
      const last = open.get(label);
      const endFrame = frame + step; // where frames were left out between images, the label holds up to the next
      if (last && last.endFrame >= frame) {
        last.endFrame = endFrame;
        last.endSec = endFrame / frameRate;
        continue;
      }
      const segment = {
        video,
        label,
        startSec: frame / frameRate,
        endSec: endFrame / frameRate,
        line,
        endFrame,
      };
      open.set(label, segment);
      segments.push(segment);
    }
  }
  return segments.map(({ label, startSec, endSec, line }) => ({
    video,
    label,
    startSec,
    endSec,
    ...(line && { line }),
  }));
}

/** The frame of the video itself: the name says it; the id counts the frames of the task. */
function frameOf({ attributes }: XmlNode, firstFrame: number, step: number): number {
  const [, number] = /^frame_(\d+)(?:\.\w+)?$/i.exec(attributes['name'] ?? '') ?? [];
  return number === undefined ? firstFrame + Number(attributes['id'] ?? NaN) * step : Number(number);
}

/** Of every how many frames one was shown, from a filter such as `step=5`. */
function frameStep(task: XmlNode): number {
  return Number(/step=(\d+)/.exec(textAt(task, 'frame_filter') ?? '')?.[1] ?? 1);
}

function textAt(node: XmlNode, ...names: string[]): string | undefined {
  return childrenAt(node, ...names)[0]?.text || undefined;
}
