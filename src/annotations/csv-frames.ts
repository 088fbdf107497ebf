import { stringify } from 'csv-stringify/sync';
import type { Timeline } from '../timeline/timeline.js';
import type { AnnotationFormat } from './annotation-format.js';
import { videoName } from './media-names.js';

/** One frame a row: `video,frame,time,label,confidence`, the frame counted from 0, seconds to the millisecond. */
export const csvFramesFormat: AnnotationFormat = {
  name: 'csv-frames',
  extension: '.frames.csv',
  write: writeFrames,
};

function writeFrames({ video, frames }: Timeline): string {
  const name = videoName(video.source);
  return stringify([
    ['video', 'frame', 'time', 'label', 'confidence'],
    ...frames.map(({ index, timeSec, label, confidence }) => [
      name,
      index,
      timeSec.toFixed(3),
      label,
      confidence.toFixed(4),
    ]),
  ]);
}
