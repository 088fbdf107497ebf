import type { Readable } from 'node:stream';
import { isRemoteSource, refusal, SELF_CONTAINED_FORMATS, type MediaSource } from './video-source.js';

/** Means standard input, as in other programs. */
const STDIN = '-';
const DEVICE = /^device:/;

/** Whether a source may have no end: an address, a capture device `device:NAME`, or `-` for standard input. */
export function isLiveSource(source: string): boolean {
  return isRemoteSource(source) || source === STDIN || DEVICE.test(source);
}

/**
 * Opens standard input or a capture device as an input of ffmpeg, with options that keep it from reading anything else.
 *
 * @param source - `-`, or `device:` and the system's name of the device: `device:/dev/video0` on Linux (Video4Linux2),
 *   `device:0` or a name on macOS (AVFoundation), `device:Integrated Camera` on Windows (DirectShow).
 * @param stdin - What `-` reads. Default: standard input of this process.
 * @returns Undefined if the source is neither.
 * @throws {VideoOpenError} If no device is named.
 */
export function openLiveInput(
  source: string,
  stdin?: Readable,
  platform: NodeJS.Platform = process.platform,
): MediaSource | undefined {
  if (source === STDIN) {
    const inputOptions = [
      '-protocol_whitelist',
      'pipe',
      '-format_whitelist',
      SELF_CONTAINED_FORMATS.join(','),
    ];
    return { kind: 'stdin', source, url: 'pipe:0', inputOptions, stdin: stdin ?? process.stdin };
  }
  if (!DEVICE.test(source)) return undefined;
  const name = source.replace(DEVICE, '');
  if (name === '') throw refusal(source, 'it names no device. Example: device:/dev/video0.');
  const { format, url, options = [] } = captureOf(name, platform);
  // A device needs no protocol.
  const only = ['-protocol_whitelist', 'none', '-format_whitelist', format];
  return { kind: 'device', source, url, inputOptions: [...only, '-f', format, ...options] };
}

/** How ffmpeg captures from a camera on each system. */
function captureOf(
  name: string,
  platform: NodeJS.Platform,
): { format: string; url: string; options?: string[] } {
  // AVFoundation refuses frame rates that the camera lacks, and ffmpeg requests 29.97 by default.
  if (platform === 'darwin') {
    return { format: 'avfoundation', url: `${name}:none`, options: ['-framerate', '30'] };
  }
  if (platform === 'win32') return { format: 'dshow', url: `video=${name}` };
  return { format: 'v4l2', url: name };
}
