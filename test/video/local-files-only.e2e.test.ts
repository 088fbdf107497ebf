import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VideoOpenError } from '../../src/errors.js';
import { decodeFrames } from '../../src/video/decode-frames.js';
import { probeVideo } from '../../src/video/probe-video.js';
import { isRemoteSource } from '../../src/video/video-source.js';
import { decodeAll, everyTools, folder, makeVideo, useTools } from './video-fixtures.js';

const video = await makeVideo('plain.mp4', 'testsrc2=d=1:r=5:s=64x48', '-c:v', 'libx264');
const transport = await makeVideo('segment.ts', 'testsrc2=d=1:r=5:s=64x48', '-c:v', 'libx264');

const requests: string[] = [];
const server = createServer((request, response) => {
  requests.push(request.url ?? '');
  response.end();
}).listen(0, '127.0.0.1');
beforeAll(async () => {
  if (!server.listening) await new Promise((resolve) => server.once('listening', resolve));
});
afterAll(() => void server.close());

const playlist = (entry: string) =>
  `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${entry}\n#EXT-X-ENDLIST\n`;
const tricks: [what: string, content: () => string][] = [
  ['a playlist of a local file', () => playlist(transport)],
  [
    'a playlist of an address',
    () => playlist(`http://127.0.0.1:${(server.address() as AddressInfo).port}/a.ts`),
  ],
  ['a list for concatenation', () => `ffconcat version 1.0\nfile '${video}'\n`],
  [
    'a DASH manifest',
    () =>
      `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet ` +
      `mimeType="video/mp4"><Representation id="1"><BaseURL>${video}</BaseURL></Representation></AdaptationSet></Period></MPD>`,
  ],
  [
    'a session description',
    () => 'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n',
  ],
];

// A colon or a quote cannot stand in a Windows file name.
const forbidden = process.platform === 'win32' ? /[":|?*\n]/ : /\0/;
const awkwardNames = [
  '-i.mp4',
  '-loglevel',
  'it\'s "quoted".mp4',
  'two  spaces.mp4',
  'new\nline.mp4',
  '%03d.mp4',
  'concat:plain.mp4|plain.mp4',
  'http:video.mp4',
  'pipe:0',
  'a,b;c[d]=e.mp4',
  'ünïcödé 視頻.mp4',
].filter((name) => !forbidden.test(name));

describe.each(everyTools)('with ffmpeg $version', (tools) => {
  useTools(tools);

  it.each(tricks)(
    '%s that is named .mp4 is refused, and nothing that it names is read',
    async (what, content) => {
      const file = path.join(folder, `${what}.mp4`);
      await writeFile(file, content());
      for (const open of [() => probeVideo(file), () => decodeAll(file)]) {
        await expect(open()).rejects.toThrow(VideoOpenError);
      }
      expect(requests).toEqual([]);
    },
  );

  it.each(awkwardNames)('the file name %j is a name and nothing else', async (name) => {
    const place = path.join(folder, 'names');
    await mkdir(place, { recursive: true });
    await copyFile(video, path.join(place, name));
    const before = process.cwd();
    process.chdir(place);
    try {
      expect(await probeVideo(name)).toMatchObject({ source: name, width: 64, numFrames: 5 });
      expect(await decodeAll(name)).toHaveLength(5);
    } finally {
      process.chdir(before);
    }
  });

  it('an address from a playlist on the network cannot lead back to a local file', async () => {
    const hls = createServer((_, response) => response.end(playlist(`file:${transport}`))).listen(
      0,
      '127.0.0.1',
    );
    try {
      await new Promise((resolve) => hls.once('listening', resolve));
      const url = `http://127.0.0.1:${(hls.address() as AddressInfo).port}/live.m3u8`;
      await expect(decodeAll(url, { allowRemote: true })).rejects.toThrow();
    } finally {
      hls.close();
    }
  });
});

it.each([
  'http://a/b.mp4',
  'HTTPS://a/b',
  'rtsp://camera/1',
  'rtmp://a/b',
  'udp://239.0.0.1:1234',
  'srt://a:1',
])('%s is an address, which is opened only by explicit choice', async (source) => {
  expect(isRemoteSource(source)).toBe(true);
  await expect(probeVideo(source)).rejects.toThrow('Pass allowRemote: true');
  const frames = decodeFrames(source, { width: 8, height: 8, frameRate: 1 });
  await expect(frames.next()).rejects.toThrow('only local files are opened by default');
});

it.each([
  'C:\\clips\\a.mp4',
  'c:/clips/a.mp4',
  'file:///a.mp4',
  'concat:a|b',
  'data:video/mp4,x',
  'subfile,,end,9,,:a',
])('%s is a file name', (source) => expect(isRemoteSource(source)).toBe(false));
