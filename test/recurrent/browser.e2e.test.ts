import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from '../find-chromium.js';
import { computeCells, startBackend, trainLayers, type Results } from './browser-page.js';
import { servePage, type PageServer } from './serve-page.js';

const executablePath = findChromium();
const title = executablePath ? '' : ' (skipped: no chromium on PATH, nor CHROMIUM_PATH set)';

describe.skipIf(!executablePath)(`framewise/recurrent in Chromium${title}`, () => {
  let expected: { cells: Results; training: Results };
  let server: PageServer;
  let browser: Browser;

  beforeAll(async () => {
    await startBackend('cpu');
    expected = { cells: computeCells(), training: await trainLayers() };
    server = await servePage(fileURLToPath(new URL('./browser-page.ts', import.meta.url)));
    browser = await chromium.launch({
      executablePath: executablePath!,
      // WebGL on the processor, for machines without a graphics card.
      args: ['--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
    });
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  describe.each([
    { name: 'cpu', backend: 'cpu', address: '/', binaries: [] },
    { name: 'wasm', backend: 'wasm', address: '/', binaries: ['tfjs-backend-wasm-simd.wasm'] },
    {
      name: 'wasm with threads',
      backend: 'wasm',
      address: '/threads',
      binaries: ['tfjs-backend-wasm-threaded-simd.wasm'],
    },
    { name: 'webgl', backend: 'webgl', address: '/', binaries: [] },
  ])('on $name', ({ backend, address, binaries }) => {
    const messages: string[] = [];
    const requests: string[] = [];
    let page: Page;

    beforeAll(async () => {
      page = await browser.newPage();
      page.on('pageerror', (error) => messages.push(String(error)));
      page.on('console', (message) => messages.push(message.text()));
      page.on('request', (request) => requests.push(request.url()));
      await page.goto(server.url + address);
      expect(await call(`startBackend('${backend}')`)).toBe(backend);
    });

    afterAll(async () => {
      await page?.close();
    });

    /** Calls a function of the page's script in the page. */
    const call = (expression: string): Promise<unknown> =>
      page.evaluate(`import('/page.js').then((script) => script.${expression})`);

    it('computes the same outputs, states and gradients as Node', async () => {
      expectClose((await call('computeCells()')) as Results, expected.cells);
      expect(messages).toEqual([]);
      expect(requests.filter((url) => url.endsWith('.wasm'))).toEqual(
        binaries.map((binary) => `${server.url}/${binary}`),
      );
    });

    it('trains layers in a model as Node does, and the loss falls', async () => {
      const training = (await call('trainLayers()')) as Results;
      expectClose(training, expected.training);
      expect(training.losses!.at(-1)).toBeLessThan(0.5 * training.losses![0]!);
      expect(messages).toEqual([]);
    });
  });
});

function expectClose(actual: Results, expected: Results): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, array] of Object.entries(expected)) {
    expect(actual[name], name).toHaveLength(array.length);
    const differences = array.map((value, index) => Math.abs(value - actual[name]![index]!));
    expect(Math.max(...differences), name).toBeLessThan(1e-5);
  }
}
