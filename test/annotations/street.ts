import type { Timeline } from '../../src/timeline/timeline.js';

/** A small timeline with awkward names: quotes, commas, markup and line breaks. */
export const street: Timeline = {
  video: {
    source: 'clips/street, "north".mp4',
    width: 320,
    height: 240,
    rotationDegrees: 90,
    frameRate: 29.97,
    durationSec: 3601.5,
    startSec: 0.021333,
    codec: 'h264',
    numFrames: 4,
  },
  model: 'drawn-people',
  labels: ['walk, slowly', 'say "hi"', 'a --> b\n\n<c> & d'],
  frameRate: 5,
  frames: [
    {
      index: 0,
      timeSec: 0,
      label: 'walk, slowly',
      confidence: 0.75,
      probabilities: Float32Array.of(0.75, 0.25, 0),
    },
    {
      index: 1,
      timeSec: 1 / 3,
      label: 'say "hi"',
      confidence: 0.5,
      probabilities: Float32Array.of(0.25, 0.5, 0.25),
    },
    { index: 2, timeSec: 2 / 3, label: 'say "hi"', confidence: 1, probabilities: Float32Array.of(0, 1, 0) },
    {
      index: 3,
      timeSec: 3600.9996,
      label: 'a --> b\n\n<c> & d',
      confidence: 0.625,
      probabilities: Float32Array.of(0.25, 0.125, 0.625),
    },
  ],
  segments: [
    { label: 'walk, slowly', startSec: 0, endSec: 1 / 3, confidence: 0.75 },
    { label: 'say "hi"', startSec: 1 / 3, endSec: 3600.9996, confidence: 0.75 },
    { label: 'a --> b\n\n<c> & d', startSec: 3600.9996, endSec: 3601.5, confidence: 0.625 },
  ],
};

/** A video of four seconds at 25 frames per second, labeled at 5 frames per second. */
export const short: Timeline = {
  ...street,
  video: { ...street.video, frameRate: 25, durationSec: 4, numFrames: 101 },
  segments: [
    { label: 'walk', startSec: 0, endSec: 1.4, confidence: 0.75 },
    { label: 'fall & lie', startSec: 1.4, endSec: 4, confidence: 0.5 },
  ],
};
