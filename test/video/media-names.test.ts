import { describe, expect, it } from 'vitest';
import { publicSource } from '../../src/addresses.js';
import {
  compareNaturally,
  decodeUrlPath,
  isPictureFileName,
  isVideoFileName,
  outputBaseNames,
  videoName,
} from '../../src/video/media-names.js';

describe('file names', () => {
  it('are videos or pictures by their extension in any case', () => {
    expect(['a.mp4', 'b.MOV', 'c.d.WebM'].every(isVideoFileName)).toBe(true);
    expect(['mp4', 'a.mp4.txt', 'a.csv', 'a.jpg', ''].some(isVideoFileName)).toBe(false);
    expect(['a.JPG', 'b.jpeg', 'c.png', 'd.webp'].every(isPictureFileName)).toBe(true);
    expect(isPictureFileName('a.mp4')).toBe(false);
  });

  it('are in natural order', () => {
    expect(['frame10', 'frame2', 'Frame1', 'frame02'].sort(compareNaturally)).toEqual([
      ...['Frame1', 'frame02', 'frame2', 'frame10'],
    ]);
  });
});

describe('publicSource', () => {
  it('removes user, password and query from a URL and leaves paths unchanged', () => {
    expect(publicSource('rtsp://user:p@ss@camera:554/live/1')).toBe('rtsp://camera:554/live/1');
    expect(publicSource('https://host/a.mp4?X-Signature=abc#t=1')).toBe('https://host/a.mp4');
    expect(publicSource('clips/what?#@.mp4')).toBe('clips/what?#@.mp4');
    expect(publicSource('C:\\clips\\a.mp4')).toBe('C:\\clips\\a.mp4');
  });
});

describe('decodeUrlPath', () => {
  it('decodes escapes and leaves a name with a percent sign unchanged', () => {
    expect(decodeUrlPath('day%201/%C3%A4.mp4')).toBe('day 1/ä.mp4');
    expect(decodeUrlPath('100%.mp4')).toBe('100%.mp4');
  });
});

describe('videoName', () => {
  it('is the file or folder name, or the URL', () => {
    expect(videoName('clips/street.mp4')).toBe('street.mp4');
    expect(videoName('clips/frames/')).toBe('frames');
    expect(videoName('rtsp://user:secret@camera/1')).toBe('rtsp://camera/1');
  });
});

describe('outputBaseNames', () => {
  it('removes extension and folder of a video, and makes a file name of a URL', () => {
    const sources = ['clips/street.mp4', 'frames.2024/', 'rtsp://user:secret@camera:554/live/1?x=y'];
    expect(outputBaseNames(sources)).toEqual(['street', 'frames.2024', 'camera-554-live-1']);
  });

  it('keeps the extension if two would share a name, and adds a number if that is not enough', () => {
    expect(outputBaseNames(['a/x.mp4', 'b/x.avi', 'b/x.mp4', 'y.mp4'])).toEqual([
      ...['x.mp4', 'x.avi', 'x.mp4-2', 'y'],
    ]);
  });

  it('treats names that differ only in case as equal, as some file systems do', () => {
    expect(outputBaseNames(['Street.mp4', 'street.mp4'])).toEqual(['Street.mp4', 'street.mp4-2']);
  });

  it('lets no video take the name of another’s file of frames', () => {
    expect(outputBaseNames(['x.mp4', 'x.frames.mp4'])).toEqual(['x', 'x.frames-2']);
    expect(outputBaseNames(['x.frames.mp4', 'x.mp4'])).toEqual(['x.frames', 'x-2']);
  });
});
