import { describe, expect, it } from 'vitest';
import type { AnnotatedVideo } from '../../../src/annotations/datasets/dataset.js';
import { inputMoments } from '../../../src/training/data/input-moments.js';
import { delayTargets, labelSequence, labelsOf, UNLABELED } from '../../../src/training/data/sequences.js';

const video: AnnotatedVideo = {
  path: '/street.mp4',
  name: 'street.mp4',
  segments: [
    { label: 'walk', startSec: 0, endSec: 0.2 },
    { label: 'run', startSec: 0.3, endSec: 0.4 },
  ],
};
const timesSec = Float64Array.of(0, 0.1, 0.2, 0.3, 0.4);
const features = Float32Array.of(1, 2, 4, 8, 16);

describe('labelSequence', () => {
  it('gives each frame the label of its segment, whose end is exclusive', () => {
    const { targets } = labelSequence(video, timesSec, features, ['run', 'walk']);
    expect([...targets]).toEqual([1, 1, UNLABELED, 0, UNLABELED]);
  });

  it('gives frames outside of all segments the background label, if there is one', () => {
    const labels = labelsOf([video], 'nothing');
    expect(labels).toEqual(['nothing', 'run', 'walk']);
    expect([...labelSequence(video, timesSec, features, labels, 'nothing').targets]).toEqual([2, 2, 0, 1, 0]);
  });
});

describe('delayTargets', () => {
  it('shifts each label some frames later and repeats the last frame', () => {
    const sequence = labelSequence(video, timesSec, features, ['run', 'walk']);
    const delayed = delayTargets({ ...sequence, features }, 2);
    expect(delayed.numFrames).toBe(7);
    expect([...delayed.targets]).toEqual([UNLABELED, UNLABELED, ...sequence.targets]);
    expect([...delayed.features]).toEqual([...features, 16, 16]);
  });
});

describe('inputMoments', () => {
  it('gives the mean and variance of features, differences, magnitudes and motion over all frames', async () => {
    const down = {
      ...labelSequence(video, timesSec, features, ['run', 'walk']),
      features: Float32Array.of(5, 1, 1, 1, 1),
    };
    const moments = await inputMoments([down], {
      inputs: ['features', 'difference', 'magnitude', 'motion'],
      featureSize: 1,
      motionFrames: 2,
    });
    const plain = moments.map(({ mean, variance }) => [mean[0], variance[0]]);
    // Features 5 1 1 1 1; differences −4 0 0 0; magnitudes 4 0 0 0; motion 4, 4/3, 4/7, 4/15.
    [
      [1.8, 2.56],
      [-1, 3],
      [1, 3],
      [162 / 105, (16 + 16 / 9 + 16 / 49 + 16 / 225) / 4 - (162 / 105) ** 2],
    ].forEach(([mean, variance], i) => {
      expect(plain[i]?.[0]).toBeCloseTo(mean as number, 12);
      expect(plain[i]?.[1]).toBeCloseTo(variance as number, 12);
    });
  });
});
