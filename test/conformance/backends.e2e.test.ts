import { beforeAll, describe, expect, it } from 'vitest';
import { BACKEND_NAMES } from '../../src/runtime/backend.js';
import { describeBackends } from '../../src/runtime/backend-report.js';
import { useSoftwareGpu } from '../software-gpu.js';
import { computeOn } from './compute-on.js';
import type { Numbers } from './numbers.js';
import { TOLERANCES, type Section } from './tolerances.js';

useSoftwareGpu();
const reports = await describeBackends();
/** A set-up that was made for the tests must not be passed over. */
const isNativeDemanded = process.env['FRAMEWISE_TEST_NATIVE'] === '1' && process.env['FRAMEWISE_NATIVE'];
const WHOLE_RUN_MS = 900_000;

let onCpu: ReturnType<typeof computeOn> | undefined;

describe.each(BACKEND_NAMES.filter((name) => name !== 'cpu'))('the backend %s', (backend) => {
  const { isAvailable, reason } = reports.find(({ name }) => name === backend)!;
  const isDemanded = backend === 'wasm' || (backend === 'tensorflow' && isNativeDemanded);
  const skipReason = isAvailable || isDemanded ? '' : ` (skipped: ${reason})`;

  describe.skipIf(skipReason)(`computes what cpu computes${skipReason}`, () => {
    let expected: Record<Section, Numbers>;
    let actual: Record<Section, Numbers>;
    beforeAll(async () => {
      expected = await (onCpu ??= computeOn('cpu'));
      actual = await computeOn(backend);
    }, WHOLE_RUN_MS);

    it.each(Object.entries(TOLERANCES))('%s', (name, { tolerance, reason }) => {
      const [theirs, ours] = [expected[name as Section], actual[name as Section]];
      expect(Object.keys(ours)).toEqual(Object.keys(theirs));
      expect(Object.values(ours).map(({ length }) => length)).toEqual(
        Object.values(theirs).map(({ length }) => length),
      );
      for (const [what, values] of Object.entries(ours)) {
        const far = distance(values, theirs[what]!);
        expect(far, `${what}: ${far} from cpu, of ${tolerance} for ${reason}`).toBeLessThanOrEqual(tolerance);
      }
    });

    it('labels each frame as cpu does', () => {
      expect(actual.labeling['labels']).toEqual(expected.labeling['labels']);
      expect(new Set(actual.labeling['labels']).size).toBeGreaterThan(1);
    });
  });
});

/** As `TOLERANCES` measures it; not a number if a value is none. */
function distance(actual: Float32Array, expected: Float32Array): number {
  let [most, largest] = [0, 1];
  for (const [place, value] of expected.entries()) {
    most = Math.max(most, Math.abs(actual[place]! - value));
    largest = Math.max(largest, Math.abs(value));
  }
  expect(expected.some((value) => value !== 0)).toBe(true);
  return most / largest;
}
