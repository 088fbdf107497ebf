import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../src/errors.js';
import { labelClip, labelFrame, labelFrames, labelSourceFrames } from '../../src/timeline/frame-labels.js';

const labels = ['walk', 'fall', 'sit'];

describe('labelFrame', () => {
  it('takes the label of the highest probability', () => {
    const frame = labelFrame(labels, Float32Array.of(0.25, 0.625, 0.125), 7, 1.4);
    expect(frame).toMatchObject({ index: 7, timeSec: 1.4, label: 'fall', confidence: 0.625 });
  });

  it('takes the first label on a tie', () => {
    expect(labelFrame(labels, Float32Array.of(0.25, 0.375, 0.375), 0, 0).label).toBe('fall');
  });

  it('refuses too few, too many and no probabilities', () => {
    expect(() => labelFrame(labels, Float32Array.of(0.5, 0.5), 3, 0)).toThrow(ShapeError);
    expect(() => labelFrame(labels, Float32Array.of(0.25, 0.25, 0.25, 0.25), 3, 0)).toThrow(ShapeError);
    expect(() => labelFrame([], new Float32Array(), 3, 0)).toThrow(ShapeError);
  });

  it('refuses NaN instead of choosing a label', () => {
    expect(() => labelFrame(labels, Float32Array.of(0.5, NaN, 0.5), 3, 0)).toThrow(/frame 3.*0.5, NaN, 0.5/);
  });
});

describe('labelFrames', () => {
  it('reads one row of probabilities per frame and shares its memory', () => {
    const probabilities = Float32Array.of(0.5, 0.25, 0.25, 0, 0.25, 0.75);
    const frames = labelFrames(labels, probabilities, [0, 0.2]);
    expect(
      frames.map(({ index, timeSec, label, confidence }) => [index, timeSec, label, confidence]),
    ).toEqual([
      [0, 0, 'walk', 0.5],
      [1, 0.2, 'sit', 0.75],
    ]);
    expect(frames[1]?.probabilities.buffer).toBe(probabilities.buffer);
  });

  it('refuses probabilities that do not fit the frames', () => {
    expect(() => labelFrames(labels, new Float32Array(5), [0, 1])).toThrow(/\[2, 3\], 6 values, received 5/);
  });
});

describe('labelClip', () => {
  it('takes the highest mean probability, not the most frequent label', () => {
    const { label, confidence } = labelClip(['a', 'b'], Float32Array.of(0.6, 0.4, 0.6, 0.4, 0, 1));
    expect(label).toBe('b');
    expect(confidence).toBeCloseTo(0.6, 6);
  });

  it('refuses a clip without a frame, and an incomplete frame', () => {
    expect(() => labelClip(labels, new Float32Array())).toThrow(ShapeError);
    expect(() => labelClip(labels, new Float32Array(4))).toThrow(ShapeError);
  });
});

describe('labelSourceFrames', () => {
  const samples = [
    { index: 0, timeSec: 0, label: 'walk', confidence: 0.9 },
    { index: 1, timeSec: 0.2, label: 'fall', confidence: 0.8 },
    { index: 2, timeSec: 0.4, label: 'sit', confidence: 0.7 },
  ];
  const heldAt = (timesSec: number[]) => labelSourceFrames(samples, timesSec).map((frame) => frame.label);

  it('uses the last sample at or before an irregular source time', () => {
    expect(heldAt([0, 0.041, 0.19, 0.2, 0.36, 0.4, 3])).toEqual([
      'walk',
      'walk',
      'walk',
      'fall',
      'fall',
      'sit',
      'sit',
    ]);
  });

  it('treats a time rounded to the millisecond as the time of the sample', () => {
    const third = [0, 1, 2].map((index) => ({ index, timeSec: index / 3, label: `${index}`, confidence: 1 }));
    expect(labelSourceFrames(third, [0, 0.333, 0.667]).map((frame) => frame.label)).toEqual(['0', '1', '2']);
  });

  it('labels frames before the first sample like the first sample', () => {
    expect(labelSourceFrames(samples.slice(1), [0, 0.1, 0.2]).map((frame) => frame.label)).toEqual([
      'fall',
      'fall',
      'fall',
    ]);
  });

  it('keeps the index and time of the source frame', () => {
    expect(labelSourceFrames(samples, [0, 0.24])[1]).toEqual({
      index: 1,
      timeSec: 0.24,
      label: 'fall',
      confidence: 0.8,
    });
  });

  it('refuses source frames without a sample', () => {
    expect(() => labelSourceFrames([], [0])).toThrow(ShapeError);
    expect(labelSourceFrames([], [])).toEqual([]);
  });
});
