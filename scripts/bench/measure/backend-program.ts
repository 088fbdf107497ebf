/** Entry of the process in which one contestant computes. It takes a part at a time, and answers with units a second. */
import { createMeasures, type Contestant, type Part, type Stretch } from './backend-measures.js';

/** What the process is asked: to do a part over and over, for so many seconds at least. */
export interface Turn {
  part: Part;
  seconds: number;
}

/** Frames or steps a second; null for what the contestant does not do. */
export type Pace = number | null;

const [contestant, video, durationSec] = process.argv.slice(2) as [Contestant, string, string];
const stretch: Stretch = { video, durationSec: Number(durationSec) };
const measures = await createMeasures(contestant, stretch);

process.on(
  'message',
  ({ part, seconds }: Turn) => void take(part, seconds).then((pace) => process.send!(pace)),
);
process.send!('ready');

async function take(part: Part, seconds: number): Promise<Pace> {
  const run = measures[part];
  if (!run) return null;
  const begin = performance.now();
  let [numUnits, elapsedSec] = [0, 0];
  do {
    numUnits += await run();
    elapsedSec = (performance.now() - begin) / 1000;
  } while (elapsedSec < seconds);
  return numUnits / elapsedSec;
}
