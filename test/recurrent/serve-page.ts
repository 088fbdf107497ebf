import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** A running web server. */
export interface PageServer {
  /** Address of an empty page, without a slash at its end. */
  url: string;
  close(): Promise<void>;
}

const WASM_FOLDER = path.dirname(fileURLToPath(import.meta.resolve('@tensorflow/tfjs-backend-wasm')));

/** Two headers that a page must have before a browser lets its threads share memory. */
const ISOLATION = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

/**
 * Bundles a script for browsers as `/page.js` and serves it on this machine, with an empty page that imports nothing
 * and the wasm backend's binaries beside it. `/threads` is the same page where WebAssembly may use threads.
 */
export async function servePage(script: string): Promise<PageServer> {
  const bundle = await bundleForBrowsers(script);
  const server = createServer((request, response) => {
    const name = path.basename(request.url!);
    const page = { 'content-type': 'text/html', ...(name === 'threads' ? ISOLATION : {}) };
    if (name === '' || name === 'threads') {
      response.writeHead(200, page).end('<!doctype html><link rel="icon" href="data:,">');
    } else if (name === 'page.js') {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(bundle);
    } else if (name.endsWith('.wasm')) {
      readFile(path.join(WASM_FOLDER, name)).then(
        (binary) => response.writeHead(200, { 'content-type': 'application/wasm' }).end(binary),
        () => response.writeHead(404).end(),
      );
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve, reject) => server.close((error) => (error ? reject(error) : resolve()))),
  };
}

async function bundleForBrowsers(script: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [script],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]!.contents;
}
