import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { parseHTML } from 'linkedom';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OutputError } from '../../../src/errors.js';
import { createRandom } from '../../../src/training/data/random.js';
import { reportData } from '../../../src/training/report/report-data.js';
import { formatCommand } from '../../../src/training/report/run-section.js';
import { writeTrainingReport } from '../../../src/training/report/training-report.js';
import { LABELS, PREDICTIONS, trainingReport } from './report-run.js';

interface Element {
  textContent: string;
  querySelector: (selector: string) => Element | null;
  querySelectorAll: (selector: string) => Iterable<Element>;
  getAttribute: (name: string) => string | null;
}

let folder: string;
let source: string;
let page: Element;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'framewise-report-'));
  source = await readFile(await writeTrainingReport(folder, trainingReport()), 'utf8');
  page = (parseHTML(source) as unknown as { document: Element }).document;
});
afterAll(() => rm(folder, { recursive: true }));

const all = (selector: string) => [...page.querySelectorAll(selector)];
const texts = (selector: string) =>
  all(selector).map(({ textContent }) => textContent.replace(/\s+/g, ' ').trim());
const rows = (selector: string) =>
  all(`${selector} tr`).map((row) =>
    [...row.querySelectorAll('th, td')].map(({ textContent }) => textContent.trim()),
  );

describe('writeTrainingReport', () => {
  it('writes one file, small, that closes every element it opens', async () => {
    expect(await readdir(folder)).toEqual(['report.html']);
    expect((await stat(path.join(folder, 'report.html'))).size).toBeLessThan(200_000);
    expect(source.startsWith('<!doctype html>')).toBe(true);
    expect(unclosedElements(source)).toEqual([]);
  });

  it('loads no other file and runs no script', () => {
    expect(source).not.toMatch(/https?:|\burl\((?!#)|@import|<script|<link/i);
    const references = all('[src], [href]').map(
      (element) => element.getAttribute('src') ?? element.getAttribute('href')!,
    );
    expect(references.filter((reference) => !/^(#|data:image\/jpeg;base64,)/.test(reference))).toEqual([]);
  });

  it('shows names as plain text', () => {
    expect(texts('h1')).toEqual(['fights & <b>falls</b>']);
    expect(texts('.legend .key')).toEqual(LABELS);
    expect(texts('#videos h3')).toEqual(PREDICTIONS.map(({ name }) => name));
    expect(all('script, h1 b, h3 img, svg img')).toEqual([]);
    expect(texts('svg title').some((title) => title.includes(LABELS[1]!))).toBe(true);
  });

  it('sums up the scores', () => {
    expect(texts('.scores dt')).toEqual([
      ...['Frame accuracy', 'Edit', 'F1@10', 'F1@25', 'F1@50', 'mAP', 'Calibration error', 'Loss'],
    ]);
    expect(texts('.scores dd')[0]).toBe('75.0 %'); // six of eight frames
    expect(texts('header .note')[0]).toBe(
      'Trained on 31 videos, validated on 2. 2 of 5 epochs, epoch 1 was kept.',
    );
  });

  it('has a row a label with support, precision, recall and F1', () => {
    expect(rows('#labels').map((row) => row.slice(0, 5))).toEqual([
      ['Label', 'Support, frames', 'Precision', 'Recall', 'F1'],
      [LABELS[0], '3', '60.0', '100.0', '75.0'],
      [LABELS[1], '2', '100.0', '100.0', '100.0'],
      [LABELS[2], '3', '100.0', '33.3', '50.0'],
    ]);
  });

  it('fills the cells of the confusion matrix', () => {
    const counts = texts('#confusion figure:first-child svg text').filter((text) => /^\d+$/.test(text));
    expect(counts).toEqual(['3', '2', '2', '1']);
    expect(texts('#confusion svg title')).toContain(`${LABELS[2]} called rest: 2 frames, 66.7 %`);
  });

  it('draws loss, scores, gradient and step size', () => {
    expect(texts('#learning figcaption b')).toEqual([
      'Loss',
      'Validation scores',
      'Gradient',
      'Learning rate',
    ]);
    expect(texts('#learning svg title')).toEqual(
      expect.arrayContaining([
        'training, epoch 1: 1.2',
        'training, epoch 2: 0.4',
        'validation, epoch 2: 0.95',
        'frame accuracy, epoch 2: 75',
      ]),
    );
    expect(texts('#learning figure:nth-child(3) .key')).toEqual(['before clipping', 'after']);
  });

  it('draws truth and prediction with pictures, and says why a video has none', () => {
    const [unreadable, readable] = all('.video');
    expect(unreadable!.textContent).toContain('No pictures: Cannot open "/nowhere/absent.mp4"');
    expect([...unreadable!.querySelectorAll('image')]).toHaveLength(0);
    expect([...readable!.querySelectorAll('image')]).toHaveLength(4);
    const titles = [...readable!.querySelectorAll('title')].map(({ textContent }) => textContent);
    expect(titles).toEqual([
      'truth: rest, 0.0 to 0.5 s',
      `truth: ${LABELS[2]}, 0.5 to 1.0 s`,
      'model: rest, 0.0 to 0.5 s',
      `model: ${LABELS[2]}, 0.5 to 1.0 s`,
    ]);
  });

  it('shows the hardest segments, the hardest first', () => {
    const captions = texts('#hardest figure');
    expect(captions).toHaveLength(5);
    expect(captions[0]).toContain(`${LABELS[2]} 15.0 %`);
    expect(captions[0]).toContain('taken for rest 70.0 %');
    expect(captions[0]).toContain('2.5 s to 3.5 s');
    expect(all('#hardest img')).toHaveLength(2); // of the video that can be read
  });

  it('says how to create it again', () => {
    expect(texts('#run pre')).toEqual(["framewise train 'my clips' --output fights"]);
    expect(rows('#run')).toEqual(
      expect.arrayContaining([
        ['source', 'my clips'],
        ['SHA-256', trainingReport().dataset.hash],
        [LABELS[0], '12', '17', '1.5'],
        ['Node', process.version],
        ['TensorFlow.js', tf.version_core],
        ['inputs', '["features","difference"]'],
      ]),
    );
    expect(texts('#run')[0]).toContain('left out: broken.mp4');
  });

  it('shows the configuration as a file that --config takes', async () => {
    const configuration = '{ "optimizer": { "epochs": 3 } }';
    const place = path.join(folder, 'configured');
    const file = await writeTrainingReport(place, { ...trainingReport(), results: null, configuration });
    const { document } = parseHTML(await readFile(file, 'utf8')) as unknown as { document: Element };
    expect(document.querySelector('#run details pre')!.textContent).toBe(configuration);
  });

  it('says so if nothing was validated', async () => {
    const bare = path.join(folder, 'bare');
    await writeTrainingReport(bare, { ...trainingReport(), results: null, command: [] });
    const text = await readFile(path.join(bare, 'report.html'), 'utf8');
    expect(text).toContain('All videos were trained on');
    expect(text).not.toContain('id="confusion"');
    expect(text).toContain('a program that named no command');
    expect(text.match(/<a href="(#\w+)"/g)).toEqual(['<a href="#learning"', '<a href="#run"']);
  });

  it('stays small however large the dataset, and says what is left out', async () => {
    const labels = Array.from({ length: 30 }, (_, i) => `activity ${i}`);
    const random = createRandom(5);
    const pick = () => Math.floor(30 * random());
    const predictions = Array.from({ length: 20 }, (_, video) => {
      const targets = Int32Array.from({ length: 2000 }, pick);
      const probabilities = new Float32Array(2000 * 30).fill(0.02);
      targets.forEach((_target, frame) => (probabilities[30 * frame + pick()] = 0.42));
      return { name: `video ${video}`, isClip: false, targets, probabilities };
    });
    const results = reportData(predictions, { labels, frameRate: 10 });
    const file = await writeTrainingReport(path.join(folder, 'large'), { ...trainingReport(), results });
    expect((await stat(file)).size).toBeLessThan(1_500_000); // no two frames alike: as bad as it can get
    const text = await readFile(file, 'utf8');
    expect(text).toContain('12 of 20 videos');
    expect(text).toContain('cells below 1 % are left out');
  });

  it('names the file if it cannot be written', async () => {
    const place = path.join(folder, 'report.html'); // a file, not a folder
    await expect(writeTrainingReport(place, { ...trainingReport(), results: null })).rejects.toThrow(
      OutputError,
    );
  });
});

describe('formatCommand', () => {
  it('quotes words so that a shell reads the same ones', () => {
    const words = ['plain', '--group=^(.*)\\d$', "it's", 'a b', '', '$HOME', '*'];
    const read = execFileSync('sh', ['-c', `printf '%s\\n' ${formatCommand(words)}`], { encoding: 'utf8' });
    expect(read).toBe(`${words.join('\n')}\n`);
    expect(formatCommand(['framewise', 'train', 'clips/', '--seed', '1'])).toBe(
      'framewise train clips/ --seed 1',
    );
  });
});

/** Names of elements that are opened and not closed, or closed and not opened, in the order in which they are met. */
function unclosedElements(text: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  for (const [, slash, name, rest] of text.matchAll(/<(\/?)([a-zA-Z][\w-]*)((?:"[^"]*"|[^">])*)>/g)) {
    if (/^(meta|img|br|link)$/.test(name!) || rest!.endsWith('/')) continue;
    if (!slash) open.push(name!);
    else if (open.at(-1) === name) open.pop();
    else wrong.push(name!);
  }
  return [...wrong, ...open];
}
