import { findBoxes } from './parts.js';
import type { BaseVideos } from './base-videos.js';
import type { Canary } from './canary.js';
import type { HostileFile } from './hostile-input.js';

/** Files that ask whoever opens them to open another: a canary's file or its address. */
export function makeReferences(videos: BaseVideos, canary: Canary): HostileFile[] {
  const { video, raw, folder } = canary;
  const address = `${canary.origin}/canary`;
  const texts: Record<string, string> = {};
  for (const [what, target] of [
    ['file', video],
    ['address', `${address}.mp4`],
    ['file-protocol', `file:${video}`],
    ['concat-protocol', `concat:${video}|${video}`],
    ['subfile-protocol', `subfile,,start,0,end,0,,:${video}`],
    ['crypto-protocol', `crypto:${video}`],
    ['data-protocol', 'data:video/mp4;base64,AAAA'],
    ['relative', 'canary/canary.mp4'],
  ] as const) {
    texts[`hls-of-${what}`] = `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${target}\n#EXT-X-ENDLIST\n`;
    texts[`hls-master-of-${what}`] = `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n${target}\n`;
    texts[`concat-of-${what}`] = `ffconcat version 1.0\nfile '${target}'\n`;
    texts[`dash-of-${what}`] =
      '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet ' +
      `mimeType="video/mp4"><Representation id="1"><BaseURL>${target}</BaseURL></Representation></AdaptationSet></Period></MPD>`;
    texts[`svg-of-${what}`] =
      `<svg xmlns="http://www.w3.org/2000/svg" width="32" height="24"><image href="${target}" width="32" height="24"/></svg>`;
  }
  texts['hls-map'] = `#EXTM3U\n#EXT-X-MAP:URI="${video}"\n#EXTINF:1,\n${video}\n`;
  texts['hls-key'] = `#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="${address}.key"\n#EXTINF:1,\n${video}\n`;
  texts['session'] = 'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n';
  texts['entities'] =
    `<?xml version="1.0"?><!DOCTYPE MPD [<!ENTITY c SYSTEM "file://${video}">]><MPD>&c;</MPD>`;
  texts['asx'] = `<ASX version="3.0"><Entry><Ref href="${address}.asf"/></Entry></ASX>`;
  texts['smil'] = `<smil><body><video src="${address}.mp4"/></body></smil>`;
  texts['real-media'] = `${address}.rm\n`;
  texts['quicktime-text'] = `RTSPtextRTSP://127.0.0.1/\n${address}`;
  const playlists = Object.entries(texts).flatMap(([name, bytes]): HostileFile[] => [
    { kind: 'references in a text', path: `reference-${name}.mp4`, bytes },
  ]);
  return [
    ...playlists,
    ...['m3u8', 'ffconcat', 'mpd', 'sdp', 'svg', 'txt'].map((extension) => ({
      kind: 'references in a text',
      path: `reference.${extension}`,
      bytes: texts['hls-of-file'] as string,
    })),
    ...(['alis', 'url '] as const).map((type) => ({
      kind: 'data references',
      path: `data-reference-${type.trim()}.mov`,
      bytes: pointTo(videos['base.mov'], dataReference(type, raw, `file://${raw}`)),
    })),
    {
      kind: 'data references',
      path: 'data-reference-address.mov',
      bytes: pointTo(videos['base.mov'], dataReference('url ', raw, `${address}.raw`)),
    },
    {
      kind: 'data references',
      path: 'data-reference-relative.mov',
      bytes: pointTo(videos['base.mov'], dataReference('alis', 'canary/canary.raw', folder)),
    },
  ];
}

/** A QuickTime movie whose pictures lie in another file. */
function pointTo(movie: Buffer, reference: Buffer): Buffer {
  const boxes = findBoxes(movie);
  const dref = boxes.find(({ type, start }) => type === 'dref' && isOfVideo(movie, start));
  if (!dref) throw new Error('The base movie has no data reference.');
  const changed = Buffer.concat([
    movie.subarray(0, dref.start + 16), // its header, version and count
    reference,
    movie.subarray(dref.end),
  ]);
  const growth = changed.length - movie.length;
  for (const { start, end } of boxes) {
    if (start <= dref.start && end >= dref.end) {
      changed.writeUInt32BE(movie.readUInt32BE(start) + growth, start);
    }
  }
  return changed;
}

function isOfVideo(movie: Buffer, drefStart: number): boolean {
  return movie.lastIndexOf('vmhd', drefStart) > movie.lastIndexOf('trak', drefStart);
}

/** An entry of a `dref` box: a Macintosh alias with an absolute path, or a URL. */
function dataReference(type: 'alis' | 'url ', file: string, url: string): Buffer {
  const head = Buffer.alloc(12);
  head.write(type, 4, 'latin1');
  const body = type === 'alis' ? alias(file) : Buffer.from(`${url}\0`);
  head.writeUInt32BE(head.length + body.length);
  return Buffer.concat([head, body]);
}

/** An alias record, version 2: volume, file name and, as its tag 2, the path with colons. */
function alias(file: string): Buffer {
  const fixed = Buffer.alloc(150);
  const name = file.split('/').at(-1) as string;
  fixed.writeUInt8(name.length, 50);
  fixed.write(name, 51, 'latin1');
  const colons = Buffer.from(file.replaceAll('/', ':'), 'latin1');
  const path = Buffer.alloc(4 + colons.length + (colons.length % 2));
  path.writeUInt16BE(2);
  path.writeUInt16BE(colons.length, 2);
  colons.copy(path, 4);
  return Buffer.concat([fixed, path, Buffer.from([0xff, 0xff, 0, 0])]);
}
