import { readFile } from 'node:fs/promises';
import { VideoDecodeError, VideoOpenError } from '../../src/errors.js';
import type { ActivityRecognizer, LabelOptions } from '../../src/recognizer.js';
import type { Timeline } from '../../src/timeline/timeline.js';

/** The part of a recognizer that a batch needs. */
type Recognizer = Pick<ActivityRecognizer, 'label' | 'model'>;

/**
 * Labels text files as if they were videos with one frame per character. Decoding the text `broken` fails. A text that
 * begins with `fault` triggers a bug of the program.
 */
export class FakeRecognizer implements Recognizer {
  /** Videos in the order in which labeling began. */
  readonly seen: string[] = [];
  /** Called before a video ends. */
  onLabel: (source: string, options: LabelOptions) => unknown = () => undefined;

  constructor(readonly model = fakeModel('one')) {}

  async label(source: string, options: LabelOptions = {}): Promise<Timeline> {
    this.seen.push(source);
    const content = await readFile(source, 'utf8').catch((cause: unknown) => {
      throw new VideoOpenError(`Cannot open "${source}": it does not exist.`, source, { cause });
    });
    if (content.startsWith('fault')) throw new TypeError('undefined is not a function');
    if (content === 'broken') {
      const details = { path: source, exitCode: 1, stderrTail: '' };
      throw new VideoDecodeError(`Decoding "${source}" failed.`, details);
    }
    await this.onLabel(source, options);
    options.signal?.throwIfAborted();
    return timelineOf(source, content);
  }
}

/** The part of a model that a batch reads. */
export function fakeModel(checksum: string): Recognizer['model'] {
  return { name: 'fake', checksum, encoderId: 'letters' } as Recognizer['model'];
}

function timelineOf(source: string, content: string): Timeline {
  const frames = [...content].map((label, index) => ({ index, timeSec: index / 5, label, confidence: 0.5 }));
  const segments = frames.map(({ label, timeSec, confidence }) => ({
    ...{ label, confidence },
    ...{ startSec: timeSec, endSec: timeSec + 0.2 },
  }));
  const video = { source, width: 2, height: 2, rotationDegrees: 0, frameRate: 5 };
  return {
    video: { ...video, durationSec: content.length / 5, startSec: 0, codec: 'fake' },
    model: 'fake',
    labels: [...new Set(content)],
    frameRate: 5,
    frames,
    segments,
  };
}
