import path from 'node:path';
import { ActivityRecognizer } from '../../src/recognizer.js';
import type { BackendName } from '../../src/runtime/backend.js';
import type { Numbers } from './numbers.js';

const ROOT = path.join(import.meta.dirname, '..', '..');
/** A person stops jumping. Short, as WebGPU in software takes seconds a frame. */
const STRETCH = { startSec: 1.6, durationSec: 0.3 };

/** Labels and probabilities of a stretch of a drawn video, from file to timeline. */
export async function labelClip(backend: BackendName): Promise<Numbers> {
  const recognizer = await ActivityRecognizer.load(path.join(ROOT, 'models/drawn-people'), { backend });
  try {
    const video = path.join(ROOT, 'fixtures/drawn-people/stitched/stitched-3.mp4');
    const { labels, frames } = await recognizer.label(video, STRETCH);
    return {
      labels: Float32Array.from(frames, ({ label }) => labels.indexOf(label)),
      probabilities: Float32Array.from(frames.flatMap(({ probabilities }) => [...probabilities!])),
    };
  } finally {
    recognizer.dispose();
  }
}
