/** Computes on the backend that its argument names, and sends the numbers of each section. */
import { startBackend, type BackendName } from '../../src/runtime/backend.js';
import { encodePictures } from './encode-pictures.js';
import { labelClip } from './label-clip.js';
import type { Numbers } from './numbers.js';
import { runRecurrences } from './run-recurrences.js';
import type { Section } from './tolerances.js';
import { trainBriefly } from './train-briefly.js';

const COMPUTE: Record<Section, (backend: BackendName) => Promise<Numbers>> = {
  features: encodePictures,
  recurrence: runRecurrences,
  training: trainBriefly,
  labeling: labelClip,
};

const backend = process.argv[2] as BackendName;
await startBackend(backend);
for (const [section, compute] of Object.entries(COMPUTE)) {
  process.send!({ section, numbers: await compute(backend) });
}
process.disconnect();
