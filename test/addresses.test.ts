import { describe, expect, it } from 'vitest';
import { publicSource, redactAddresses } from '../src/addresses.js';
import { VideoDecodeError, VideoOpenError, VideoStalledError } from '../src/errors.js';

const SECRET = /secret|s3|cret|hunter2|sig=|token|passphrase/i;

/** Forms in which addresses carry secrets, and what may be shown of them. */
const FORMS: [address: string, shown: string][] = [
  ['rtsp://admin:secret@camera:554/1', 'rtsp://camera:554/1'],
  ['rtsp://secret@camera/1', 'rtsp://camera/1'],
  ['rtsp://:secret@camera/1', 'rtsp://camera/1'],
  ['RTSPS://Admin:secret@Camera/1', 'RTSPS://Camera/1'],
  ['rtsp://admin:s3/cret@camera/1', 'rtsp://camera/1'],
  ['rtsp://admin:s3#cret@camera/1', 'rtsp://camera/1'],
  ['rtsp://admin:s3?cret@camera/1', 'rtsp://camera/1'],
  ['rtsp://admin:s3@cret@camera/1', 'rtsp://camera/1'],
  ['rtsp://admin:s3 cret@camera/1', 'rtsp://camera/1'],
  ['rtsp://admin:s3%2Fcret@[fe80::1]:554/1', 'rtsp://[fe80::1]:554/1'],
  ['https://host/a.m3u8?token=hunter2', 'https://host/a.m3u8'],
  ['https://host/a.mp4?X-Amz-Signature=hunter2&x=a@b', 'https://host/a.mp4'],
  ['https://host/a.mp4#token=hunter2', 'https://host/a.mp4'],
  ['srt://host:9000?passphrase=hunter2&mode=caller', 'srt://host:9000'],
  ['https://me:hunter2@host/a.mp4?sig=hunter2', 'https://host/a.mp4'],
];
const HARMLESS = [
  'https://host:8080/@someone/a@b.mp4',
  'https://host/a.mp4',
  'rtsp://[fe80::1]/1',
  'clips/a:b@c?d#e.mp4',
  'C:\\clips\\a@b.mp4',
  '',
];

describe('publicSource', () => {
  it.each(FORMS)('of %s shows no secret', (address, shown) => {
    expect(publicSource(address)).toBe(shown);
  });

  it.each(HARMLESS)('leaves %j as it is', (source) => {
    expect(publicSource(source)).toBe(source);
  });
});

describe.each(FORMS)('an error about %s', (address, shown) => {
  const messages = [`Cannot open "${address}": it is gone.`, `Probing "${address}" gave nothing.`];

  it('has no secret in its message, its fields and its text', () => {
    const errors = [
      new VideoOpenError(messages[0]!, address),
      new VideoStalledError(messages[1]!, address, 5),
      new VideoDecodeError(messages[0]!, { path: address, exitCode: 1, stderrTail: `"${address}": 401` }),
    ];
    for (const error of errors) {
      expect(error.message).toContain(`"${shown}"`);
      expect(`${String(error)} ${JSON.stringify(error)} ${error.stack}`).not.toMatch(SECRET);
    }
  });
});

describe('redactAddresses', () => {
  it('finds addresses as ffmpeg writes them, without quotes', () => {
    const line =
      '[tcp @ 0x55] Connection to tcp://cam:554?timeout=secret failed\nrtsp://a:secret@cam/1: Invalid data';
    expect(redactAddresses(line)).toBe(
      '[tcp @ 0x55] Connection to tcp://cam:554 failed\nrtsp://cam/1: Invalid data',
    );
  });

  it('leaves a text without addresses as it is', () => {
    const text = 'Cannot open "a@b?c.mp4": it does not exist. See a://, "x" and 1/2 @ 3.';
    expect(redactAddresses(text)).toBe(text);
  });
});
