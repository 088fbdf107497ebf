import type { AnnotationReader } from './annotation-reader.js';
import { hasCues, readCues } from './subtitle-cues.js';

/** SubRip subtitles: a numbered cue a segment, its text the label. The file is named as its video. */
export const srtReader: AnnotationReader = {
  name: 'SRT',
  extensions: ['.srt'],
  recognizes: ({ text }) => hasCues(text),
  read: readCues,
};
