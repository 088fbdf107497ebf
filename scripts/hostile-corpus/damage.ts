import { Random } from '../drawn-people/random.js';
import type { BaseName, BaseVideos } from './base-videos.js';
import type { HostileFile } from './hostile-input.js';
import { findParts, type Part } from './parts.js';

/** Where every boundary is cut, the bytes of parts being named in other parts. Of the others some are. */
const CUT_EVERYWHERE = /\.(?:mp4|mkv|avi)$/;
const MAX_CUTS = 12;
/** Parts that are moved, doubled, and so on, for each base video. */
const MAX_PARTS = 5;
/** Numbers of bits flipped at once. */
const FLIPS = [1, 2, 4, 16, 64];

/** Every base video with flipped bits, cut at its boundaries, with parts that changed places and with wrong sizes. */
export function damageVideos(videos: BaseVideos, seed: number): HostileFile[] {
  const random = new Random(seed);
  return (Object.entries(videos) as [BaseName, Buffer][]).flatMap(([name, bytes]) => {
    const parts = findParts(name, bytes);
    const kinds: [kind: string, damaged: Uint8Array[]][] = [
      ['bit flips', FLIPS.map((count) => flipBits(bytes, count, random))],
      ['cut at a boundary', cutAtBoundaries(bytes, parts, CUT_EVERYWHERE.test(name) ? Infinity : MAX_CUTS)],
      ['parts swapped', pick(pairsOf(parts), MAX_PARTS).map((pair) => swap(bytes, ...pair))],
      ['parts doubled', pick(parts, MAX_PARTS).map((part) => double(bytes, part))],
      ['parts left out', pick(parts, MAX_PARTS).map((part) => leaveOut(bytes, part))],
      ['parts of zeros', pick(parts, MAX_PARTS).map((part) => blank(bytes, part))],
      ['huge sizes', pick(parts, MAX_PARTS).map((part) => declareHuge(bytes, part))],
    ];
    return kinds.flatMap(([kind, damaged]) =>
      damaged.map((content, i) => ({
        kind,
        path: `${kind.replaceAll(' ', '-')}-${i}-${name}`,
        bytes: content,
      })),
    );
  });
}

function flipBits(bytes: Buffer, count: number, random: Random): Uint8Array {
  const flipped = Uint8Array.from(bytes);
  for (let i = 0; i < count; i++) {
    // Every other one in the header, where a bit does most.
    const length = i % 2 === 0 ? Math.min(512, bytes.length) : bytes.length;
    const at = Math.floor(random.between(0, length));
    flipped[at] = (flipped[at] ?? 0) ^ (1 << Math.floor(random.between(0, 8)));
  }
  return flipped;
}

/** Before each part, and behind its header. */
function cutAtBoundaries(bytes: Buffer, parts: Part[], maxCuts: number): Uint8Array[] {
  const places = parts.flatMap(({ start, headerBytes }) => [start, start + headerBytes]);
  const inside = [...new Set(places)].filter((at) => at > 0 && at < bytes.length).sort((a, b) => a - b);
  return pick(inside, maxCuts).map((at) => bytes.subarray(0, at));
}

/** Neighbours of the same depth. */
function pairsOf(parts: Part[]): [Part, Part][] {
  return parts.flatMap((first): [Part, Part][] => {
    const second = parts.find(({ start, depth }) => start === first.end && depth === first.depth);
    return second ? [[first, second]] : [];
  });
}

function swap(bytes: Buffer, first: Part, second: Part): Uint8Array {
  const pieces = [bytes.subarray(0, first.start), bytes.subarray(second.start, second.end)];
  return Buffer.concat([...pieces, bytes.subarray(first.start, first.end), bytes.subarray(second.end)]);
}

function double(bytes: Buffer, { start, end }: Part): Uint8Array {
  return Buffer.concat([bytes.subarray(0, end), bytes.subarray(start)]);
}

function leaveOut(bytes: Buffer, { start, end }: Part): Uint8Array {
  return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
}

function blank(bytes: Buffer, { start, end, headerBytes }: Part): Uint8Array {
  return Buffer.from(bytes).fill(0, start + headerBytes, end);
}

/** Whatever the container, a size stands in the header, the type's four bytes before or behind it. */
function declareHuge(bytes: Buffer, { start, headerBytes, type }: Part): Uint8Array {
  const isSizeFirst = bytes.toString('latin1', start + 4, start + 8) === type;
  const [from, to] = isSizeFirst
    ? [start, start + 4]
    : [start + Math.min(4, headerBytes - 1), start + headerBytes];
  return Buffer.from(bytes).fill(0x7f, from, to);
}

/** At most so many, evenly spread. */
function pick<T>(items: T[], count: number): T[] {
  if (items.length <= count) return items;
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)] as T);
}
