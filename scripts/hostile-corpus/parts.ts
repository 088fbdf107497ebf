import type { BaseName } from './base-videos.js';

/** A box, chunk, element, block or packet of a container. */
export interface Part {
  /** Four-character code, or what stands for it. */
  type: string;
  /** First byte, and the one behind the last, of the whole part with its header. */
  start: number;
  end: number;
  headerBytes: number;
  /** Number of parts around it. */
  depth: number;
}

const MP4_CONTAINERS = /^(?:moov|trak|mdia|minf|dinf|stbl|edts|moof|traf|mvex|udta)$/;

/** The boxes of an MP4 or QuickTime file, those within others too, in order. ISO/IEC 14496-12, 4.2. */
export function findBoxes(bytes: Buffer, start = 0, end = bytes.length, depth = 0): Part[] {
  const boxes: Part[] = [];
  for (let at = start; at + 8 <= end;) {
    const size = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (size < 8 || at + size > end) break;
    boxes.push({ type, start: at, end: at + size, headerBytes: 8, depth });
    if (MP4_CONTAINERS.test(type)) boxes.push(...findBoxes(bytes, at + 8, at + size, depth + 1));
    at += size;
  }
  return boxes;
}

/** The chunks of an AVI file, those within lists too, in order. */
function findChunks(bytes: Buffer, start = 0, end = bytes.length, depth = 0): Part[] {
  const chunks: Part[] = [];
  for (let at = start; at + 8 <= end;) {
    const size = bytes.readUInt32LE(at + 4);
    const type = bytes.toString('latin1', at, at + 4);
    const isList = type === 'RIFF' || type === 'LIST';
    const chunkEnd = Math.min(at + 8 + size + (size % 2), end);
    chunks.push({ type, start: at, end: chunkEnd, headerBytes: isList ? 12 : 8, depth });
    if (isList) chunks.push(...findChunks(bytes, at + 12, chunkEnd, depth + 1));
    at = chunkEnd;
  }
  return chunks;
}

const EBML_CONTAINERS = new Set([0x18538067, 0x1654ae6b, 0xae, 0xe0, 0x1f43b675, 0x1c53bb6b, 0xbb, 0xb7]);

/** The elements of a Matroska or WebM file, those within others too, in order. RFC 8794. */
function findElements(bytes: Buffer, start = 0, end = bytes.length, depth = 0): Part[] {
  const elements: Part[] = [];
  for (let at = start; at < end;) {
    const idBytes = Math.clz32(bytes[at] ?? 0) - 23;
    const sizeBytes = Math.clz32(bytes[at + idBytes] ?? 0) - 23;
    if (idBytes > 4 || sizeBytes > 8 || at + idBytes + sizeBytes > end) break;
    const id = bytes.readUIntBE(at, idBytes);
    let size = (bytes[at + idBytes] as number) & (0xff >> sizeBytes);
    for (let i = 1; i < sizeBytes; i++) size = size * 256 + (bytes[at + idBytes + i] as number);
    const headerBytes = idBytes + sizeBytes;
    const elementEnd = Math.min(at + headerBytes + size, end);
    elements.push({ type: id.toString(16), start: at, end: elementEnd, headerBytes, depth });
    if (EBML_CONTAINERS.has(id))
      elements.push(...findElements(bytes, at + headerBytes, elementEnd, depth + 1));
    at = elementEnd;
  }
  return elements;
}

/** Stretches that begin with the same bytes, as the pages of Ogg and the frames of YUV4MPEG do. */
function findMarked(bytes: Buffer, marker: string): Part[] {
  const starts: number[] = [];
  for (let at = bytes.indexOf(marker); at >= 0; at = bytes.indexOf(marker, at + 1)) starts.push(at);
  return between([0, ...starts.filter((start) => start > 0), bytes.length], marker);
}

function findPackets(bytes: Buffer, size: number): Part[] {
  const starts = Array.from({ length: Math.floor(bytes.length / size) }, (_, i) => i * size);
  return between([...starts, bytes.length], 'packet');
}

function between(edges: number[], type: string): Part[] {
  return edges.slice(1).map((end, i) => {
    const start = edges[i] as number;
    return { type, start, end, headerBytes: Math.min(4, end - start), depth: 0 };
  });
}

/** The parts of a video, by its container. */
export function findParts(name: BaseName, bytes: Buffer): Part[] {
  if (/\.(?:mp4|mov)$/.test(name)) return findBoxes(bytes);
  if (/\.(?:mkv|webm)$/.test(name)) return findElements(bytes);
  if (name === 'base.avi') return findChunks(bytes);
  if (name === 'base.ogv') return findMarked(bytes, 'OggS');
  if (name === 'base.y4m') return findMarked(bytes, 'FRAME');
  if (name === 'base.gif') return findMarked(bytes, '\x21\xf9\x04'); // graphic control extensions
  return findPackets(bytes, 188);
}
