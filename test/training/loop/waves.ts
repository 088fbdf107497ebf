import { createRandom } from '../../../src/training/data/random.js';
import { UNLABELED, type LabeledSequence } from '../../../src/training/data/sequences.js';

/** What a wave does at each frame. */
export const WAVE_LABELS = ['rising', 'falling'];

/** A network that can learn {@link drawWaves} in a moment. */
export const WAVE_NETWORK = {
  units: 8,
  projectionUnits: 8,
  dropout: 0.1,
  inputs: ['features'] as 'features'[],
};

/** Waves whose direction no single frame tells; the last frames of each have no label. */
export function drawWaves(count: number, seed: number): (LabeledSequence & { features: Float32Array })[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, number) => {
    const numFrames = 20 + Math.floor(random() * 20);
    const targets = new Int32Array(numFrames);
    const features = new Float32Array(numFrames * 2);
    let level = random();
    let direction = random() < 0.5 ? 1 : -1;
    for (let frame = 0; frame < numFrames; frame++) {
      if (random() < 0.08) direction = -direction;
      level += direction * 0.2;
      features[2 * frame] = Math.sin(level);
      features[2 * frame + 1] = Math.cos(level);
      targets[frame] = frame >= numFrames - 3 ? UNLABELED : direction > 0 ? 0 : 1;
    }
    return { name: `wave ${number}`, numFrames, features, targets, isClip: false };
  });
}
