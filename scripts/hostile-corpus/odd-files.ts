import { execFile } from 'node:child_process';
import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { BaseVideos } from './base-videos.js';
import type { HostileFile, HostileInput } from './hostile-input.js';

const run = promisify(execFile);

const NAMES = [
  ...[
    '-i.mp4',
    '-y',
    '--help',
    '-loglevel',
    '-f',
    '%03d.mp4',
    'frame%d.png',
    '*.mp4',
    '?.mp4',
    '~',
    '$HOME.mp4',
  ],
  ...[
    'concat:base.mp4|base.mp4',
    'subfile,,start,0,end,9,,:base.mp4',
    'file:base.mp4',
    'pipe:0',
    'http:base.mp4',
  ],
  ...['http:127.0.0.1', 'data:video,mp4', 'crypto:base.mp4', 'tee:base.mp4', 'async:cache:base.mp4'],
  ...[
    'new\nline.mp4',
    'carriage\rreturn.mp4',
    'tab\t.mp4',
    'bell\x07.mp4',
    'escape\x1b[31m\x1b]0;title\x07.mp4',
  ],
  ...[
    'backspace\b\b\b.mp4',
    'delete\x7f.mp4',
    'next line\x85.mp4',
    'right to left \u202e4pm.exe',
    '\u200b.mp4',
  ],
  ...[
    "it's.mp4",
    '"quoted".mp4',
    'back\\slash.mp4',
    '`id`.mp4',
    '$(id).mp4',
    ';id;.mp4',
    '&|<>.mp4',
    "a' -y b.mp4",
  ],
  ...[
    'a,b;c[d]=e:f.mp4',
    ' leading and trailing .mp4 ',
    '...',
    '.mp4',
    'no extension',
    'ünïcödé 視頻 🎬.mp4',
  ],
  ...[
    `${'long'.repeat(60)}.mp4`,
    'movie=base.mp4,null',
    '[info] n: 0 pts: 0 .mp4',
    'video.mp4\\',
    '@base.mp4',
  ],
];

/** A whole video under every odd name. */
export function makeOddNames(videos: BaseVideos): HostileFile[] {
  return NAMES.map((name) => ({
    kind: 'odd names',
    path: name,
    bytes: videos['base.mp4'],
  }));
}

const TEXTS: Record<string, Buffer | string> = {
  'empty.mp4': '',
  'one-byte.mp4': '\0',
  'line-break.mp4': '\n',
  'text.mp4': 'This is no video.\n'.repeat(100),
  'json.mkv': '{"a": 1}',
  'script.avi': '#!/bin/sh\nrm -rf nothing\n',
  'web-page.webm': '<!DOCTYPE html><video src="base.mp4"></video>',
  'zeros.mp4': Buffer.alloc(100_000),
  'ones.ts': Buffer.alloc(100_000, 0xff),
  'sync-bytes.ts': Buffer.alloc(188 * 500, 0x47),
  'sync-bytes-only.ts': Buffer.alloc(188 * 500, Buffer.concat([Buffer.from([0x47]), Buffer.alloc(187)])),
  'start-codes.h264': Buffer.alloc(90_000, Buffer.from([0, 0, 1, 0x65])),
  'parameter-sets.h264': Buffer.alloc(90_000, Buffer.from([0, 0, 0, 1, 0x67, 0x42, 0, 0x0a])),
  'pictures.mpg': Buffer.alloc(90_000, Buffer.from([0, 0, 1, 0xb3, 0xff, 0xff, 0xff, 0x15])),
  'nested-boxes.mp4': nestBoxes(3000),
  'endless-box.mp4': Buffer.from('\0\0\0\x01ftyp\x7f\xff\xff\xff\xff\xff\xff\xff', 'latin1'),
  'empty-boxes.mp4': Buffer.alloc(80_000, Buffer.from('\0\0\0\x08free', 'latin1')),
  'tracks.mp4': manyTracks(5000),
  'jpeg.mp4': Buffer.from('\xff\xd8\xff\xe0\0\x10JFIF\0', 'latin1'),
  'zip.mp4': Buffer.from('PK\x03\x04', 'latin1'),
  'subtitles.mp4': '1\n00:00:00,000 --> 99:59:59,999\nnothing\n',
  'y4m-header.y4m': `YUV4MPEG2 W99999999 H99999999 F1:0 ${'X'.repeat(70_000)}\nFRAME\n`,
};

/** Files that are no videos at all. */
export function makeNoVideos(): HostileFile[] {
  return Object.entries(TEXTS).map(([name, bytes]) => ({ kind: 'no video', path: `no-${name}`, bytes }));
}

/** Places in a file system that are no regular file: where the system has no pipes, those are left out. */
export async function placeSpecialFiles(folder: string): Promise<HostileInput[]> {
  const at = (name: string) => path.join(folder, name);
  await mkdir(at('directory.mp4'));
  await mkdir(at('pictureless'));
  await writeFile(at('pictureless/notes.txt'), 'nothing');
  await mkdir(at('deep/loop'), { recursive: true });
  await symlink('../..', at('deep/loop/up.mp4'));
  await symlink('loop-b.mp4', at('loop-a.mp4'));
  await symlink('loop-a.mp4', at('loop-b.mp4'));
  await symlink('nowhere.mp4', at('dangling.mp4'));
  await symlink('/dev/null', at('null.mp4'));
  await symlink('/dev/zero', at('zero.mp4'));
  await symlink('/dev/stdin', at('stdin.mp4'));
  await symlink('/proc/self/mem', at('memory.mp4'));
  await writeFile(at('sparse.mp4'), '\0\0\0\x18ftypisom');
  await truncate(at('sparse.mp4'), 2 ** 40);
  await writeFile(at('sparse.ts'), Buffer.from([0x47]));
  await truncate(at('sparse.ts'), 2 ** 33);
  const names = [
    'directory.mp4',
    'pictureless',
    'deep/loop/up.mp4',
    'loop-a.mp4',
    'dangling.mp4',
    'null.mp4',
  ];
  names.push(
    'zero.mp4',
    'stdin.mp4',
    'memory.mp4',
    'sparse.mp4',
    'sparse.ts',
    'absent.mp4',
    'null.mp4/a.mp4',
    '/',
  );
  names.push('nul\0.mp4', 'x'.repeat(5000), '', '.', '/dev/zero', '/dev/full', '/proc/self/environ');
  await run('mkfifo', [at('pipe.mp4')]).then(
    () => names.push('pipe.mp4'),
    () => undefined,
  );
  return names.map((name) => ({ kind: 'special files', path: name }));
}

/** Boxes within boxes, each a container. */
function nestBoxes(depth: number): Buffer {
  return Buffer.concat(
    Array.from({ length: depth }, (_, i) => {
      const header = Buffer.alloc(8);
      header.writeUInt32BE((depth - i) * 8);
      header.write(i === 0 ? 'moov' : 'trak', 4, 'latin1');
      return header;
    }),
  );
}

function manyTracks(count: number): Buffer {
  const moov = Buffer.alloc(8 + count * 8, Buffer.from('\0\0\0\x08trak', 'latin1'));
  moov.writeUInt32BE(moov.length);
  moov.write('moov', 4, 'latin1');
  return moov;
}
