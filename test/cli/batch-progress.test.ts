import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { BatchPace, spellDuration, startBatchProgress } from '../../src/cli/batch-progress.js';

/** What is written to stderr while `work` is done. */
function written(isTTY: boolean, work: (progress: ReturnType<typeof startBatchProgress>) => void): string {
  let text = '';
  const stderr = new Writable({
    write(chunk: Buffer, _, done) {
      text += chunk.toString();
      done();
    },
  });
  const terminal = {
    stdout: stderr,
    stderr: Object.assign(stderr, { isTTY, columns: 200 }),
    signal: new AbortController().signal,
  };
  const progress = startBatchProgress(terminal, 3);
  work(progress);
  progress.stop();
  return stripVTControlCharacters(text);
}

const work = (progress: ReturnType<typeof startBatchProgress>) => {
  progress.advance('a.mp4', { doneSec: 5, durationSec: 10, numFrames: 25 });
  progress.advance('b.mp4', { doneSec: 0, durationSec: 0, numFrames: 3 });
  progress.note('unchanged c.mp4');
  progress.settle('c.mp4');
  progress.settle('a.mp4', 50);
  progress.note('labelled a.mp4');
};

describe('startBatchProgress', () => {
  it('shows a bar for the whole and one for each video in flight on a terminal, and each line that stays once', () => {
    const text = written(true, work);
    expect(text).toMatch(/1 of 3 videos {2}\d+\.\d frames\/s/);
    expect(text).toMatch(/0 % {2}3 frames {2}b\.mp4/);
    for (const line of ['unchanged c.mp4\n', 'labelled a.mp4\n']) expect(text.split(line)).toHaveLength(2);
  });

  it('writes only the lines that stay elsewhere', () => {
    expect(written(false, work)).toBe('unchanged c.mp4\nlabelled a.mp4\n');
  });
});

describe('BatchPace', () => {
  it('counts frames a second and the time left by the videos that there is something to do for', () => {
    let nowMs = 1000;
    const pace = new BatchPace(10, () => nowMs);
    expect([pace.share, pace.framesPerSec, pace.secondsLeft]).toEqual([0, 0, undefined]);
    for (const source of ['a', 'b']) pace.settle(source);
    nowMs += 20_000;
    pace.settle('c', 100);
    pace.advance('d', 0.5, 40);
    pace.advance('e', 0.5, 60);
    // 2 videos' worth in 20 s, 6 to go.
    expect([pace.share, pace.framesPerSec, pace.secondsLeft]).toEqual([0.4, 10, 60]);
    expect(pace.payload()).toEqual({ settled: 3, videos: 10, rate: '10.0', left: '1:00' });
  });
});

describe('spellDuration', () => {
  it.each([
    [undefined, '?'],
    [0.9, '0:00'],
    [65, '1:05'],
    [4000, '1:06:40'],
    [86_400, '24:00:00'],
  ])('spells %s as %s', (seconds, text) => expect(spellDuration(seconds)).toBe(text));
});
