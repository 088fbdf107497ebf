import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { publicSource } from '../addresses.js';
import { VideoOpenError } from '../errors.js';
import { guardHosts } from './host-guard.js';

/** A source as an input of ffmpeg, with options that keep ffmpeg from reading anything else. */
export interface MediaSource {
  kind: 'file' | 'remote' | 'device' | 'stdin';
  /** As the caller gave it, an address without user, password and query. */
  source: string;
  /** Path of a file. */
  path?: string;
  /** What follows ffmpeg's `-i`, and the options before it. */
  url: string;
  inputOptions: string[];
  /** Environment variables of ffmpeg, which lead it through a proxy that checks hosts. */
  environment?: Readonly<Record<string, string>>;
  /** What ffmpeg reads from its standard input. */
  stdin?: Readable;
}

const REMOTE_URL = /^(?:https?|rtsps?|rtmps?|rtp|udp|tcp|srt):\/\//i;

/**
 * Formats whose data is in the file itself. ffmpeg guesses the format from the content, and others (hls, dash, concat,
 * image2, sdp, …) make it open files and addresses that the content names. Audio formats are included so that a song is
 * refused because it has no pictures. The names are of all versions; ffmpeg ignores names it does not know.
 */
export const SELF_CONTAINED_FORMATS = [
  ...[
    'mov',
    'mp4',
    'm4a',
    '3gp',
    '3g2',
    'mj2',
    'matroska',
    'webm',
    'avi',
    'flv',
    'asf',
    'ogg',
    'nut',
    'mxf',
    'ivf',
  ],
  ...[
    'mpeg',
    'mpegts',
    'mpegvideo',
    'm4v',
    'h263',
    'h264',
    'hevc',
    'vvc',
    'av1',
    'obu',
    'vc1',
    'dv',
    'mjpeg',
  ],
  ...['gif', 'apng', 'rm', 'wtv', 'yuv4mpegpipe', 'wav', 'mp3', 'aac', 'flac'],
];
const NETWORK_FORMATS = [
  ...SELF_CONTAINED_FORMATS,
  'hls',
  'applehttp',
  'dash',
  'rtsp',
  'rtp',
  'live_flv',
  'mpjpeg',
];
/** Without `file`, so that a playlist from the network cannot name a file of this machine. */
const NETWORK_PROTOCOLS = 'http,https,httpproxy,crypto,tls,tcp,udp,rtp,srtp,rtmp,rtmps,srt';

/** Whether a source is a network address. Anything else is a file name, including `C:\clip.mp4` and `concat:a|b`. */
export function isRemoteSource(source: string): boolean {
  return REMOTE_URL.test(source);
}

/**
 * Checks that a source can be opened, without decoding it.
 *
 * @param allowRemote - Whether an address may be opened.
 * @param allowHosts - Hosts besides that of an HTTP address that redirects and playlists may lead to.
 * @param sourceName - What results and messages call a file. Default: its path.
 * @throws {VideoOpenError} If it is an address and `allowRemote` is false, or is not a readable file or folder.
 */
export async function openSource(
  source: string,
  allowRemote = false,
  sourceName = source,
  allowHosts: readonly string[] = [],
): Promise<MediaSource | { kind: 'folder' }> {
  if (isRemoteSource(source)) {
    if (!allowRemote) {
      const permit = 'Pass allowRemote: true (--allow-remote on the command line) to read it.';
      throw refusal(source, `it is a network address, and only local files are opened by default. ${permit}`);
    }
    return {
      kind: 'remote',
      source: publicSource(source),
      url: source,
      inputOptions: inputOptions(source),
      environment: await guardEnvironment(source, allowHosts),
    };
  }
  const status = await stat(source).catch((cause: unknown) => {
    throw refusal(sourceName, explainSystemError(cause as NodeJS.ErrnoException), cause);
  });
  if (status.isDirectory()) return { kind: 'folder' };
  if (!status.isFile()) throw refusal(sourceName, 'it is neither a file nor a folder. Give it a video file.');
  if (status.size === 0) throw refusal(sourceName, 'the file is empty. Copy or record it again.');
  await access(source, constants.R_OK).catch((cause: unknown) => {
    throw refusal(sourceName, explainSystemError(cause as NodeJS.ErrnoException), cause);
  });
  // After `file:`, ffmpeg takes an absolute path literally, whatever characters it contains.
  const file = path.resolve(source);
  return {
    kind: 'file',
    source: sourceName,
    path: file,
    url: `file:${file}`,
    inputOptions: inputOptions(source),
  };
}

const HTTP_URL = /^https?:/i;
/** A redirect cannot leave HTTP. */
const HTTP_PROTOCOLS = 'http,https,httpproxy,crypto,tls,tcp';

/** A proxy that the user has set is left in place, because it decides which hosts are reached. */
async function guardEnvironment(
  source: string,
  allowHosts: readonly string[],
): Promise<Record<string, string>> {
  if (!HTTP_URL.test(source) || process.env['http_proxy']) return {};
  return { http_proxy: await guardHosts(source, allowHosts), no_proxy: '' };
}

/** Creates the error of a source that cannot be opened. The reason ends with a period. */
export function refusal(source: string, why: string, cause?: unknown): VideoOpenError {
  return new VideoOpenError(`Cannot open "${publicSource(source)}": ${why}`, source, { cause });
}

function inputOptions(source: string): string[] {
  if (!isRemoteSource(source)) {
    return ['-protocol_whitelist', 'file', '-format_whitelist', SELF_CONTAINED_FORMATS.join(',')];
  }
  // Over UDP, lost packets smear a camera's picture.
  const transport = /^rtsp/i.test(source) ? ['-rtsp_flags', 'prefer_tcp'] : [];
  return [
    '-protocol_whitelist',
    HTTP_URL.test(source) ? HTTP_PROTOCOLS : NETWORK_PROTOCOLS,
    '-format_whitelist',
    NETWORK_FORMATS.join(','),
    ...transport,
  ];
}

function explainSystemError({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'it does not exist. Check the path.';
  if (code === 'EACCES' || code === 'EPERM')
    return 'there is no permission to read it. Change its permissions.';
  return `${message}.`;
}
