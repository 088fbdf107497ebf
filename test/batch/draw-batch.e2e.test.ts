import { mkdir, readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeAnnotations } from '../../src/annotations/formats/formats.js';
import { isPictureFileName, isVideoFileName } from '../../src/video/media-names.js';
import {
  countDrawings,
  drawBatch,
  type DrawBatchOptions,
  type DrawingEvent,
} from '../../src/batch/draw-batch.js';
import type { VideoOutcome } from '../../src/batch/summary.js';
import { timelineOf } from '../view/timelines.js';
import { useTemporaryFolder } from '../temporary-folder.js';

const { inFolder } = useTemporaryFolder();
const CLIP = path.join(import.meta.dirname, '../../fixtures/drawn-people/clips/wave/1.mp4');

/** A batch of one that was labeled, one whose video is gone since, and one that failed. */
async function batch(): Promise<VideoOutcome[]> {
  const outputDir = inFolder('out');
  const label = async (source: string, baseName: string): Promise<VideoOutcome> => {
    const target = { formats: ['label-studio', 'json', 'csv'], outputDir, baseName };
    const files = await writeAnnotations(timelineOf(source, [['walk', 1]]), target);
    return {
      source,
      status: 'labelled',
      isEdited: false,
      numFrames: 10,
      numSegments: 1,
      videoSec: 1,
      wallSec: 1,
      files,
    };
  };
  const error = { code: 'ERR_VIDEO_OPEN', message: 'It is no video.' };
  return [
    await label(CLIP, 'wave/1'),
    await label(inFolder('gone.mp4'), 'gone'),
    { source: 'notes.mp4', status: 'failed', error, isEarlier: false },
  ];
}

const draw = (videos: VideoOutcome[], options: Partial<DrawBatchOptions> = {}) =>
  drawBatch({ videos }, { outputDir: inFolder('out'), contactSheet: true, report: true, ...options });

describe('drawBatch', () => {
  it('writes drawings beside the label files, and a page with all videos', async () => {
    const videos = await batch();
    const drawn = await draw(videos, { overlay: true });
    const message = expect.stringMatching(/"[^"]*gone\.mp4".*does not exist/) as string;
    expect(drawn).toEqual({
      videos: [
        {
          source: CLIP,
          files: [inFolder('out/wave/1.overlay.mp4'), inFolder('out/wave/1.contact-sheet.jpg')],
          failures: [],
        },
        {
          source: inFolder('gone.mp4'),
          files: [inFolder('out/gone.contact-sheet.jpg')],
          failures: [{ what: 'overlay', code: 'ERR_VIDEO_OPEN', message }],
        },
      ],
      report: inFolder('out/report.html'),
      numFailed: 1,
    });
    const page = await readFile(inFolder('out/report.html'), 'utf8');
    const rows = page.split('id="rows">\n')[1]!.split('\n</script>')[0]!.split('\n');
    expect(rows.map((row) => JSON.parse(row) as object)).toMatchObject([
      {
        name: CLIP,
        href: path.relative(inFolder('out'), CLIP),
        links: { overlay: 'wave/1.overlay.mp4', 'contact sheet': 'wave/1.contact-sheet.jpg' },
        thumbnails: { count: 6 },
        segments: [0, 0, 100, 75],
      },
      { href: '../gone.mp4', links: { 'contact sheet': 'gone.contact-sheet.jpg' } },
      { name: 'notes.mp4', error: { code: 'ERR_VIDEO_OPEN', message: 'It is no video.' } },
    ]);
  });

  it('draws only what is missing or older than its label file', async () => {
    const videos = await batch();
    await draw(videos);
    const sheet = inFolder('out/wave/1.contact-sheet.jpg');
    const timesMs = async () => [
      (await stat(sheet)).mtimeMs,
      (await stat(inFolder('out/gone.contact-sheet.jpg'))).mtimeMs,
    ];
    const before = await timesMs();
    await draw(videos);
    expect(await timesMs()).toEqual(before);
    const later = new Date(Date.now() + 5000);
    await utimes(inFolder('out/wave/1.json'), later, later); // labeled again
    await rm(inFolder('out/gone.contact-sheet.jpg'));
    await draw(videos);
    const after = await timesMs();
    expect(after[0]).toBeGreaterThan(before[0]!);
    expect(after[1]).toBeGreaterThan(before[1]!);
  });

  it('reports each drawing when it starts and ends, and knows their number in advance', async () => {
    const videos = await batch();
    const advances: number[] = [];
    const tell = async () => {
      const events: string[] = [];
      const onDrawing = (event: DrawingEvent) => {
        const { source, what, status } = event;
        if (status !== 'advanced') events.push(`${path.basename(source)} ${what} ${status}`);
        else advances.push(event.doneSec / event.durationSec);
      };
      await draw(videos, { overlay: true, contactSheet: false, onDrawing });
      return events.sort();
    };
    const ofClip = [
      '1.mp4 overlay begun',
      '1.mp4 overlay drawn',
      '1.mp4 thumbnails begun',
      '1.mp4 thumbnails drawn',
    ];
    const failed = ['gone.mp4 overlay begun', 'gone.mp4 overlay failed'];
    expect(await tell()).toEqual([
      ...ofClip,
      ...failed,
      'gone.mp4 thumbnails begun',
      'gone.mp4 thumbnails drawn',
    ]);
    expect(await tell()).toEqual([
      ...['1.mp4 overlay kept', '1.mp4 thumbnails kept', ...failed, 'gone.mp4 thumbnails kept'],
    ]);
    expect(advances.at(-1)).toBeCloseTo(1, 1);
    expect(countDrawings({ videos }, { outputDir: '', overlay: true, report: true })).toBe(4);
  });

  it('stops when aborted, and leaves no partial files', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await mkdir(inFolder('out'));
    const videos = await batch();
    await expect(draw(videos, { signal })).rejects.toThrow('enough');
    expect((await readdir(inFolder('out'))).filter((name) => /report|jpg|part/.test(name))).toEqual([]);
  });
});

it('never takes a drawing for a video or a picture', () => {
  expect(isVideoFileName('a.overlay.mp4') || isVideoFileName('a.OVERLAY.mkv')).toBe(false);
  expect(isPictureFileName('a.contact-sheet.jpg')).toBe(false);
  expect(isVideoFileName('overlay.mp4') && isPictureFileName('sheet.jpg')).toBe(true);
});
