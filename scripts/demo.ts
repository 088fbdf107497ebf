/**
 * Labels the bundled video with a shipped model and prints the result next to the truth, or labels your own video:
 *
 *     npm run demo
 *     npm run demo -- my.mp4
 *     npm run demo -- my.mp4 --model models/drawn-people
 */
import path from 'node:path';
import Table from 'cli-table3';
import { Command } from 'commander';
import { readDataset } from '../src/annotations/datasets/dataset.js';
import { writeAnnotations } from '../src/annotations/formats/formats.js';
import { outputBaseNames } from '../src/video/media-names.js';
import { startProgress } from '../src/cli/terminal/progress.js';
import type { Terminal } from '../src/cli/terminal/terminal.js';
import { ActivityRecognizer, FramewiseError, type LabelSpan, type Timeline } from '../src/index.js';
import { labelsAtTimes } from '../src/timeline/segments.js';

const ROOT = path.join(import.meta.dirname, '..');
const DEMO_VIDEO = path.join(ROOT, 'fixtures/drawn-people/demo.mp4');
const DEMO_TRUTH = path.join(ROOT, 'fixtures/drawn-people/demo.csv');
const OUTPUT = path.join(ROOT, 'out/demo');

const program = new Command('demo')
  .argument('[video]', 'your own video (default: the bundled one)')
  .option(
    '--model <dir>',
    'model (default: drawn-people for the bundled video, surveillance-fights for your own)',
  )
  .parse();
const [ownVideo] = program.args;
const { model = path.join(ROOT, 'models', ownVideo ? 'surveillance-fights' : 'drawn-people') } =
  program.opts<{
    model?: string;
  }>();

try {
  const video = ownVideo ?? DEMO_VIDEO;
  const truth = ownVideo === undefined ? (await readDataset(DEMO_TRUTH))[0]?.segments : undefined;
  const timeline = await label(video, model);
  console.log(segmentTable(timeline, truth));
  if (truth)
    console.log(
      `${(100 * frameAccuracy(timeline, truth)).toFixed(1)} % of the frames are labeled correctly.`,
    );
  const files = await writeAnnotations(timeline, {
    formats: ['json', 'csv', 'csv-frames', 'vtt'],
    outputDir: OUTPUT,
    baseName: outputBaseNames([video])[0] as string,
  });
  console.log(`\nLabel files:\n${files.map((file) => `  ${path.relative(process.cwd(), file)}`).join('\n')}`);
} catch (error) {
  if (!(error instanceof FramewiseError)) throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}

async function label(video: string, modelDir: string): Promise<Timeline> {
  const terminal: Terminal = {
    stdout: process.stdout,
    stderr: process.stderr,
    signal: new AbortController().signal,
  };
  const recognizer = await ActivityRecognizer.load(modelDir);
  console.log(`Labeling ${path.relative(process.cwd(), video)} with the model "${recognizer.model.name}"`);
  console.log(`Labels: ${recognizer.model.labels.join(', ')}.\n`);
  const progress = startProgress(terminal, 'Labeling');
  try {
    return await recognizer.label(video, {
      smoothing: { minDurationSec: 0.3 },
      onProgress: ({ doneSec, durationSec, numFrames }) =>
        progress.update(durationSec > 0 ? Math.min(doneSec / durationSec, 1) : 0, `${numFrames} frames`),
    });
  } finally {
    progress.stop();
    recognizer.dispose();
  }
}

/** Formats the predicted segments as a table, each with the true segments that it overlaps. */
function segmentTable({ segments }: Timeline, truth: readonly LabelSpan[] | undefined): string {
  const table = new Table({
    head: ['start', 'end', 'label', 'confidence', ...(truth ? ['truth'] : [])],
    style: { head: [], border: [] },
  });
  for (const { label, startSec, endSec, confidence } of segments) {
    const row = [seconds(startSec), seconds(endSec), label, confidence.toFixed(2)];
    if (truth) {
      const overlapping = truth.filter(
        (span) => Math.min(span.endSec, endSec) - Math.max(span.startSec, startSec) > 0.1,
      );
      row.push(
        overlapping
          .map((span) => `${span.label} ${seconds(span.startSec)}–${seconds(span.endSec)}`)
          .join(', '),
      );
    }
    table.push(row);
  }
  return table.toString();
}

function seconds(value: number): string {
  return value.toFixed(2);
}

function frameAccuracy({ frames }: Timeline, truth: readonly LabelSpan[]): number {
  const labels = labelsAtTimes(
    truth,
    frames.map(({ timeSec }) => timeSec),
  );
  return frames.filter(({ label }, index) => label === labels[index]).length / frames.length;
}
