/** A picture and the time from which it is shown. */
export interface TimedPicture {
  timeSec: number;
  png: Uint8Array;
}

/** Matroska IDs of the elements written here. */
const ID = {
  ebml: 0x1a45dfa3,
  docType: 0x4282,
  segment: 0x18538067,
  info: 0x1549a966,
  timestampScale: 0x2ad7b1,
  muxingApp: 0x4d80,
  writingApp: 0x5741,
  tracks: 0x1654ae6b,
  trackEntry: 0xae,
  trackNumber: 0xd7,
  trackUid: 0x73c5,
  trackType: 0x83,
  codecId: 0x86,
  codecPrivate: 0x63a2,
  video: 0xe0,
  pixelWidth: 0xb0,
  pixelHeight: 0xba,
  cluster: 0x1f43b675,
  timestamp: 0xe7,
  simpleBlock: 0xa3,
} as const;

/**
 * Encodes pictures with transparency as a video that ffmpeg reads from a pipe. Matroska is the simplest container that
 * stores PNG and gives each picture a time of its own, here in microseconds.
 *
 * @param pictures - In order of time, the first at 0, all of the given width and height in pixels.
 * @see RFC 9559 (Matroska), RFC 8794 (EBML).
 */
export async function* streamPictures(
  pictures: AsyncIterable<TimedPicture>,
  { width, height }: { width: number; height: number },
): AsyncGenerator<Buffer> {
  const app = text('framewise');
  const head = element(ID.ebml, element(ID.docType, text('matroska')));
  const info = element(
    ID.info,
    // Nanoseconds per time unit.
    element(ID.timestampScale, unsigned(1000)),
    element(ID.muxingApp, app),
    element(ID.writingApp, app),
  );
  const track = element(
    ID.trackEntry,
    element(ID.trackNumber, unsigned(1)),
    element(ID.trackUid, unsigned(1)),
    element(ID.trackType, unsigned(1)),
    element(ID.codecId, text('V_MS/VFW/FOURCC')),
    element(ID.codecPrivate, bitmapHeader(width, height)),
    element(ID.video, element(ID.pixelWidth, unsigned(width)), element(ID.pixelHeight, unsigned(height))),
  );
  // A segment of unknown length, as in a live stream.
  const segment = Buffer.from([...unsigned(ID.segment), 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
  yield Buffer.concat([head, segment, info, element(ID.tracks, track)]);
  for await (const { timeSec, png } of pictures) {
    // Track 1, at the time of the cluster, a key frame.
    const block = element(ID.simpleBlock, Buffer.from([0x81, 0, 0, 0x80]), png);
    yield element(ID.cluster, element(ID.timestamp, unsigned(Math.round(timeSec * 1e6))), block);
  }
}

/** Returns the header that marks frames as PNG pictures, the same as in AVI. */
function bitmapHeader(width: number, height: number): Buffer {
  const header = Buffer.alloc(40);
  header.writeUInt32LE(header.length, 0);
  header.writeInt32LE(width, 4);
  header.writeInt32LE(height, 8);
  header.writeUInt16LE(1, 12);
  header.writeUInt16LE(32, 14); // bits per pixel
  header.write('MPNG', 16, 'latin1');
  return header;
}

function element(id: number, ...contents: Uint8Array[]): Buffer {
  const size = contents.reduce((sum, { length }) => sum + length, 0);
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(size) + 2n ** 56n);
  return Buffer.concat([unsigned(id), length, ...contents]);
}

/** Encodes an unsigned integer in the fewest bytes. */
function unsigned(value: number): Buffer {
  const hex = value.toString(16);
  return Buffer.from(hex.padStart(2 * Math.ceil(hex.length / 2), '0'), 'hex');
}

function text(value: string): Buffer {
  return Buffer.from(value, 'latin1');
}
