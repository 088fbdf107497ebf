import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BatchPace, startBatchProgress, startProgress } from '../../../src/cli/terminal/progress.js';
import { formatDuration } from '../../../src/cli/terminal/terminal-text.js';
import { printNote } from '../../../src/cli/terminal/terminal.js';
import { Screen } from './screen.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const signal = new AbortController().signal;
const step = (doneSec: number, durationSec: number, numFrames: number) => ({
  doneSec,
  durationSec,
  numFrames,
});

describe('startBatchProgress on a terminal', () => {
  const start = (screen: Screen, numVideos: number) => {
    const terminal = { stdout: screen, stderr: screen, signal };
    return { terminal, progress: startBatchProgress(terminal, numVideos, 'videos') };
  };
  /** Waits until the lines are redrawn. */
  const wait = (ms = 100) => vi.advanceTimersByTime(ms);

  it('shows a bar for the batch and one line per video in progress, with its own frames per second', () => {
    const screen = new Screen(90, 24);
    const { progress } = start(screen, 4);
    for (const name of ['a.mp4', 'b.mp4', 'c.mp4']) progress.advance(name);
    wait(2000);
    progress.advance('a.mp4', step(5, 10, 25));
    progress.advance('b.mp4', step(1, 0, 3)); // its length is unknown
    wait();
    expect(screen.text).toEqual([
      '██░░░░░░░░░░░░░░░░░░ 12 %  0 of 4 videos  13.3 frames/s  0:14 left',
      '  ██████████░░░░░░░░░░  50 %  12.5 frames/s  a.mp4',
      '  3 frames  1.5 frames/s  b.mp4',
      '  c.mp4',
    ]);
    progress.settle('a.mp4', 50);
    progress.settle('c.mp4');
    wait();
    expect(screen.text).toEqual([
      '██████████░░░░░░░░░░ 50 %  2 of 4 videos  24.1 frames/s  0:04 left',
      '  3 frames  1.5 frames/s  b.mp4',
    ]);
    progress.stop();
    expect(screen.text).toEqual([]);
  });

  it('writes notes above the lines, each once and in full, and removes the lines when it stops', () => {
    const screen = new Screen(40, 24);
    const { terminal, progress } = start(screen, 3);
    progress.advance('a.mp4', step(5, 10, 25));
    progress.advance('b.mp4', step(5, 10, 25));
    wait();
    const long = `a.mp4: ${'it is broken in many ways, '.repeat(5)}alas`;
    printNote(terminal, long);
    printNote(terminal, 'short');
    progress.settle('a.mp4', 0);
    wait();
    const rows = long.match(/.{1,40}/g)!.map((row) => row.trimEnd());
    expect(screen.text.slice(0, rows.length + 1)).toEqual([...rows, 'short']);
    expect(screen.text.slice(rows.length + 1)).toEqual([
      expect.stringMatching(/^█{10}░{10} 50 % {2}1 of 3 …$/) as string,
      expect.stringMatching(/b\.mp4$/) as string,
    ]);
    printNote(terminal, 'last');
    progress.stop();
    expect(screen.text).toEqual([...rows, 'short', 'last']);
    printNote(terminal, 'after');
    expect(screen.text.at(-1)).toBe('after');
  });

  it('cuts the start of names that do not fit into the terminal', () => {
    const screen = new Screen(60, 24);
    const { progress } = start(screen, 2);
    progress.advance('/videos/day-1/entrance/camera-7/morning.mp4', step(0, 10, 1));
    progress.advance('/录像/第一天/入口/摄像机七/早上.mp4', step(0, 10, 1));
    wait();
    expect(screen.text.slice(1)).toEqual([
      '  ░░░░░░░░░░░░░░░░░░░░   0 %  …nce/camera-7/morning.mp4',
      '  ░░░░░░░░░░░░░░░░░░░░   0 %  …/入口/摄像机七/早上.mp4',
    ]);
    screen.write('^C'); // as a terminal shows when Ctrl+C is pressed
    progress.stop();
    expect(screen.text).toEqual([]);
  });

  it('shows no more lines than the terminal has, so that none scrolls away', () => {
    const screen = new Screen(80, 5);
    const { progress } = start(screen, 9);
    for (let i = 0; i < 9; i++) progress.advance(`${i}.mp4`);
    wait();
    progress.advance('0.mp4', step(5, 10, 20));
    wait();
    expect(screen.text).toHaveLength(4);
    progress.stop();
    expect(screen.text).toEqual([]);
  });

  it('writes nothing while nothing changes', () => {
    const screen = new Screen(80, 24);
    const { progress } = start(screen, 1);
    progress.advance('a.mp4');
    wait();
    const before = screen.raw;
    wait(5000);
    expect(screen.raw).toBe(before);
    progress.stop();
  });
});

describe('startBatchProgress without a terminal', () => {
  it('writes one line per minute, and none while nothing advances', () => {
    let text = '';
    const stderr = new Writable({
      write(chunk: Buffer, _, done) {
        text += chunk.toString();
        done();
      },
    });
    const progress = startBatchProgress({ stdout: stderr, stderr, signal }, 2, 'videos');
    const minutes = (number: number) => vi.advanceTimersByTime(60_000 * number);
    progress.advance('a.mp4');
    progress.advance('a.mp4', step(1, 3600, 10));
    expect(text).toBe('');
    minutes(10);
    expect(text).toBe('');
    progress.advance('a.mp4', step(720, 3600, 7200));
    progress.advance('a.mp4', step(721, 3600, 7210));
    minutes(10);
    progress.settle('a.mp4', 36_000);
    minutes(1);
    progress.stop();
    expect(text).toBe(
      'progress 10 %, 0 of 2 videos, 12.0 frames/s, 1:30:00 left\n' +
        'progress 50 %, 1 of 2 videos, 30.0 frames/s, 20:00 left\n',
    );
  });
});

describe('with --quiet', () => {
  it('shows neither bars nor lines, on a terminal and elsewhere', () => {
    for (const isTTY of [true, false]) {
      const screen = new Screen(80, 24);
      const stderr = isTTY ? screen : Object.assign(screen, { isTTY: false });
      const terminal = { stdout: screen, stderr, signal, isQuiet: true };
      const batch = startBatchProgress(terminal, 2, 'videos');
      const single = startProgress(terminal, 'Encoding');
      batch.advance('a.mp4');
      single.update(0.5, 'a.mp4');
      vi.advanceTimersByTime(60_000);
      batch.settle('a.mp4', 100);
      single.update(1);
      batch.stop();
      single.stop();
      expect(screen.raw).toBe('');
    }
  });
});

describe('BatchPace', () => {
  it('estimates frames per second and the remaining time from the videos that are not skipped', () => {
    const pace = new BatchPace(10);
    expect([pace.share, pace.framesPerSec, pace.secondsLeft]).toEqual([0, 0, undefined]);
    for (const source of ['a', 'b']) pace.settle(source, undefined);
    vi.advanceTimersByTime(20_000);
    pace.settle('c', 100);
    pace.advance('d', step(5, 10, 40));
    pace.advance('e', step(5, 10, 60));
    // The work of 2 videos took 20 s, and 6 are left.
    expect([pace.share, pace.framesPerSec, pace.secondsLeft]).toEqual([0.4, 10, 60]);
  });
});

describe('formatDuration', () => {
  it.each([
    [0.9, '0:00'],
    [65, '1:05'],
    [4000, '1:06:40'],
    [86_400, '24:00:00'],
  ])('formats %s as %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));
});
