/** Labels one video in its own process, as the command line does, and reports the peak resident memory. */
import { ActivityRecognizer } from '../../../src/index.js';
import { labelVideos } from '../../../src/batch/label-videos.js';

const [model, video, outputDir] = process.argv.slice(2) as [string, string, string];
const recognizer = await ActivityRecognizer.load(model);
await labelVideos(recognizer, [video], { outputDir, formats: ['json', 'csv', 'vtt'] });
recognizer.dispose();
process.send?.(process.resourceUsage().maxRSS * 1024);
process.disconnect?.();
