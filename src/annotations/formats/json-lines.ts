import { z } from 'zod';
import { AnnotationError } from '../../errors.js';
import type { Timeline } from '../../timeline/timeline.js';
import type { AnnotatedSegment } from '../annotated-segment.js';
import type { AnnotationFormat, WriteOptions, LabelFile } from '../annotation-format.js';
import { videoName } from '../../video/media-names.js';
import { mentionsKeys, roundToMillionths } from '../text/parse-json.js';

const segmentSchema = z.object({
  video: z.string(),
  label: z.string(),
  startSec: z.number(),
  endSec: z.number(),
  confidence: z.number().min(0).max(1).optional(),
  group: z.string().optional(),
  subset: z.string().optional(),
});

/**
 * JSON Lines: one object per segment and line, `{"video", "label", "startSec", "endSec", "confidence"}`, for programs that
 * read line by line. Files can be concatenated. Other keys are ignored.
 *
 * @see https://jsonlines.org
 */
export const jsonLinesFormat: AnnotationFormat = {
  name: 'jsonl',
  title: 'JSON Lines',
  extension: '.jsonl',
  extensions: ['.jsonl', '.ndjson'],
  holds: ['segments', 'confidence', 'overlaps', 'gaps', 'times', 'extension', 'group', 'subset'],
  recognizes: (file) => mentionsKeys(file, 'video', 'label', 'startSec', 'endSec'),
  read: readLines,
  write: writeLines,
};

function writeLines({ video, segments }: Timeline, { group, subset }: WriteOptions = {}): string {
  const name = videoName(video.source);
  return segments
    .map(({ label, startSec, endSec, confidence }) => {
      const row = {
        video: name,
        label,
        startSec: roundToMillionths(startSec),
        endSec: roundToMillionths(endSec),
        confidence: roundToMillionths(confidence),
        group: group || undefined,
        subset: subset || undefined,
      };
      return `${JSON.stringify(row)}\n`;
    })
    .join('');
}

function readLines({ path, text }: LabelFile): AnnotatedSegment[] {
  return text.split(/\r?\n/).flatMap((content, index) => {
    if (content.trim() === '') return [];
    const line = index + 1;
    const refuse = (problem: string, cause: Error): never => {
      throw new AnnotationError(`"${path}" line ${line}: ${problem}.`, path, line, { cause });
    };
    let value: unknown;
    try {
      value = JSON.parse(content);
    } catch (cause) {
      return refuse(`it is not JSON, ${(cause as Error).message}`, cause as Error);
    }
    const parsed = segmentSchema.safeParse(value);
    if (parsed.success) return [{ ...parsed.data, line }];
    const [issue] = parsed.error.issues;
    return refuse(`it is not a segment, at "${issue?.path.join('.')}", ${issue?.message}`, parsed.error);
  });
}
