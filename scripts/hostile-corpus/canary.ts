import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What nobody may read: a video of one colour that is nowhere else, and a server that nobody may ask. */
export interface Canary {
  folder: string;
  video: string;
  /** The same colour as raw RGB, for references to pictures without a container. */
  raw: string;
  /** `http://…` of the server. */
  origin: string;
  /** What was asked of the server. */
  requests: string[];
  close(): void;
}

const COLOR = [230, 20, 200] as const;
/** Coding changes a colour by a little. */
const TOLERANCE = 12;

/** @param folder - Made, and filled. */
export async function placeCanary(ffmpegPath: string, folder: string): Promise<Canary> {
  await mkdir(folder, { recursive: true });
  const [video, raw] = [path.join(folder, 'canary.mp4'), path.join(folder, 'canary.raw')];
  await writeFile(raw, Buffer.alloc(32 * 24 * 3 * 20, Buffer.from(COLOR)));
  const color = `color=0x${Buffer.from(COLOR).toString('hex')}:s=32x24:d=0.8:r=10`;
  await run(ffmpegPath, ['-v', 'error', '-y', '-f', 'lavfi', '-i', color, '-pix_fmt', 'yuv420p', video]);
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    response.end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { folder, video, raw, origin, requests, close };
}

/** Whether a picture, RGB, is the canary's. */
export function showsCanary(pixels: Uint8Array): boolean {
  const isNear = (value: number, i: number) => Math.abs(value - (COLOR[i % 3] as number)) <= TOLERANCE;
  return pixels.length > 0 && pixels.every(isNear);
}
