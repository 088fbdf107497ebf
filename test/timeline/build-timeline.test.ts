import { describe, expect, it } from 'vitest';
import { ShapeError, UsageError } from '../../src/errors.js';
import { buildTimeline } from '../../src/timeline/build-timeline.js';
import { labelFrame } from '../../src/timeline/frame-labels.js';

const video = {
  source: 'street.mp4',
  width: 320,
  height: 240,
  rotationDegrees: 0,
  frameRate: 25,
  durationSec: 1.04,
  startSec: 0,
  codec: 'h264',
};
const labels = ['walk', 'fall'];
const probabilities = Float32Array.of(0.75, 0.25, 0.25, 0.75, 0.875, 0.125, 0.625, 0.375, 0.25, 0.75);
const parts = {
  video,
  model: 'people',
  labels,
  frameRate: 5,
  timesSec: [0, 0.2, 0.4, 0.6, 0.8],
  probabilities,
};

describe('buildTimeline', () => {
  it('labels each frame as streaming does, and makes segments up to the end of the video', () => {
    const timeline = buildTimeline(parts);
    expect(timeline).toMatchObject({ video, model: 'people', labels, frameRate: 5 });
    expect(timeline.frames).toEqual(
      parts.timesSec.map((timeSec, index) =>
        labelFrame(labels, probabilities.subarray(2 * index, 2 * index + 2), index, timeSec),
      ),
    );
    expect(timeline.segments).toEqual([
      { label: 'walk', startSec: 0, endSec: 0.2, confidence: 0.75 },
      { label: 'fall', startSec: 0.2, endSec: 0.4, confidence: 0.75 },
      { label: 'walk', startSec: 0.4, endSec: 0.8, confidence: 0.75 },
      { label: 'fall', startSec: 0.8, endSec: 1.04, confidence: 0.75 },
    ]);
  });

  it('ends at untilSec or with the video, whichever comes first', () => {
    const endOf = (untilSec: number) => buildTimeline({ ...parts, untilSec }).segments.at(-1)?.endSec;
    expect([0.9, 7].map(endOf)).toEqual([0.9, 1.04]);
  });

  it('smooths segments and keeps the labels of frames', () => {
    const timeline = buildTimeline({ ...parts, smoothing: { minDurationSec: 0.3 } });
    expect(timeline.frames.map((frame) => frame.label)).toEqual(['walk', 'fall', 'walk', 'walk', 'fall']);
    // The first walk and fall last 0.2 s each: the earlier joins the later. The last fall joins the walk before it.
    expect(timeline.segments).toEqual([
      { label: 'fall', startSec: 0, endSec: 0.4, confidence: (0.25 + 0.75) / 2 },
      { label: 'walk', startSec: 0.4, endSec: 1.04, confidence: (0.875 + 0.625 + 0.25) / 3 },
    ]);
  });

  it('labels every source frame at its own time, and starts segments at source frames', () => {
    const sourceTimesSec = Array.from({ length: 26 }, (_, index) => index * 0.04);
    const timeline = buildTimeline({ ...parts, sourceTimesSec });
    expect(timeline.frames.map((frame) => frame.timeSec)).toEqual(sourceTimesSec);
    expect(timeline.frames.map((frame) => (frame.label === 'walk' ? 'w' : 'f')).join('')).toBe(
      'wwwww' + 'fffff' + 'wwwwwwwwww' + 'ffffff',
    );
    expect(timeline.segments.map(({ startSec }) => startSec)).toEqual([0, 0.2, 0.4, 0.8]);
    expect(timeline.segments.at(-1)?.endSec).toBe(1.04);
  });

  it('ends one frame duration after the last source frame if the duration is unknown', () => {
    const live = { ...parts, video: { ...video, durationSec: 0 }, sourceTimesSec: [0, 0.4, 0.8] };
    expect(buildTimeline(live).segments.at(-1)?.endSec).toBeCloseTo(0.84, 12);
    expect(
      buildTimeline({ ...live, video: { ...live.video, frameRate: 0 } }).segments.at(-1)?.endSec,
    ).toBeCloseTo(1, 12);
  });

  it('labels a frame "unknown" by its confidence and a segment by its mean confidence', () => {
    const { labels, frames, segments } = buildTimeline({ ...parts, unknownBelow: 0.74 });
    expect(labels).toEqual(['walk', 'fall', 'unknown']);
    expect(frames.map(({ label }) => label)).toEqual(['walk', 'fall', 'walk', 'unknown', 'fall']);
    expect(frames[3]).toMatchObject({ confidence: 0.625, probabilities: Float32Array.of(0.625, 0.375, 0) });
    // The second walk's mean is 0.75.
    expect(segments.map(({ label }) => label)).toEqual(['walk', 'fall', 'walk', 'fall']);
    const unsure = buildTimeline({ ...parts, unknownBelow: 0.76 });
    expect(unsure.segments).toEqual([{ label: 'unknown', startSec: 0, endSec: 1.04, confidence: 0.75 }]);
  });

  it('uses a label "unknown" of the model, and refuses a threshold that is not a probability', () => {
    const { labels, frames } = buildTimeline({ ...parts, labels: ['unknown', 'fall'], unknownBelow: 0.5 });
    expect(labels).toEqual(['unknown', 'fall']);
    expect(frames[0]?.probabilities).toHaveLength(2);
    for (const unknownBelow of [-0.1, 1.1, NaN])
      expect(() => buildTimeline({ ...parts, unknownBelow })).toThrow(UsageError);
  });

  it('builds an empty timeline from no frames', () => {
    const timeline = buildTimeline({ ...parts, timesSec: [], probabilities: new Float32Array() });
    expect([timeline.frames, timeline.segments]).toEqual([[], []]);
  });

  it('refuses probabilities that do not fit', () => {
    expect(() => buildTimeline({ ...parts, timesSec: [0] })).toThrow(ShapeError);
  });
});
