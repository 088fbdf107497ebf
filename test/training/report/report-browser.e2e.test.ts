import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTrainingReport } from '../../../src/training/report/training-report.js';
import { findChromium } from '../../find-chromium.js';
import { trainingReport } from './report-run.js';

const executablePath = findChromium();
const title = executablePath ? '' : ' (skipped: no chromium on PATH, nor CHROMIUM_PATH set)';

describe.skipIf(!executablePath)(`a training report in Chromium${title}`, () => {
  let folder: string;
  let address: string;
  let browser: Browser;
  let page: Page;
  const messages: string[] = [];
  const requests: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'framewise-report-'));
    address = pathToFileURL(await writeTrainingReport(folder, trainingReport())).href;
    browser = await chromium.launch({ executablePath: executablePath! });
    page = await browser.newPage({ viewport: { width: 1100, height: 900 } });
    page.on('pageerror', (error) => messages.push(String(error)));
    page.on('console', (message) => messages.push(message.text()));
    page.on('dialog', (dialog) => messages.push(dialog.message()));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(address);
  });

  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true });
  });

  it('logs no error and loads no other file', () => {
    expect(messages).toEqual([]);
    expect(requests.filter((url) => !url.startsWith('data:'))).toEqual([address]);
  });

  it('has marks in every chart that can be seen', async () => {
    const charts = await page.evaluate<{ marks: number; seen: number }[]>(`
      [...document.querySelectorAll('svg')].map((svg) => {
        const marks = [...svg.querySelectorAll('path, rect, circle, image')];
        const seen = marks.map((mark) => mark.getBoundingClientRect()).filter(({ width, height }) => width + height > 1);
        return { marks: marks.length, seen: seen.length };
      })`);
    expect(charts).toHaveLength(8); // four of learning, confusion, reliability, two videos
    for (const { seen } of charts) expect(seen).toBeGreaterThan(3);
  });

  it('shows every picture', async () => {
    const widths = await page.evaluate<number[]>(
      `[...document.querySelectorAll('img')].map((picture) => picture.naturalWidth)`,
    );
    expect(widths).toHaveLength(2);
    for (const width of widths) expect(width).toBeGreaterThan(0);
  });

  it('is dark if that is preferred, and as readable', async () => {
    const contrast = async (colorScheme: 'light' | 'dark'): Promise<number> => {
      await page.emulateMedia({ colorScheme });
      const [ink, paper] = await page.evaluate<string[]>(
        `[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]`,
      );
      return luminance(ink!) - luminance(paper!);
    };
    expect(await contrast('light')).toBeLessThan(-0.7);
    expect(await contrast('dark')).toBeGreaterThan(0.7);
  });

  it.each([380, 1100])('fits a window of %i pixels', async (width) => {
    await page.setViewportSize({ width, height: 900 });
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
  });
});

/** Mean of the channels of `rgb(r, g, b)`, 0 to 1. */
function luminance(color: string): number {
  const channels = color.match(/\d+/g)!.slice(0, 3).map(Number);
  return channels.reduce((sum, channel) => sum + channel, 0) / (3 * 255);
}
