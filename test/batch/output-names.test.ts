import { describe, expect, it } from 'vitest';
import { videoIdentity } from '../../src/batch/find-videos.js';
import { assignOutputNames } from '../../src/batch/output-names.js';

const named = (...sources: string[]) => sources.map((source) => ({ source, subfolder: '' }));
const assign = (videos: { source: string; subfolder: string }[], known = new Map<string, string>()) =>
  assignOutputNames(videos, known);

describe('assignOutputNames', () => {
  it('mirrors the subfolders of the given folder', () => {
    const videos = [
      { source: '/data/clips/wave/1.mp4', subfolder: 'wave' },
      { source: '/data/clips/sit/1.mp4', subfolder: 'sit' },
      { source: '/data/clips/sit/frames.2024', subfolder: 'sit' },
      { source: 'rtsp://user:secret@camera:554/live/1?key=3', subfolder: '' },
    ];
    expect(assign(videos)).toEqual(['wave/1', 'sit/1', 'sit/frames.2024', 'camera-554-live-1']);
  });

  it('keeps the extension of the second of two conflicting names, or adds a hash', () => {
    const names = assign(named('a/x.mp4', 'b/x.avi', 'c/X.AVI', 'd/x.avi'));
    expect(names.slice(0, 2)).toEqual(['x', 'x.avi']);
    expect(names[2]).toMatch(/^X\.AVI-[\da-f]{16}$/);
    expect(names[3]).toMatch(/^x\.avi-[\da-f]{16}$/);
    expect(names[3]).not.toBe(names[2]?.toLowerCase());
  });

  it('never gives two videos the same file, nor a file the name of a folder', () => {
    expect(assign(named('x.mp4', 'x.frames.mp4'))).toEqual(['x', 'x.frames.mp4']); // x.frames.csv belongs to the first video
    expect(assign(named('summary.mp4'))).toEqual(['summary.mp4']); // summary.json belongs to the batch
    const inFolder = { source: 'clips/a.json/1.mp4', subfolder: 'a.json' };
    expect(assign([inFolder, ...named('a.mp4')])).toEqual(['a.json/1', 'a.mp4']);
    const [file, below] = assign([...named('a.mp4'), inFolder]);
    expect(file).toBe('a');
    expect(below).toMatch(/^1\.mp4-[\da-f]{16}$/);
  });

  it('keeps the name of a video, whatever other videos are in the batch', () => {
    const known = new Map([[videoIdentity('b/x.mp4'), 'x']]);
    expect(assign(named('a/x.mp4', 'b/x.mp4'), known)).toEqual(['x.mp4', 'x']);
    // After a run that was killed when one video was done, the others get the names that they would have had.
    const videos = named('a/x.mp4', 'b/x.mp4', 'c/x.mp4');
    const before = assign(videos);
    for (const index of [0, 1, 2]) {
      const some = new Map([[videoIdentity(videos[index]!.source), before[index]!]]);
      expect(assign(videos, some)).toEqual(before);
    }
  });
});
