import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const entry = fileURLToPath(new URL('../../src/recurrent/index.ts', import.meta.url));

/** The files that reach a bundle of `framewise/recurrent`, and what they import from outside it. */
async function bundle(platform: 'browser' | 'node', packages: 'bundle' | 'external') {
  const { metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    platform,
    packages,
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const inputs = Object.values(metafile.inputs);
  const imports = inputs.flatMap((input) => input.imports.filter(({ external }) => external));
  return { files: Object.keys(metafile.inputs), externals: unique(imports.map((found) => found.path)) };
}

const unique = (names: string[]): string[] => [...new Set(names)].sort();

describe('framewise/recurrent', () => {
  it('imports two packages and no module of Node', async () => {
    const { externals } = await bundle('node', 'external');
    expect(externals).toEqual(['@tensorflow/tfjs-core', '@tensorflow/tfjs-layers']);
  });

  it('runs none of framewise but itself, src/tfjs and the errors', async () => {
    const { files } = await bundle('node', 'external');
    const others = files.filter((file) => !/^src\/(recurrent|tfjs)\//.test(file));
    expect(others).toEqual(['src/addresses.ts', 'src/errors.ts']);
  });

  it('bundles for browsers with one TensorFlow.js core and no native code', async () => {
    const { files, externals } = await bundle('browser', 'bundle');
    expect(externals).toEqual([]);
    const packages = files.flatMap((file) => /^node_modules\/(@[^/]+\/[^/]+|[^/]+)/.exec(file)?.[1] ?? []);
    expect(unique(packages)).toEqual([
      '@tensorflow/tfjs-core',
      '@tensorflow/tfjs-layers',
      'long',
      'seedrandom',
    ]);
    // The builds for Node hold a core of their own kind: beside the browser's, there would be two.
    expect(files.filter((file) => file.endsWith('.node.js') || file.endsWith('.node'))).toEqual([]);
  });
});
