import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isPrivateAddress } from '../../src/video/host-guard.js';
import { probeVideo } from '../../src/video/probe-video.js';
import { decodeAll, everyTools, makeVideo, useTools, withEnvironment } from './video-fixtures.js';

const video = await makeVideo('remote.ts', 'testsrc2=d=1:r=10:s=64x48', '-c:v', 'libx264');
const bytes = await readFile(video);

/** Serves the video; the other one sends its clients to `other` by redirects and playlists. */
let other: Server;
let first: Server;
let requests: string[] = [];
const portOf = (server: Server) => (server.address() as AddressInfo).port;

beforeAll(async () => {
  other = createServer(({ headers: { host = '' }, url }, response) => {
    requests.push(`${host.split(':')[0]} ${url}`);
    response.setHeader('Content-Type', 'video/mp2t').end(bytes);
  });
  first = createServer(({ url = '' }, response) => {
    const [, how = '', host = ''] = url.split('/');
    const target = `http://${host}:${portOf(other)}/video.ts`;
    if (how === 'redirect') response.writeHead(302, { Location: target }).end();
    else if (how === 'gopher')
      response.writeHead(302, { Location: `rtmp://127.0.0.1:${portOf(other)}/x` }).end();
    else if (how === 'playlist') {
      response.setHeader('Content-Type', 'application/vnd.apple.mpegurl');
      response.end(`#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${target}\n#EXT-X-ENDLIST\n`);
    } else response.setHeader('Content-Type', 'video/mp2t').end(bytes);
  });
  for (const server of [other, first]) {
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  }
});
afterAll(() => {
  for (const server of [other, first]) server.close();
});

const warnings: string[] = [];
process.on('warning', ({ message }) => warnings.push(message));

describe.each(everyTools)('an address read by ffmpeg $version', (tools) => {
  useTools(tools);
  const read = (place: string, allowHosts?: string[]) => {
    requests = [];
    const address = `http://127.0.0.1:${portOf(first)}/${place}`;
    return withEnvironment({ http_proxy: undefined }, () =>
      decodeAll(address, { allowRemote: true, allowHosts, stallTimeoutMs: 10_000 }),
    );
  };

  it('is read from its own host, also where a redirect or a playlist leads to another port', async () => {
    expect(await read('video.ts')).toHaveLength(10);
    expect(await read('redirect/127.0.0.1')).toHaveLength(10);
    expect(await read('playlist/127.0.0.1/list.m3u8')).toHaveLength(10);
    expect(requests).toContain('127.0.0.1 /video.ts');
  });

  it.each(['redirect/localhost', 'playlist/localhost/list.m3u8'])(
    'is not followed to another host by %s, unless that host is allowed',
    async (place) => {
      warnings.length = 0;
      await expect(read(place)).rejects.toThrow();
      expect(requests).toEqual([]);
      expect(warnings.join('\n')).toContain('The host "localhost" is not opened');
      expect(warnings.join('\n')).toContain('--allow-host localhost');
      expect(await read(place, ['localhost'])).toHaveLength(10);
      expect(requests).toContain('localhost /video.ts');
    },
  );

  it('is refused with the reason if its host is not known', async () => {
    const reading = decodeAll('http://nowhere.invalid/video.mp4', { allowRemote: true });
    await expect(reading).rejects.toThrow('the host "nowhere.invalid" is not known');
  });

  it('is not followed to another protocol', async () => {
    await expect(read('gopher')).rejects.toThrow();
    expect(requests).toEqual([]);
  });

  it('is probed in the same way', async () => {
    requests = [];
    const address = `http://127.0.0.1:${portOf(first)}/redirect/localhost`;
    await expect(probeVideo(address, { allowRemote: true })).rejects.toThrow();
    expect(requests).toEqual([]);
    const info = await probeVideo(address, { allowRemote: true, allowHosts: ['localhost'] });
    expect(info.width).toBe(64);
  });
});

it('knows the addresses of this machine and of private networks', () => {
  const near = ['127.0.0.1', '10.1.2.3', '172.31.0.1', '192.168.1.1', '169.254.169.254', '0.0.0.0'];
  for (const address of [...near, '::1', 'fe80::1', 'fd00::1', '::ffff:10.0.0.1']) {
    expect(isPrivateAddress(address), address).toBe(true);
  }
  for (const address of ['8.8.8.8', '172.32.0.1', '2001:4860:4860::8888', '::ffff:8.8.8.8']) {
    expect(isPrivateAddress(address), address).toBe(false);
  }
});
