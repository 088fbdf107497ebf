import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { makeBaseVideos } from '../../scripts/fixtures/hostile-corpus/base-videos.js';
import { placeCanary, showsCanary } from '../../scripts/fixtures/hostile-corpus/canary.js';
import { makeReferences } from '../../scripts/fixtures/hostile-corpus/references.js';
import { formatOutcomes } from '../../scripts/fixtures/hostile-corpus/decode-corpus.js';
import { tryCorpus } from '../../scripts/fixtures/hostile-corpus/try-corpus.js';
import { bundledTools, decodeAll, everyTools, folder, useTools } from './video-fixtures.js';

const run = promisify(execFile);

describe.each(everyTools)('hostile files with ffmpeg $version', (tools) => {
  useTools(tools);
  // The old one is the one that takes harm more easily, and starts sooner: it gets all, a current one a selection.
  const every = tools.version === bundledTools.version ? 1 : 8;

  it(
    'end in frames or in an error that says why, and leave nothing behind',
    { timeout: 300_000 },
    async () => {
      const { outcomes, use, requests } = await tryCorpus({ every });
      process.stderr.write(`${formatOutcomes(outcomes)}\n`);
      expect(outcomes.length * every).toBeGreaterThan(300);
      expect(outcomes.filter(({ faults }) => faults.length > 0)).toEqual([]);
      expect(outcomes.filter(({ message = '' }) => message.length > 20_000)).toEqual([]);
      expect(use).toMatchObject({ numChildren: 0, rejections: [] });
      expect(use.filesLeft).toEqual([]);
      expect(use.growthMiB).toBeLessThan(512);
      expect(use.largestChildMiB).toBeLessThan(1536);
      expect(requests).toEqual([]);
      // Not everything is refused.
      const whole = outcomes.filter(({ kind }) => kind === 'undamaged');
      expect(whole.length).toBeGreaterThan(0);
      expect(whole.filter(({ message }) => message !== undefined)).toEqual([]);
      expect(outcomes.filter(({ kind, numFrames }) => kind === 'bit flips' && numFrames > 0)).not.toEqual([]);
    },
  );
});

describe('the traps of the corpus', () => {
  const rgb = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:1'];
  const unguarded = async (...options: string[]): Promise<Uint8Array> => {
    const argv = ['-v', 'error', '-nostdin', ...options, '-frames:v', '1', ...rgb];
    return (await run(bundledTools.ffmpegPath, argv, { encoding: 'buffer' })).stdout;
  };

  it('would be seen if something stepped into them', async () => {
    const canary = await placeCanary(bundledTools.ffmpegPath, path.join(folder, 'canary'));
    try {
      expect((await decodeAll(canary.video)).every(({ data }) => showsCanary(data))).toBe(true);
      const references = makeReferences(await makeBaseVideos(bundledTools.ffmpegPath, folder), canary);
      const place = async (name: string): Promise<string> => {
        const { bytes } = references.find((reference) => reference.path === name)!;
        await writeFile(path.join(folder, name), bytes);
        return path.join(folder, name);
      };
      const list = await place('reference-concat-of-file.mp4');
      expect(showsCanary(await unguarded('-safe', '0', '-i', list))).toBe(true);
      const playlist = await place('reference-hls-of-file.mp4');
      expect(showsCanary(await unguarded('-i', playlist))).toBe(true);
      const movie = await place('data-reference-alis.mov');
      const withReferences = ['-enable_drefs', '1', '-use_absolute_path', '1'];
      expect(showsCanary(await unguarded(...withReferences, '-i', movie))).toBe(true);
      expect(showsCanary(await unguarded('-i', movie))).toBe(false);
      const remote = await place('reference-concat-of-address.mp4');
      const protocols = ['-protocol_whitelist', 'file,http,tcp', '-safe', '0'];
      await expect(unguarded(...protocols, '-i', remote)).rejects.toThrow();
      expect(canary.requests).toContain('/canary.mp4');
    } finally {
      canary.close();
    }
  });
});
