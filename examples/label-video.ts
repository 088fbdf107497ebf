/**
 * The Node API in twenty lines: labels a video with a model, segment by segment, then streams it frame by frame.
 *
 *   npx tsx examples/label-video.ts models/drawn-people fixtures/drawn-people/demo.mp4
 */
import { ActivityRecognizer } from '../src/index.js';

const [model = 'models/drawn-people', video = 'fixtures/drawn-people/demo.mp4'] = process.argv.slice(2);

await using recognizer = await ActivityRecognizer.load(model);
const timeline = await recognizer.label(video);
for (const { label, startSec, endSec, confidence } of timeline.segments) {
  console.log(label, startSec, endSec, confidence);
}

let last = '';
for await (const frame of recognizer.stream(video)) {
  if (frame.label !== last) console.log(`${frame.timeSec.toFixed(2)} s: now "${frame.label}"`);
  last = frame.label;
}
