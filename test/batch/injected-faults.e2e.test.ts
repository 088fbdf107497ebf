import { readdir, readFile, rm } from 'node:fs/promises';
import type * as files from 'node:fs/promises';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { labelVideos } from '../../src/batch/label-videos.js';
import { FramewiseError } from '../../src/errors.js';
import type { Fault, FaultyDisk } from '../faulty-disk.js';
import { useTemporaryFolder } from '../temporary-folder.js';
import { FakeRecognizer } from './fake-recognizer.js';

const shared = vi.hoisted((): { disk: FaultyDisk | undefined } => ({ disk: undefined }));
vi.mock('node:fs/promises', async (importOriginal) => {
  const { FaultyDisk } = await vi.importActual<{ FaultyDisk: new () => FaultyDisk }>('../faulty-disk.js');
  shared.disk = new FaultyDisk();
  return shared.disk.wrap(await importOriginal<typeof files>());
});

const { inFolder, write } = useTemporaryFolder();
let videos: string[];
beforeEach(() => {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  videos = [];
});

/** Writes the videos with these contents. The fake recognizer labels one frame per character. */
async function film(...contents: string[]): Promise<void> {
  videos = [];
  for (const [position, content] of contents.entries()) videos.push(await write(`${position}.mp4`, content));
}
const run = (output: string) =>
  labelVideos(new FakeRecognizer(), videos, {
    ...{ outputDir: inFolder(output), formats: ['json', 'csv'], concurrency: 1, retryFailed: true },
  });

/** Label files by name. */
async function labelsIn(output: string): Promise<Record<string, string>> {
  const names = (await readdir(inFolder(output))).filter((name) => /^\d\.|\.part$/.test(name));
  const contents = await Promise.all(names.map((name) => readFile(inFolder(output, name), 'utf8')));
  return Object.fromEntries(names.map((name, position) => [name, contents[position]!]));
}

describe.each<Fault>(['EIO', 'ENOSPC', 'short', 'power loss'])(
  'a batch on a disk with the fault %s',
  (fault) => {
    it('ends with a clear error or completes, and the next run writes what an undisturbed one would', async () => {
      await film('walk');
      await run('expected-first');
      await film('run', 'sit');
      await run('expected');
      const expected = await labelsIn('expected');
      const disk = shared.disk!;
      let [numFaults, isHit] = [0, true];
      for (let position = 1; isHit; position++) {
        // An earlier run has labeled the first video, which has changed since.
        await film('walk');
        await run('out');
        await film('run', 'sit');
        disk.breakAt(inFolder('out'), fault, position);
        const error: unknown = await run('out').then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        isHit = await disk.repair();
        if (isHit) numFaults++;
        if (error !== undefined) expect(error, `fault ${position}`).toBeInstanceOf(FramewiseError);

        const summary = await run('out');
        expect(summary, `fault ${position}`).toMatchObject({ numFailed: 0, numEdited: 0 });
        expect(await labelsIn('out'), `fault ${position}`).toEqual(expected);
        expect((await run('out')).numUnchanged, `fault ${position}`).toBe(2);
        await rm(inFolder('out'), { recursive: true });
      }
      expect(numFaults).toBeGreaterThan(20);
    });
  },
);
