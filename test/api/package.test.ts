import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { globSync } from 'tinyglobby';
import { describe, expect, it } from 'vitest';
import * as root from '../../src/index.js';
import * as recurrent from '../../src/recurrent/index.js';
import * as stages from '../../src/stages.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const { sideEffects, exports, dependencies, peerDependencies, peerDependenciesMeta } = JSON.parse(
  readFileSync(path.join(ROOT, 'package.json'), 'utf8'),
) as {
  sideEffects: string[];
  exports: Record<string, unknown>;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional: boolean }>;
};

/** Bundles a program as an application does, without what it does not use. */
async function bundle(program: string): Promise<{ code: string; files: string[] }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: program, resolveDir: ROOT, loader: 'ts' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    treeShaking: true,
    write: false,
    metafile: true,
    logLevel: 'silent',
    absWorkingDir: ROOT,
  });
  return { code: outputFiles[0]!.text, files: Object.keys(metafile.inputs) };
}

describe('the package', () => {
  it('has an entry for most programs, one for the stages, and one for the recurrent layers', () => {
    expect(Object.keys(exports)).toEqual(['.', './stages', './recurrent', './package.json']);
    const isError = (name: string) => name.endsWith('Error');
    const functions = Object.keys(root).filter((name) => !isError(name));
    expect(functions).toEqual(expect.arrayContaining(['ActivityRecognizer', 'labelVideos', 'trainModel']));
    expect(functions.length).toBeLessThanOrEqual(9);
    expect(Object.keys(stages).filter((name) => name in recurrent || functions.includes(name))).toEqual([]);
  });

  it('declares every file that registers something as one with side effects', () => {
    const registering = globSync('src/**/*.ts', { cwd: ROOT }).filter((file) =>
      /^(?:import '\.|tf\.\w+\(|tf\.serialization|for \(.*registerClass|process\.)/m.test(
        readFileSync(path.join(ROOT, file), 'utf8'),
      ),
    );
    const inSource = (pattern: string) => globSync(pattern.replace('./*/', 'src/'), { cwd: ROOT });
    const declared = new Set(sideEffects.flatMap(inSource));
    const importing = /loop\/|truncated-backpropagation/; // import a file that registers, and are kept with it
    expect(registering.filter((file) => !declared.has(file) && !importing.test(file))).toEqual([]);
    for (const pattern of sideEffects) expect(inSource(pattern), pattern).not.toEqual([]);
  });

  it('keeps the gradients and classes of the recurrent layers in a bundle, and drops what is not used', async () => {
    const { code } = await bundle("import { lstm } from './src/recurrent/index.js'; console.log(lstm);");
    expect(code).toContain('registerGradient');
    expect(code).toContain('registerClass');
    expect(code).toContain('@tensorflow/tfjs-layers');
    const unused = await bundle("import './src/recurrent/cells/create-cell.js';");
    expect(unused.code).not.toContain('createCell');
  });

  it('installs WebGPU only for those who ask for it', () => {
    for (const name of ['webgpu', '@tensorflow/tfjs-backend-webgpu']) {
      expect(dependencies).not.toHaveProperty([name]);
      expect(peerDependencies).toHaveProperty([name]);
      expect(peerDependenciesMeta[name]).toEqual({ optional: true });
    }
  });
});
