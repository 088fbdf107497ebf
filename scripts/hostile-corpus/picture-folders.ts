import { execFile } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { Random } from '../drawn-people/random.js';
import type { HostileInput } from './hostile-input.js';

const run = promisify(execFile);

/** A folder of pictures each, of which one is damaged or no picture. */
export async function placePictureFolders(folder: string, seed: number): Promise<HostileInput[]> {
  const random = new Random(seed);
  const whole = sharp({ create: { width: 32, height: 24, channels: 3, background: 'gray' } });
  const good = await whole.png().toBuffer();
  const formats = { png: good, jpg: await whole.jpeg().toBuffer(), webp: await whole.webp().toBuffer() };
  const bad: Record<string, Buffer | string> = {
    'empty.png': '',
    'text.jpg': 'no picture',
    'svg.png':
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="../canary/canary.mp4"/></svg>',
    'gif.png': Buffer.from('GIF89a\xff\xff\xff\xff\0\0\0;', 'latin1'),
    'bomb-30000.png': pngOf(30_000, 30_000),
    'bomb-65500x1.png': pngOf(65_500, 1),
    'bomb-8000.png': pngOf(8000, 8000),
    'bomb-maximum.png': pngOf(0x7fffffff, 0x7fffffff),
    'bomb-text.png': pngOf(8, 8, deflateSync(Buffer.alloc(2 ** 25))),
    'no-size.png': pngOf(0, 0),
    'huge.jpg': withSize(formats.jpg, 65_500),
    'high.jpg': withSize(formats.jpg, 65_500, 1),
    'huge.webp': Buffer.from(formats.webp).fill(0xff, 24, 30),
  };
  for (const [format, bytes] of Object.entries(formats)) {
    for (const share of [0.1, 0.5, 0.9])
      bad[`cut-${share}.${format}`] = bytes.subarray(0, bytes.length * share);
    for (let i = 0; i < 5; i++) {
      const flipped = Buffer.from(bytes);
      for (let n = 0; n <= i; n++) {
        const at = random.integer(0, bytes.length - 1);
        flipped[at] = (flipped[at] ?? 0) ^ (1 << random.integer(0, 7));
      }
      bad[`flipped-${i}.${format}`] = flipped;
    }
  }
  const inputs: HostileInput[] = [];
  for (const [name, bytes] of Object.entries(bad)) {
    const place = await placeFolder(folder, name, good);
    await writeFile(path.join(place, name), bytes);
    inputs.push({ kind: 'damaged pictures', path: path.basename(place) });
  }
  const links: [name: string, target: string][] = [
    ['device.png', '/dev/zero'],
    ['loop.png', 'loop.png'],
    ['folder.png', '..'],
    ['dangling.png', 'nowhere'],
    ['canary.png', '../canary/canary.mp4'],
  ];
  for (const [name, target] of links) {
    const place = await placeFolder(folder, name, good);
    await symlink(target, path.join(place, name));
    inputs.push({ kind: 'damaged pictures', path: path.basename(place) });
  }
  const place = await placeFolder(folder, 'pipe.png', good);
  if (await run('mkfifo', [path.join(place, 'pipe.png')]).catch(() => undefined)) {
    inputs.push({ kind: 'damaged pictures', path: path.basename(place) });
  }
  return inputs;
}

/** Half of the folders begin with a good picture, which is looked at to describe the whole. */
async function placeFolder(folder: string, name: string, good: Buffer): Promise<string> {
  const place = path.join(folder, `pictures-${name}`);
  await mkdir(place);
  await writeFile(path.join(place, name.length % 2 === 0 ? 'a.png' : 'z.png'), good);
  return place;
}

/** A PNG of zeros that says to be of any size. */
function pngOf(width: number, height: number, pixels = deflateSync(Buffer.alloc(1000))): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const chunk = (type: string, data: Buffer): Buffer => {
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    length.writeUInt32BE(data.length);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, check]);
  };
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', pixels),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** The checksum of a PNG's chunk: PNG specification, annex D. */
function crc32(bytes: Buffer): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}

/** A JPEG with another size in its frame header. */
function withSize(jpeg: Buffer, height: number, width = height): Buffer {
  const changed = Buffer.from(jpeg);
  const frame = changed.indexOf(Buffer.from([0xff, 0xc0]));
  changed.writeUInt16BE(height, frame + 5);
  changed.writeUInt16BE(width, frame + 7);
  return changed;
}
