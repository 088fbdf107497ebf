/** Entry of the process of one contestant. It gets one measurement at a time and answers with units per second. */
import { createMeasures, type Contestant, type Part, type Stretch } from './backend-measures.js';

/** A request to repeat a measurement for at least some seconds. */
export interface Turn {
  part: Part;
  seconds: number;
}

/** Frames or steps per second. Null if the contestant has no such measurement. */
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
