import type { BaseName, BaseVideos } from './base-videos.js';
import type { HostileFile } from './hostile-input.js';
import { findBoxes } from './parts.js';

/** Writes into a copy of a base video. */
type Change = (bytes: Buffer) => void;

const MAX_UINT32 = 0xffffffff;

/** Bytes from a box's start: ISO/IEC 14496-12, 8.2.2, 8.3.2, 8.4.2, 8.6 and 8.7, version 0. */
const FIELDS = {
  movieTimescale: ['mvhd', 20],
  movieDuration: ['mvhd', 24],
  trackDuration: ['tkhd', 28],
  matrix: ['tkhd', 48],
  trackWidth: ['tkhd', 84],
  trackHeight: ['tkhd', 88],
  mediaTimescale: ['mdhd', 20],
  mediaDuration: ['mdhd', 24],
  numDescriptions: ['stsd', 12],
  descriptionSize: ['stsd', 16],
  codec: ['stsd', 20],
  pictureSize: ['stsd', 48],
  numDeltas: ['stts', 12],
  firstCount: ['stts', 16],
  firstDelta: ['stts', 20],
  sampleSize: ['stsz', 12],
  numSamples: ['stsz', 16],
  numChunks: ['stco', 12],
  firstChunk: ['stco', 16],
  numRuns: ['stsc', 12],
  samplesPerChunk: ['stsc', 20],
  numEdits: ['elst', 12],
  editDuration: ['elst', 16],
  editStart: ['elst', 20],
  editRate: ['elst', 24],
} as const;

const set =
  (field: keyof typeof FIELDS, value: number): Change =>
  (bytes) => {
    const [type, offset] = FIELDS[field];
    bytes.writeUInt32BE(value, startOf(bytes, type) + offset);
  };

/** Writes behind the first occurrence of some bytes. */
const behind =
  (marker: string, offset: number, value: number[]): Change =>
  (bytes) => {
    const at = bytes.indexOf(Buffer.from(marker, 'latin1'));
    if (at < 0) throw new Error(`The base video has no ${JSON.stringify(marker)}.`);
    Buffer.from(value).copy(bytes, at + marker.length + offset);
  };

const all =
  (...changes: Change[]): Change =>
  (bytes) =>
    changes.forEach((change) => change(bytes));

const HUGE = [0xff, 0xff, 0xff, 0x7f];
const INFINITE = [0x7f, 0xf0, 0, 0, 0, 0, 0, 0];

const CHANGES: [kind: string, base: BaseName, name: string, change: Change][] = [
  ...[0, 1, 0x7fff, 0xffff].map((size): (typeof CHANGES)[number] => [
    ...(['absurd dimensions', 'base.mp4', `picture-${size}`] as const),
    all(set('pictureSize', size * 0x10000 + size), set('trackWidth', size * 0x10000), set('trackHeight', 1)),
  ]),
  ['absurd dimensions', 'base.mov', 'raw-65535', set('pictureSize', MAX_UINT32)],
  ['absurd dimensions', 'base.mov', 'raw-16384', set('pictureSize', 0x40004000)],
  ['absurd dimensions', 'base.mp4', 'matrix', set('matrix', MAX_UINT32)],
  ['absurd dimensions', 'base.gif', 'canvas', behind('GIF89a', 0, [0xff, 0xff, 0xff, 0xff])],
  ['absurd dimensions', 'base.gif', 'no-canvas', behind('GIF89a', 0, [0, 0, 0, 0])],
  ['absurd dimensions', 'base.avi', 'strf', behind('strf', 8, [...HUGE, ...HUGE])],
  ['absurd dimensions', 'base.avi', 'jpeg-65500', behind('\xff\xc0\0\x11\x08', 0, [0xff, 0xdc, 0xff, 0xdc])],
  ['absurd dimensions', 'base.avi', 'jpeg-16000', behind('\xff\xc0\0\x11\x08', 0, [0x3e, 0x80, 0x3e, 0x80])],
  ['absurd dimensions', 'base.avi', 'jpeg-1x65500', behind('\xff\xc0\0\x11\x08', 0, [0xff, 0xdc, 0, 1])],
  ['absurd dimensions', 'base.webm', 'key-frame', behind('\x9d\x01\x2a', 0, [0xff, 0x3f, 0xff, 0x3f])],
  ['absurd dimensions', 'base.mkv', 'pixels', behind('\xb0\x81', 0, [0xff])],
  ['absurd dimensions', 'base.ogv', 'theora', behind('\x80theora', 3, [0xff, 0xff, 0xff, 0xff])],

  ...[0, 1, 0x7fffffff, MAX_UINT32].flatMap((value): typeof CHANGES => [
    ['absurd rates', 'base.mp4', `media-timescale-${value}`, set('mediaTimescale', value)],
    ['absurd rates', 'base.mp4', `movie-timescale-${value}`, set('movieTimescale', value)],
    ['absurd rates', 'base.mp4', `delta-${value}`, set('firstDelta', value)],
  ]),
  ['absurd rates', 'base.avi', 'no-rate', behind('vids', 16, [0, 0, 0, 0, 0, 0, 0, 0])],
  ['absurd rates', 'base.avi', 'huge-rate', behind('vids', 16, [1, 0, 0, 0, ...HUGE])],
  ['absurd rates', 'base.avi', 'huge-scale', behind('vids', 16, [...HUGE, 1, 0, 0, 0])],
  ['absurd rates', 'base.mkv', 'timescale', behind('\x2a\xd7\xb1\x83', 0, [0xff, 0xff, 0xff])],
  ['absurd rates', 'base.gif', 'delay', behind('\x21\xf9\x04', 1, [0xff, 0xff])],
  ['absurd rates', 'base.gif', 'no-delay', behind('\x21\xf9\x04', 1, [0, 0])],
  ['absurd rates', 'base.y4m', 'rate', behind(' F', 0, [...Buffer.from('0:0')])],

  ...[0, 0x7fffffff, MAX_UINT32].flatMap((value): typeof CHANGES => [
    ['absurd durations', 'base.mp4', `media-${value}`, set('mediaDuration', value)],
    ['absurd durations', 'base.mp4', `movie-${value}`, set('movieDuration', value)],
    ['absurd durations', 'base.mp4', `track-${value}`, set('trackDuration', value)],
    ['absurd durations', 'base.mp4', `edit-${value}`, set('editDuration', value)],
    ['absurd durations', 'base.mp4', `edit-start-${value}`, set('editStart', value)],
  ]),
  ['absurd durations', 'base.mp4', 'edit-rate', set('editRate', 0)],
  [
    ...(['absurd durations', 'base.mp4', 'years-a-frame'] as const),
    all(set('mediaTimescale', 1), set('firstDelta', 0x01000000)),
  ],
  ['absurd durations', 'base.mkv', 'infinite', behind('\x44\x89\x88', 0, INFINITE)],
  ['absurd durations', 'base.mkv', 'negative', behind('\x44\x89\x88', 0, [0xff, ...INFINITE.slice(1)])],

  ...[0x10000, 0x7fffffff, MAX_UINT32].flatMap((value): typeof CHANGES => [
    ['absurd counts', 'base.mp4', `descriptions-${value}`, set('numDescriptions', value)],
    ['absurd counts', 'base.mp4', `description-size-${value}`, set('descriptionSize', value)],
    ['absurd counts', 'base.mp4', `deltas-${value}`, set('numDeltas', value)],
    ['absurd counts', 'base.mp4', `first-count-${value}`, set('firstCount', value)],
    ['absurd counts', 'base.mp4', `samples-${value}`, set('numSamples', value)],
    ['absurd counts', 'base.mp4', `same-size-${value}`, all(set('sampleSize', 1), set('numSamples', value))],
    ['absurd counts', 'base.mp4', `sample-size-${value}`, set('sampleSize', value)],
    ['absurd counts', 'base.mp4', `chunks-${value}`, set('numChunks', value)],
    ['absurd counts', 'base.mp4', `first-chunk-${value}`, set('firstChunk', value)],
    ['absurd counts', 'base.mp4', `runs-${value}`, set('numRuns', value)],
    ['absurd counts', 'base.mp4', `samples-per-chunk-${value}`, set('samplesPerChunk', value)],
    ['absurd counts', 'base.mp4', `edits-${value}`, set('numEdits', value)],
  ]),
  ...['hev1', 'mp4v', 'jpeg', 'png ', 'raw ', 'rle ', 'text', 'tmcd', '\0\0\0\0'].map(
    (codec): (typeof CHANGES)[number] => [
      ...(['another codec', 'base.mp4', `codec-${codec.trim().replaceAll('\0', '0')}`] as const),
      set('codec', Buffer.from(codec, 'latin1').readUInt32BE()),
    ],
  ),
];

/** Videos whose headers promise what cannot be. */
export function makeAbsurdHeaders(videos: BaseVideos): HostileFile[] {
  return CHANGES.map(([kind, base, name, change]) => {
    const bytes = Buffer.from(videos[base]);
    change(bytes);
    return { kind, path: `${kind.replaceAll(' ', '-')}-${name}-${base}`, bytes };
  });
}

function startOf(bytes: Buffer, type: string): number {
  const box = findBoxes(bytes).find((each) => each.type === type);
  if (!box) throw new Error(`The base video has no box ${type}.`);
  return box.start;
}
