import { copyFile, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { budgetOf, type ReportVideo } from '../../src/view/batch-report/report-row.js';
import { takeThumbnails } from '../../src/view/take-frames.js';
import { writeBatchReport } from '../../src/view/batch-report/write-batch-report.js';
import { colorsOf } from '../../src/view/timeline-drawing.js';
import { findChromium } from '../find-chromium.js';
import { timelineOf } from './timelines.js';

const DEMO = path.join(import.meta.dirname, '../../fixtures/drawn-people/demo.mp4');
const HOSTILE = '</script><img src=x onerror=alert(1)> #1.mp4';

const executablePath = findChromium();
const title = executablePath ? '' : ' (skipped: no chromium on PATH, nor CHROMIUM_PATH set)';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'framewise-batch-report-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Five videos. Two failed; one can be played and has probabilities. */
async function videos(): Promise<ReportVideo[]> {
  const demo = timelineOf(DEMO, [
    ['walk', 5],
    ['sit', 20],
  ]);
  const frames = demo.frames.map((frame) => ({
    ...frame,
    probabilities: Float32Array.from(frame.timeSec < 5 ? [0.7, 0.3, 0, 0] : [0.1, 0.9, 0, 0]),
  }));
  await copyFile(DEMO, path.join(folder, HOSTILE.replaceAll('/', '_')));
  const jpeg = (await takeThumbnails(demo, 3, {}))!;
  return [
    {
      ...{ name: HOSTILE, href: encodeURIComponent(HOSTILE.replaceAll('/', '_')) },
      ...{ timeline: { ...demo, frames }, thumbnails: { jpeg, count: 3 } },
    },
    { name: 'b.mp4', href: 'b.mp4', timeline: timelineOf('b', [['fall', 60]]) },
    {
      name: 'gone.mp4',
      href: 'gone.mp4',
      error: { code: 'ERR_VIDEO_OPEN', message: 'It <b>does</b> not exist.' },
    },
    { name: 'a.mp4', href: 'a.mp4', timeline: timelineOf('a', [['walk', 30]]) },
    { name: 'cut.mp4', href: 'cut.mp4', error: { code: 'ERR_VIDEO_DECODE', message: 'Cut short.' } },
  ];
}

describe.skipIf(!executablePath)(`the report page of a batch in Chromium${title}`, () => {
  let address: string;
  let browser: Browser;
  let page: Page;
  let messages: string[];
  let requests: string[];
  beforeAll(async () => {
    address = pathToFileURL(await writeBatchReport(folder, await videos(), 5)).href;
    browser = await chromium.launch({ executablePath: executablePath! });
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    [messages, requests] = [[], []];
    page = await browser.newPage({ viewport: { width: 1000, height: 900 } });
    page.on('pageerror', (error) => messages.push(String(error)));
    page.on('console', (message) => messages.push(message.text()));
    page.on('dialog', (dialog) => messages.push(dialog.message()));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(address);
  });

  const names = () => page.locator('li h3').allTextContents();
  const bar = () => page.locator('li', { hasText: HOSTILE }).locator('.bar');

  it('logs no error, requests no other file, and shows failures first and names as text', async () => {
    expect(await names()).toEqual(['gone.mp4', 'cut.mp4', HOSTILE, 'b.mp4', 'a.mp4']);
    expect(await page.locator('.error').allTextContents()).toEqual([
      'ERR_VIDEO_OPEN It <b>does</b> not exist.',
      'ERR_VIDEO_DECODE Cut short.',
    ]);
    expect(await page.locator('#count').textContent()).toBe('5 of 5 videos');
    await page.close();
    expect(messages).toEqual([]);
    expect(requests.filter((url) => !url.startsWith('data:'))).toEqual([address]);
  });

  it('filters by text, outcome and label, and sorts', async () => {
    await page.fill('#text', 'cut SHORT');
    expect(await names()).toEqual(['cut.mp4']);
    await page.fill('#text', '');
    await page.selectOption('#status', 'labelled');
    expect(await names()).toEqual([HOSTILE, 'b.mp4', 'a.mp4']);
    await page.selectOption('#order', 'name');
    expect(await names()).toEqual([HOSTILE, 'a.mp4', 'b.mp4']);
    await page.selectOption('#order', 'longest');
    expect(await names()).toEqual(['b.mp4', 'a.mp4', HOSTILE]);
    await page.getByRole('button', { name: 'walk' }).click();
    expect(await names()).toEqual(['a.mp4', HOSTILE]);
    await page.getByRole('button', { name: 'sit' }).click();
    expect(await names()).toEqual([HOSTILE]);
    expect(await page.getByRole('button', { name: 'sit' }).getAttribute('aria-pressed')).toBe('true');
    expect(messages).toEqual([]);
  });

  it('colors the timeline, and shows label and probabilities under the pointer', async () => {
    const colors = colorsOf({ labels: ['walk', 'sit', 'fall', 'unknown'] });
    const shown = await page.evaluate<[number, string][]>(`(() => {
      const bar = document.querySelector('.bar');
      const parts = [...bar.querySelectorAll('i')];
      return parts.map((part) => [part.offsetWidth / bar.offsetWidth, getComputedStyle(part).backgroundColor]);
    })()`);
    expect(shown.map(([width]) => width.toFixed(2))).toEqual(['0.25', '0.75']);
    expect(shown.map(([, color]) => color)).toEqual([colors.of('walk'), colors.of('sit')].map(toRgb));
    const { x, y, width } = (await bar().boundingBox())!;
    await page.mouse.move(x + width * 0.1, y + 5);
    expect(await page.locator('#tip div').textContent()).toBe('2 s: walk, 75 %');
    expect(await page.locator('#tip p').allTextContents()).toEqual(['walk70 %', 'sit30 %']);
    await page.mouse.move(x + width * 0.5, y + 5);
    expect(await page.locator('#tip p').allTextContents()).toEqual(['sit91 %', 'walk9 %']); // in steps of 1/33
    await page.mouse.move(5, 5);
    expect(await page.locator('#tip').isVisible()).toBe(false);
  });

  it('plays from the chosen time, by mouse and by keyboard', async () => {
    const { x, y, width } = (await bar().boundingBox())!;
    await page.mouse.click(x + width * 0.6, y + 5);
    await expect.poll(() => currentTime(), { timeout: 20_000 }).toBeGreaterThanOrEqual(11.9);
    expect(await currentTime()).toBeLessThan(20);
    await bar().press('Home');
    await bar().press('PageDown');
    expect(await bar().getAttribute('aria-valuetext')).toBe('5 s: sit, 75 %');
    await bar().press('Enter');
    await expect.poll(() => currentTime()).toBeLessThan(11);
    expect(await currentTime()).toBeGreaterThanOrEqual(4.99);
    await page.getByRole('button', { name: 'Play from 16.7 s' }).click(); // the last of three pictures
    await expect.poll(() => currentTime()).toBeGreaterThanOrEqual(16.6);
    await page.getByRole('button', { name: 'Close' }).click();
    expect(await page.locator('video').count()).toBe(0);
    // The page says so if a video cannot be played.
    await page.locator('li', { hasText: 'b.mp4' }).locator('.bar').click();
    await expect.poll(() => page.getByRole('alert').textContent()).toContain('cannot play it');
  });
  const currentTime = () => page.evaluate<number>(`document.querySelector('video').currentTime`);

  it.each(['light', 'dark'] as const)(
    'is readable in %s mode, and in a narrow window',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      const ink = await page.evaluate<string>(`getComputedStyle(document.body).color`);
      expect(Number(/\d+/.exec(ink)![0]) > 128).toBe(colorScheme === 'dark');
      await page.setViewportSize({ width: 380, height: 800 });
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(380);
    },
  );

  it('opens with ten thousand videos, and creates rows while the reader scrolls', async () => {
    const numVideos = 10_000;
    const ends = Array.from(
      { length: 300 },
      (_, i) => [['walk', 'sit', 'fall'][i % 3]!, i + 1] as [string, number],
    );
    const [demo] = await videos();
    const timeline = { ...timelineOf('x', ends), frames: demo!.timeline!.frames };
    const one = { ...demo!, href: null, timeline };
    const { numThumbnails } = budgetOf(numVideos);
    const jpeg = (await takeThumbnails(demo!.timeline!, numThumbnails, {}))!;
    function* many(): Generator<ReportVideo> {
      for (let i = 0; i < numVideos; i++)
        yield { ...one, name: `video ${i}`, thumbnails: { jpeg, count: numThumbnails } };
    }
    const large = path.join(folder, 'large');
    await mkdir(large);
    const file = await writeBatchReport(large, many(), numVideos);
    expect((await stat(file)).size).toBeLessThan(40 * 2 ** 20);
    await page.goto(pathToFileURL(file).href);
    expect(await page.locator('#count').textContent()).toBe('10000 of 10000 videos');
    expect(await page.locator('li').count()).toBeLessThan(200);
    await page.fill('#text', 'video 9999');
    expect(await names()).toEqual(['video 9999']);
    expect(await page.locator('.facts').textContent()).toContain('longest are shown');
    expect(messages).toEqual([]);
  });
});

it('budgetOf keeps less of each video the more videos there are, but never nothing', () => {
  const [few, many, endless] = [10, 10_000, 1e7].map(budgetOf);
  expect(few).toEqual({ numSegments: 400, numPoints: 200, numCurves: 8, numThumbnails: 6 });
  expect(many!.numSegments).toBeLessThan(few!.numSegments);
  expect(endless).toEqual({ numSegments: 40, numPoints: 30, numCurves: 8, numThumbnails: 1 });
});

it('writeBatchReport keeps the old page if it fails', async () => {
  const place = path.join(folder, 'kept');
  await writeBatchReport(place, [], 0);
  function* broken(): Generator<ReportVideo> {
    yield { name: 'a', href: null, error: { code: 'E', message: 'm' } };
    throw new Error('no more');
  }
  await expect(writeBatchReport(place, broken(), 1)).rejects.toThrow('no more');
  expect(await readFile(path.join(place, 'report.html'), 'utf8')).toContain('Labels of 0 videos');
});

function toRgb(color: string): string {
  return `rgb(${[1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16)).join(', ')})`;
}
